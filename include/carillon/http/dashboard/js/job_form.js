// SPDX-License-Identifier: MIT
// job_form.js - a job as a form has it: every field a text, and how the texts become a spec or a patch.
import {instantAt, localAt, mine} from "./time.js";
import {pretty} from "./api.js";

const text = value => value == null ? "" : String(value);
const count = value => value === "" ? null : Number(value);
const local = (at, zone) => at ? localAt(Date.parse(at), zone || "UTC") : "";
const instant = (value, zone) => value ? new Date(instantAt(value.length === 16 ? `${value}:00` : value, zone || "UTC")).toISOString() : null;
const parameters = action => {
  const {type: _, ...rest} = action ?? {};
  return Object.keys(rest).length ? pretty(rest) : "";
};

/** `pointer` is where a refusal points to. The order is that of the form. */
export const FIELDS = {
  name: {label: "Name", pointer: "/name", get: job => job.name},
  description: {label: "Description", pointer: "/description", get: job => text(job.description)},
  schedule: {label: "Schedule", pointer: "/schedule", get: job => job.schedule},
  time_zone: {label: "Time zone", pointer: "/time_zone", get: job => job.time_zone},
  dialect: {label: "Dialect", pointer: "/dialect", get: job => job.dialect},
  dst: {label: "When clocks change", pointer: "/dst", get: job => job.dst},
  type: {label: "Action type", pointer: "/action/type", get: job => text(job.action_type)},
  action: {label: "Parameters", pointer: "/action", get: job => parameters(job.action)},
  start_at: {label: "Not before", pointer: "/start_at", get: job => local(job.start_at, job.time_zone)},
  end_at: {label: "Not after", pointer: "/end_at", get: job => local(job.end_at, job.time_zone)},
  max_runs: {label: "At most so many runs", pointer: "/max_runs", get: job => text(job.max_runs)},
  exclude: {label: "Not on these days", pointer: "/exclude", get: job => job.exclude.join(", ")},
  metadata: {label: "Metadata", pointer: "/metadata", get: job => Object.keys(job.metadata ?? {}).length ? pretty(job.metadata) : ""},
  overlap: {label: "While a run is still going", pointer: "/policies/overlap/policy", get: job => job.policies.overlap.policy},
  limit: {label: "So many at a time", pointer: "/policies/overlap/limit", get: job => text(job.policies.overlap.limit)},
  concurrency_key: {label: "Shared with jobs of the same key", pointer: "/policies/overlap/concurrency_key", get: job => text(job.policies.overlap.concurrency_key)},
  misfire: {label: "Occurrences that were missed", pointer: "/policies/misfire/policy", get: job => job.policies.misfire.policy},
  window: {label: "Missed no longer ago than", pointer: "/policies/misfire/window", get: job => text(job.policies.misfire.window)},
  attempts: {label: "Attempts", pointer: "/policies/retry/max_attempts", get: job => text(job.policies.retry.max_attempts)},
  initial: {label: "First pause", pointer: "/policies/retry/initial", get: job => text(job.policies.retry.initial)},
  factor: {label: "Each pause so many times the last", pointer: "/policies/retry/factor", get: job => text(job.policies.retry.factor)},
  max_delay: {label: "Longest pause", pointer: "/policies/retry/max_delay", get: job => text(job.policies.retry.max_delay)},
  attempt_timeout: {label: "Time for an attempt", pointer: "/policies/timeout/attempt", get: job => text(job.policies.timeout.attempt)},
  total_timeout: {label: "Time for all attempts", pointer: "/policies/timeout/total", get: job => text(job.policies.timeout.total)},
  pause_after: {label: "Pause the job after failures in a row", pointer: "/policies/pause_after_failures", get: job => text(job.policies.pause_after_failures)},
  delivery: {label: "If a worker is lost", pointer: "/policies/delivery", get: job => job.policies.delivery},
  priority: {label: "Priority", pointer: "/policies/priority", get: job => text(job.policies.priority)},
  spread: {label: "Spread starts within", pointer: "/policies/spread/within", get: job => text(job.policies.spread.within)},
};
const NAMES = Object.keys(FIELDS);
const policies = NAMES.filter(name => FIELDS[name].pointer.startsWith("/policies/"));
const nullable = ["description", "start_at", "end_at", "max_runs"];

export const blankJob = () => ({
  name: "", schedule: "", time_zone: mine, dialect: "standard", dst: "vixie", description: null, action_type: "", action: {}, start_at: null, end_at: null,
  max_runs: null, exclude: [], metadata: {}, policies: {overlap: {policy: "skip", limit: 0}, misfire: {policy: "fire_latest", window: "24h", grace: "5s"}, delivery: "at_least_once",
    retry: {max_attempts: 1, initial: "5s", factor: 2, jitter: 0, max_delay: "15m"}, timeout: {attempt: null, total: null, grace: "10s"}, pause_after_failures: 0, priority: 0, spread: {within: "0s", mode: "occurrence"}},
});

export const formOf = job => Object.fromEntries(NAMES.map(name => [name, FIELDS[name].get(job)]));
export const changed = (form, before) => NAMES.filter(name => form[name] !== before[name]);

/** Where a text that should be JSON is wrong; null where it is an object. */
export function jsonError(value) {
  if (value.trim() === "") return null;
  try {
    const found = JSON.parse(value);
    return found && typeof found === "object" && !Array.isArray(found) ? null : "An object is expected: {…}.";
  } catch (error) {
    const place = /line (\d+) column (\d+)/.exec(error.message), at = /position (\d+)/.exec(error.message);
    const before = value.slice(0, at ? Number(at[1]) : value.length).split("\n");
    const [line, column] = place ? [place[1], place[2]] : [before.length, before.at(-1).length + 1];
    return `Line ${line}, column ${column}: ${error.message.replace(/ (in JSON )?at position.*$/, "")}.`;
  }
}

const objectOf = value => value.trim() === "" ? {} : JSON.parse(value);

function policiesOf(form, whole) {
  const {overlap, misfire, retry, timeout, spread} = whole.policies;
  return {
    overlap: {...overlap, policy: form.overlap, limit: count(form.limit) ?? 0, concurrency_key: form.concurrency_key || null},
    misfire: {...misfire, policy: form.misfire, window: form.window},
    retry: {...retry, max_attempts: count(form.attempts) ?? 1, initial: form.initial, factor: count(form.factor) ?? 1, max_delay: form.max_delay},
    timeout: {...timeout, attempt: form.attempt_timeout || null, total: form.total_timeout || null},
    spread: {...spread, within: form.spread || "0s"},
    pause_after_failures: count(form.pause_after) ?? 0, delivery: form.delivery, priority: count(form.priority) ?? 0, max_abandons: whole.policies.max_abandons,
  };
}

const members = {
  max_runs: form => count(form.max_runs),
  exclude: form => form.exclude.split(/[\s,;]+/).filter(Boolean),
  metadata: form => objectOf(form.metadata),
  start_at: form => instant(form.start_at, form.time_zone),
  end_at: form => instant(form.end_at, form.time_zone),
  description: form => form.description.trim() || null,
  name: form => form.name.trim(),
  schedule: form => form.schedule.trim(),
};

/** What differs from `before`, as the API takes it. `whole` is the job that `before` was made of. */
export function patchOf(form, before, whole) {
  const names = changed(form, before), patch = {}, clear = [];
  for (const name of names) {
    if (policies.includes(name) || name === "type" || name === "action") continue;
    const value = members[name] ? members[name](form) : form[name];
    if (value === null && nullable.includes(name)) clear.push(name);
    else patch[name] = value;
  }
  if (names.includes("type") || names.includes("action")) patch.action = {...objectOf(form.action), type: form.type.trim()};
  if (names.some(name => policies.includes(name))) patch.policies = policiesOf(form, whole);
  if (names.includes("time_zone")) for (const name of ["start_at", "end_at"]) if (form[name]) patch[name] = members[name](form); // the same hour, elsewhere
  return clear.length ? {...patch, clear} : patch;
}

export function specOf(form, before, whole) {
  const {clear: _, ...spec} = patchOf(form, before, whole);
  return {...spec, name: form.name.trim(), schedule: form.schedule.trim(), time_zone: form.time_zone, dialect: form.dialect, dst: form.dst, action: {...objectOf(form.action), type: form.type.trim()}};
}

/** The field that a refusal is about. */
export function fieldOf(pointer) {
  const all = NAMES.filter(name => pointer === FIELDS[name].pointer || pointer.startsWith(`${FIELDS[name].pointer}/`));
  return all.sort((a, b) => FIELDS[b].pointer.length - FIELDS[a].pointer.length)[0] ?? null;
}
