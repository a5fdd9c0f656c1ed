// SPDX-License-Identifier: MIT
// page_explain.js - why a job ran at a moment, did not, or will.
import {api} from "./api.js";
import {h} from "./dom.js";
import {jobOf} from "./names.js";
import {href, page} from "./router.js";
import {duration, instantAt, localAt, relative, time, timeText, zoneFor} from "./time.js";
import {button, card, code, defs, head, link, missingPage, REASON, status} from "./ui.js";

const answer = ctx => api.get(`/jobs/${ctx.params.id}/explain`, {query: {at: ctx.query.get("at") ?? new Date().toISOString()}, signal: ctx.signal});

const VERDICT = {
  executed: ["completed", "It ran"], pending: ["pending", "It is about to run"], not_started: ["skipped", "It was not started"], skipped: ["skipped", "It was skipped"],
  ahead: ["pending", "It will run"], due: ["pending", "It is due"], inactive: ["paused", "The job was not active"], max_runs: ["skipped", "It had run as often as it may"],
  purged: ["skipped", "Nobody knows any more"], no_occurrence: ["skipped", "The schedule has nothing then"], excluded: ["skipped", "The day is excluded"],
  before_creation: ["skipped", "The job did not exist yet"], out_of_bounds: ["skipped", "Outside of its start and end"], unknown: ["failed", "Nobody knows"],
};

function ask(ctx, zone, at) {
  const submit = event => {
    event.preventDefault();
    const local = event.target.elements.at.value;
    if (local) ctx.setQuery({at: new Date(instantAt(local, zone)).toISOString()});
  };
  const move = to => to && button(["Next: ", "Before: "][to === ctx.panels.answer.data.previous ? 1 : 0] + timeText(to, {zone: jobOf(ctx.params.id)?.time_zone, style: "seconds"}), {size: "small", onclick: () => ctx.setQuery({at: to})});
  return h("section.card", {key: "ask", "aria-label": "Another moment"}, h("form.pad.ask", {onsubmit: submit},
    h("label", {for: "explain-at"}, `At, on clocks in ${zone.replaceAll("_", " ")}`),
    h("div.tools", h("input#explain-at", {key: at, name: "at", type: "datetime-local", step: 1, required: true, value: localAt(Date.parse(at), zone)}), button("Explain", {type: "submit"}),
      move(ctx.panels.answer.data.previous), move(ctx.panels.answer.data.next))));
}

const FIELD = {second: "Second", minute: "Minute", hour: "Hour", day_of_month: "Day of the month", month: "Month", day_of_week: "Day of the week", year: "Year"};

/** What the schedule asks of the clock, and what the clock says. */
function fields({fields: list}) {
  return list?.length > 0 && card("Field by field", {extra: `${list.filter(one => one.matched).length} of ${list.length} match`}, h("ul.rows.up", list.map(one =>
    h("li", {key: one.field}, h("span", FIELD[one.field] ?? one.field, " ", code(one.text)), status(one.matched ? "completed" : "skipped", {label: one.matched ? "matches" : "does not"})))));
}

function record(data, zone) {
  const {run} = data;
  return run && card("The ledger says", {pad: true, extra: link("The run", href(`/runs/${run.id}`))}, defs([
    ["Outcome", status(run.status)],
    run.reason && ["Since", REASON[run.reason]],
    ["Scheduled for", time(run.scheduled_for, {zone, style: "seconds"})],
    run.last && run.occurrences > 1 && ["Until", time(run.last, {zone, style: "seconds"})],
    run.duration_ms != null && ["Took", duration(run.duration_ms)],
    run.error && ["Error", h("span.c-failed", run.error)],
    run.blocked_by && ["Blocked by", link("this run", href(`/runs/${run.blocked_by}`))]]));
}

page("/jobs/:id/explain", {
  nav: "jobs",
  main: "answer",
  title: ctx => `Why? ${jobOf(ctx.params.id)?.name ?? "Job"}`,
  panels: {answer},
  live: {jobs: ["answer"], runs: ["answer"]},
  missing: () => missingPage("Not in this tenant, or deleted."),
  view: (ctx, p) => {
    const {data} = p.answer, job = jobOf(ctx.params.id), zone = zoneFor(job?.time_zone), [shape, title] = VERDICT[data.verdict] ?? VERDICT.unknown;
    return [
      head({crumb: [h("a.link", {href: href("/jobs")}, "Jobs"), " / ", h("a.link", {href: href(`/jobs/${ctx.params.id}`)}, job?.name ?? "…")],
        title: [title, " at ", timeText(data.at, {zone: job?.time_zone, style: "seconds"})], sub: relative(data.at),
        below: h("p.sub", status(shape === "completed" && data.run ? data.run.status : shape, {pill: true, label: data.verdict.replaceAll("_", " ")}))}),
      ask(ctx, zone, data.at),
      card("Why", {pad: true, extra: job && code(job.schedule)}, h("p", data.text)),
      fields(data),
      record(data, job?.time_zone)];
  },
});
