// SPDX-License-Identifier: MIT
// definition.js - what a job is, in words.
import {code, defs, json, plural, tag} from "./ui.js";
import {h} from "./dom.js";
import {shortDuration, time} from "./time.js";

const none = text => text == null || text === "0s" || text === "0";

const OVERLAP = {
  skip: () => "skip the new run while one is going", queue_one: () => "let one run wait for the one that is going", queue_all: () => "let runs wait their turn",
  allow: o => o.limit ? `up to ${o.limit} at a time` : "any number at a time", cancel_previous: () => "stop the one that is going",
};
const MISFIRE = {
  fire_latest: "run the latest one", fire_all: "run every one", fire_earliest: "run the earliest one", skip: "skip them",
};

function retryText({max_attempts: n, initial, factor, max_delay: most}) {
  return n <= 1 ? "one attempt" : `${plural(n, "attempt")}, after ${shortDuration(initial)}${factor === 1 ? "" : `, each pause ${factor} times the last, up to ${shortDuration(most)}`}`;
}

function timeoutText({attempt, total}) {
  return [!none(attempt) && `${shortDuration(attempt)} an attempt`, !none(total) && `${shortDuration(total)} for all`].filter(Boolean).join(", ") || "none";
}

const rows = job => {
  const {policies: p} = job;
  return [
    ["Schedule", [code(job.schedule), job.dialect !== "standard" && [" ", tag(job.dialect)]]],
    ["Time zone", job.time_zone],
    ["Action", [tag(job.action_type ?? "none")]],
    ["Overlap", [OVERLAP[p.overlap.policy]?.(p.overlap) ?? p.overlap.policy, p.overlap.concurrency_key && [" · key ", tag(p.overlap.concurrency_key)]]],
    ["Missed runs", [MISFIRE[p.misfire.policy] ?? p.misfire.policy.replaceAll("_", " "), ` within ${shortDuration(p.misfire.window)}`]],
    ["Retries", retryText(p.retry)],
    ["Timeouts", timeoutText(p.timeout)],
    p.priority !== 0 && ["Priority", String(p.priority)],
    p.delivery !== "at_least_once" && ["Delivery", p.delivery.replaceAll("_", " ")],
    p.pause_after_failures > 0 && ["Pauses itself", `after ${plural(p.pause_after_failures, "failure")} in a row`],
    !none(p.spread.within) && ["Spread", `within ${shortDuration(p.spread.within)}, ${p.spread.mode === "job" ? "always the same" : "each time another"}`],
    job.start_at && ["From", time(job.start_at, {zone: job.time_zone})],
    job.end_at && ["Until", time(job.end_at, {zone: job.time_zone})],
    job.max_runs != null && ["Runs", `${job.started_runs} of at most ${job.max_runs}`],
    job.exclude.length > 0 && ["Not on", job.exclude.join(", ")],
    job.key && ["Key", tag(job.key)],
    ["Changed", [time(job.updated_at, {zone: job.time_zone}), h("span.muted", ` · revision ${job.revision}`)]],
  ];
};

export const definition = job => h("section.card", {key: "definition", "aria-label": "Definition"}, h("header", h("h2", "Definition")),
  h("div.pad.stack", defs(rows(job)), h("h3", "Action as it is given to the handler"), json(job.action),
    Object.keys(job.metadata ?? {}).length > 0 && [h("h3", "Metadata"), json(job.metadata)]));
