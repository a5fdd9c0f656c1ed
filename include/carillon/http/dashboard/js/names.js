// SPDX-License-Identifier: MIT
// names.js - what the lists need to know about jobs besides their ids: their names, and their schedules in words.
import {api} from "./api.js";
import {h} from "./dom.js";
import {emit} from "./state.js";
import {href} from "./router.js";

/** Asks for each key once, a few at a time, and has everything drawn again when answers are there. */
function asker(ask, atOnce, gap = 0) {
  const known = new Map(), waiting = [];
  let busy = 0, drawn = false;
  async function next() {
    if (busy >= atOnce || !waiting.length) return;
    busy += 1;
    const [key, value] = waiting.shift();
    try {
      known.set(key, await ask(value));
    } catch (error) {
      if (error.status === 404) known.set(key, null);
      else setTimeout(() => known.delete(key), (error.retryAfter ?? 10) * 1_000); // asked again at a later look
    }
    setTimeout(() => { busy -= 1; next(); }, gap);
    if (!drawn) {
      drawn = true;
      setTimeout(() => { drawn = false; emit("redraw"); }, 60);
    }
  }
  return {
    known,
    get(key, value) {
      if (!known.has(key)) {
        known.set(key, undefined);
        waiting.push([key, value]);
        queueMicrotask(next);
      }
      return known.get(key);
    },
  };
}

// ---- jobs by id

const jobs = asker(id => api.get(`/jobs/${id}`), 6);

/** Undefined until it is known, null where it is gone. */
export const jobOf = id => jobs.get(id, id);
export const remember = list => { for (const job of list) jobs.known.set(job.id, job); };

export function jobLink(job) {
  const id = typeof job === "string" ? job : job.id;
  const found = typeof job === "string" ? jobOf(id) : job;
  return h("a.jn", {href: href(`/jobs/${id}`)}, found?.name ?? (found === null ? "Deleted job" : `Job ${id.slice(-6)}`));
}

// ---- schedules in words: the words are those of the engine that fires

const descriptions = asker(body => api.post("/describe", {...body, n: 1}), 2, 100); // the API describes 30 a second

export function scheduleWords(job) {
  const {schedule, dialect, dst, time_zone} = job;
  const answer = descriptions.get(`${dialect} ${time_zone} ${schedule}`, {schedule, dialect, dst, time_zone});
  return answer?.ok ? answer.text.replace(/ from \d{4}-.*$/, "").replace(`, ${time_zone}`, "") : null; // the zone is said beside it
}
