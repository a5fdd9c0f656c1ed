// SPDX-License-Identifier: MIT
// audit_list.js - changes as people read them: who, what, when, and what was before and after.
import {h} from "./dom.js";
import {href} from "./router.js";
import {time} from "./time.js";
import {tag} from "./ui.js";

export const VERB = {
  "job.created": "created", "job.updated": "changed", "job.deleted": "deleted", "job.paused": "paused", "job.resumed": "resumed",
  "job.triggered": "ran by hand", "job.disabled": "disabled", "job.completed": "completed", "job.rebased": "planned anew",
  "run.cancelled": "cancelled a run of", "run.retried": "ran again a run of",
};

const unsaid = new Set(["revision", "updated_at", "created_at", "spec_fingerprint", "action_type", "id", "tenant_id"]);

function flat(value, prefix = "", into = new Map()) {
  if (value && typeof value === "object" && !Array.isArray(value))
    for (const [name, one] of Object.entries(value)) {
      if (prefix || !unsaid.has(name)) flat(one, prefix ? `${prefix}.${name}` : name, into);
    }
  else into.set(prefix, value === undefined || value === null || value === "" ? "" : typeof value === "string" ? value : JSON.stringify(value));
  return into;
}

/** [name, before, after] of each member that differs. */
export function changes({before, after}) {
  if (!before || !after) return [];
  const old = flat(before), now = flat(after);
  return [...new Set([...old.keys(), ...now.keys()])].filter(name => (old.get(name) ?? "") !== (now.get(name) ?? ""))
    .map(name => [name, old.get(name) ?? "", now.get(name) ?? ""]);
}

const side = (kind, sign, text) => text !== "" && h(`${kind}.diff`, h("span", {"aria-hidden": "true"}, `${sign} `), text);

export function diff(event) {
  const all = changes(event);
  return all.length > 0 && h("dl.diffs", all.map(([name, before, after]) => [h("dt", {key: `t-${name}`}, tag(name)), h("dd", {key: `d-${name}`}, side("del", "−", before), side("ins", "+", after))]));
}

export const who = event => event.actor ? h("b", event.actor) : h("span.muted", "the system");
export const nameOf = event => event.after?.name ?? event.before?.name ?? `job ${event.job_id.slice(-6)}`;

export const deed = (event, {withJob = true} = {}) => h("span", who(event), " ", VERB[event.verb] ?? event.verb, " ",
  withJob ? h("a", {href: href(`/jobs/${event.job_id}`)}, nameOf(event)) : "this job",
  event.run_id && [", ", h("a", {href: href(`/runs/${event.run_id}`)}, "the run")]);

export const byWhat = event => [event.via && tag(event.via), event.batch && h("a.tag", {href: href("/audit", {batch: event.batch})}, "one of many")];

export const auditRow = (event, {withJob = true, zone} = {}) => h("li.audit", {key: event.id, "data-row": event.id},
  h("div.l", deed(event, {withJob}), h("span.muted.nowrap", time(event.at, {zone, style: "seconds"}))),
  event.reason && h("p.jd", `“${event.reason}”`), diff(event));
