// SPDX-License-Identifier: MIT
// jobs_bulk.js - many jobs at once: by their ids, or all that match, with the number that somebody has seen.
import {api, newKey} from "./api.js";
import {h} from "./dom.js";
import {confirm, dialog, toast} from "./overlay.js";
import {can, emit, isNarrow} from "./state.js";
import {button, number, plural} from "./ui.js";
import {jobOf} from "./names.js";

const most = 1_000;
export const selectable = () => (can("write") || can("trigger")) && !isNarrow();

let last = null; // for Shift: from here to there

function pick(ctx, job, wanted, isRange) {
  const {chosen} = ctx.state, rows = ctx.panels.jobs.data.jobs.map(one => one.id);
  const [a, b] = [rows.indexOf(last), rows.indexOf(job.id)].sort((x, y) => x - y);
  for (const id of isRange && a >= 0 ? rows.slice(a, b + 1) : [job.id])
    if (wanted) chosen.add(id);
    else chosen.delete(id);
  last = job.id;
  ctx.state.all = false;
  ctx.draw();
}

export function selectBox(ctx, job) {
  const chosen = ctx.state.chosen ??= new Set();
  return h("label", h("span.sr", `Select ${job.name}`), h("input", {type: "checkbox", checked: chosen.has(job.id),
    onclick: event => pick(ctx, job, event.target.checked, event.shiftKey)}));
}

const verbs = {
  pause: {text: "Pause", icon: "pause", may: "write", say: "They make no runs until they are resumed.", done: "paused", reason: true},
  resume: {text: "Resume", icon: "play", may: "write", say: "They run again from their next occurrence on.", done: "resumed"},
  trigger: {text: "Run now", icon: "play", may: "trigger", say: "One run of each, besides their schedules.", done: "due"},
  delete: {text: "Delete", icon: "trash", may: "write", danger: true, done: "deleted",
    say: "Pending runs are cancelled, running ones are asked to stop. History stays for as long as runs are kept. This cannot be undone."},
};

/** What is sent: ids, or the filter with the number that was on screen. */
function target(ctx, data, filter) {
  const ids = [...ctx.state.chosen];
  if (!ctx.state.all) return {count: ids.length, body: {ids}};
  const given = Object.fromEntries(Object.entries(filter).filter(([, value]) => value != null && value !== ""));
  return {count: data.total, body: {filter: given, expected_count: data.total}};
}

async function change(ctx, name, data, filter) {
  const verb = verbs[name], {count, body} = target(ctx, data, filter);
  const asked = await confirm({title: `${verb.text}: ${plural(count, "job")}?`, text: verb.say, action: verb.text, danger: verb.danger, reason: verb.reason,
    typed: count > 20 ? String(count) : null});
  if (!asked) return;
  try {
    const answer = await api.post("/jobs/bulk", {verb: name, ...body, ...asked.reason ? {reason: asked.reason} : {}}, {key: newKey()});
    await told(ctx, verb, answer.results);
  } catch (error) {
    if (error.status === 404) toast("This server cannot change many jobs at once.", {kind: "error"});
    else if (error.code === "count_changed") toast(`The filter finds ${number(error.matched)} jobs by now, not ${number(count)}. Nothing was changed; look again.`, {kind: "error"});
    else toast(error.text ?? String(error), {kind: "error"});
  }
  emit("changed");
}

/** Those that failed stay selected. */
async function told(ctx, verb, results) {
  const failed = results.filter(one => !one.ok);
  ctx.state.chosen = new Set(failed.map(one => one.id));
  ctx.state.all = false;
  const done = results.length - failed.length;
  if (!failed.length) return toast(`${plural(done, "job is", "jobs are")} ${verb.done}.`);
  await dialog({title: `${number(done)} ${verb.done}, ${number(failed.length)} not`, wide: true, actions: [{text: "Close", value: null}],
    body: [h("p.muted", "Those that were not stay selected."), h("ul.rows.results", {tabindex: 0}, failed.map(one =>
      h("li", h("b.strong", jobOf(one.id)?.name ?? one.id), h("span.muted", one.problem?.detail ?? one.problem?.title ?? "It was refused."))))]});
}

export function bulkBar(ctx, data, filter) {
  const {chosen} = ctx.state, isAll = ctx.state.all, total = data.total;
  const canAll = !isAll && total > chosen.size && total <= most && !data.total_capped;
  const onPage = data.jobs.every(job => chosen.has(job.id));
  return h("div.bulk", {key: "bulk", role: "region", "aria-label": "Selected jobs"},
    h("span.strong", {role: "status"}, isAll ? `All ${number(total)} that match` : `${number(chosen.size)} selected`),
    !isAll && !onPage && button("Select this page", {kind: "plain", size: "small", onclick: () => { for (const job of data.jobs) chosen.add(job.id); ctx.draw(); }}),
    canAll && button(`Select all ${number(total)} that match`, {kind: "plain", size: "small", onclick: () => { ctx.state.all = true; ctx.draw(); }}),
    button("Clear", {kind: "plain", size: "small", onclick: () => { chosen.clear(); ctx.state.all = false; ctx.draw(); document.getElementById("main").focus(); }}),
    h("span.grow"),
    Object.entries(verbs).filter(([, verb]) => can(verb.may)).map(([name, verb]) =>
      button(verb.text, {key: name, icon: verb.icon, size: "small", class: verb.danger && "danger", disabled: !isAll && chosen.size > most, onclick: () => change(ctx, name, data, filter)})));
}
