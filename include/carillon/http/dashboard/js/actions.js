// SPDX-License-Identifier: MIT
// actions.js - what people do to jobs and runs: asked first, shown at once, taken back where it fails.
import {api, newKey} from "./api.js";
import {h} from "./dom.js";
import {confirm, menu, toast} from "./overlay.js";
import {can, emit} from "./state.js";
import {relative, time} from "./time.js";
import {go} from "./router.js";

/** Ids that are being changed, with the status they are about to have. */
export const changing = new Map();
export const shownStatus = job => changing.get(job.id) ?? job.status;

async function apply(id, status, call, done, undo) {
  if (changing.has(id)) return false;
  changing.set(id, status);
  emit("redraw");
  try {
    const answer = await call();
    toast(typeof done === "function" ? done(answer) : done, {action: undo});
    return answer ?? true;
  } catch (error) {
    if (error.name === "AbortError") return false;
    toast(error.status === 404 ? "It has been deleted meanwhile." : error.text ?? String(error), {kind: "error"});
    return false;
  } finally {
    changing.delete(id);
    emit("changed");
  }
}

const verb = (job, name, reason) => api.post(`/jobs/${job.id}/${name}`, reason ? {reason} : {});

export async function pauseJob(job, {ask = true} = {}) {
  const asked = ask ? await confirm({title: `Pause ${job.name}?`, text: "It makes no runs until it is resumed. Runs that have started go on.", action: "Pause", reason: true}) : {};
  return asked && apply(job.id, "paused", () => verb(job, "pause", asked.reason), `${job.name} is paused.`,
    {text: "Undo", run: () => resumeJob(job, {isUndo: true})});
}

export function resumeJob(job, {isUndo = false} = {}) {
  return apply(job.id, "active", () => verb(job, "resume"), `${job.name} is resumed.`,
    isUndo || job.status !== "paused" ? null : {text: "Undo", run: () => pauseJob(job, {ask: false})});
}

export async function triggerJob(job) {
  const next = job.next_run_at ? ["Its next run stays ", time(job.next_run_at, {zone: job.time_zone}), ", ", relative(job.next_run_at), "."] : "It has no next run.";
  const asked = await confirm({title: `Run ${job.name} now?`, details: h("p", "One run besides its schedule. ", next), action: "Run now"});
  const key = newKey();
  const run = asked && await apply(job.id, job.status, () => api.post(`/jobs/${job.id}/trigger`, undefined, {key}), `A run of ${job.name} is due.`,
    {text: "Show", run: () => go("/runs", {job: job.id})});
  return run || false;
}

async function countOf(job, status) {
  try {
    return (await api.get("/runs", {query: {job_id: job.id, status, limit: 1}})).total;
  } catch {
    return null;
  }
}

export async function deleteJob(job) {
  const [pending, running] = await Promise.all([countOf(job, "pending"), countOf(job, "running")]);
  const runs = pending === null || running === null ? "Runs that are pending are cancelled, running ones are asked to stop." :
    `${pending} pending ${pending === 1 ? "run is" : "runs are"} cancelled, ${running} running ${running === 1 ? "one is" : "ones are"} asked to stop.`;
  const asked = await confirm({title: `Delete ${job.name}?`, text: `${runs} Its history stays for as long as runs are kept. This cannot be undone.`, action: "Delete", danger: true});
  return asked && apply(job.id, "disabled", () => api.del(`/jobs/${job.id}`, {ifMatch: job.revision}), `${job.name} is deleted.`);
}

export async function cancelRun(run, name = "this run") {
  const isRunning = run.status === "running";
  const asked = await confirm({title: `Cancel ${name}?`, action: "Cancel the run", danger: true, reason: true,
    text: isRunning ? "Its handler is asked to stop. It ends when the handler does." : "It will not start."});
  return asked && apply(run.id, run.status, () => api.post(`/runs/${run.id}/cancel`, asked.reason ? {reason: asked.reason} : {}),
    isRunning ? "The run is asked to stop." : "The run is cancelled.");
}

export async function retryRun(run, name = "this run") {
  const asked = await confirm({title: `Run ${name} again?`, text: "A new run of the job as it is now; this one stays as it ended.", action: "Run again"});
  const key = newKey();
  return asked && apply(run.id, run.status, () => api.post(`/runs/${run.id}/retry`, undefined, {key}), "A new run is due.");
}

export function jobMenu(anchor, job) {
  const isActive = job.status === "active";
  menu(anchor, [
    {heading: job.name},
    {text: "Open", icon: "right", run: () => go(`/jobs/${job.id}`)},
    can("trigger") && {text: "Run now", icon: "play", run: () => triggerJob(job)},
    can("write") && job.status !== "completed" && (isActive ? {text: "Pause", icon: "pause", run: () => pauseJob(job)} :
      {text: "Resume", icon: "play", run: () => resumeJob(job)}),
    can("write") && {text: "Edit", icon: "edit", run: () => go(`/jobs/${job.id}/edit`)},
    can("write") && {text: "Copy", icon: "copy", run: () => go(`/jobs/${job.id}/copy`)},
    {text: "Its runs", icon: "runs", run: () => go("/runs", {job: job.id})},
    can("write") && "-",
    can("write") && {text: "Delete", icon: "trash", danger: true, run: () => deleteJob(job)},
  ]);
}
