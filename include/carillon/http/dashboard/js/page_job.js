// SPDX-License-Identifier: MIT
// page_job.js - one job: what it is, what became of it, what comes next, and who changed it.
import {api} from "./api.js";
import {changing, deleteJob, jobMenu, pauseJob, resumeJob, shownStatus, triggerJob} from "./actions.js";
import {auditRow} from "./audit_list.js";
import {definition} from "./definition.js";
import {h} from "./dom.js";
import {durations, durationsTable, durationText} from "./durations.js";
import {daysTable, firstDay, heatmap} from "./heatmap.js";
import {remember, scheduleWords} from "./names.js";
import {go, href, page} from "./router.js";
import {can, isNarrow} from "./state.js";
import {due, duration, instantAt, localAt, now, occurrence, relative, since, time, zoneFor, zoneLabel} from "./time.js";
import {button, code, empty, head, iconButton, link, linkButton, missingPage, note, number, panel, plural, REASON, status, table} from "./ui.js";

const shownRuns = 10, dayMs = 86_400_000;
const weeks = () => isNarrow() ? 14 : 30;
const weeksAhead = 2;
const today = zone => localAt(now(), zoneFor(zone)).slice(0, 10);

async function job(ctx) {
  const found = await api.get(`/jobs/${ctx.params.id}`, {signal: ctx.signal});
  remember([found]);
  return found;
}
const upcoming = ctx => api.get(`/jobs/${ctx.params.id}/upcoming`, {query: {n: 100}, signal: ctx.signal});
const runs = ctx => api.get(`/jobs/${ctx.params.id}/runs`, {query: {limit: 100}, signal: ctx.signal});
const changes = ctx => api.get("/audit", {query: {job_id: ctx.params.id, limit: 8}, signal: ctx.signal});

/** In days of the zone that is shown, so that a day here is a day there. */
function calendar(ctx) {
  const to = new Date(now() + dayMs).toISOString(), from = new Date(now() - weeks() * 7 * dayMs).toISOString();
  const zone = zoneFor(ctx.panels.job.data?.time_zone);
  return api.get(`/jobs/${ctx.params.id}/calendar`, {query: {from, to, tz: ctx.panels.job.data ? zone : null}, signal: ctx.signal});
}

// ---- the head

function nextText(data) {
  if (data.status !== "active") return data.status_reason || null;
  return data.next_run_at ? [h("b", due(data.next_run_at)), " · ", time(data.next_run_at, {zone: data.time_zone})] : "No next run";
}

function buttons(data) {
  const isActive = shownStatus(data) === "active";
  return [
    can("write") && linkButton("Edit", href(`/jobs/${data.id}/edit`), {icon: "edit"}),
    can("write") && data.status !== "completed" && (isActive ? button("Pause", {icon: "pause", onclick: () => pauseJob(data)}) :
      button("Resume", {icon: "play", onclick: () => resumeJob(data)})),
    can("trigger") && button("Run now", {icon: "play", kind: "primary", onclick: () => triggerJob(data)}),
    iconButton("dots", "More actions", {"aria-haspopup": "menu", "aria-expanded": "false", onclick: event => jobMenu(event.currentTarget, data)}),
  ];
}

function header(data) {
  const words = scheduleWords(data), shown = shownStatus(data);
  return head({
    crumb: [h("a.link", {href: href("/jobs")}, "Jobs"), " / ", data.action_type ?? ""], title: data.name,
    sub: [words ?? code(data.schedule), ` · ${data.time_zone.replaceAll("_", " ")}`, words && [" · ", code(data.schedule)]],
    below: h("p.sub", h("span", {class: changing.has(data.id) && "changing"}, status(shown, {pill: true})), " ", nextText(data),
      data.consecutive_failures > 0 && [" · ", status("failed", {label: `${plural(data.consecutive_failures, "failure")} in a row`})]),
    actions: buttons(data),
  });
}

// ---- panels

const asTable = (key, what) => h("details.pad.astable", {key}, h("summary", "Show as table"), what);

function ledger(ctx, data, p) {
  const zone = data.time_zone, planned = data.status === "active" ? (p.upcoming.data?.occurrences ?? []).map(o => localAt(Date.parse(o.at), zoneFor(zone)).slice(0, 10)) : [];
  const all = weeks(), from = firstDay(today(zone), all, weeksAhead);
  return panel("Ledger", p.calendar, {retry: () => ctx.reload("calendar"), extra: () => `days in ${zoneLabel(zone)}`}, ({days, partial_before: before}) => [
    heatmap({days: days.filter(day => day.day >= from), from, weeks: all, today: today(zone), planned}),
    before && Date.parse(before) > Date.parse(from) && h("p.pad.muted", "Before ", time(before, {zone, style: "day"}), " something may be missing: it is no longer kept."),
    days.length > 0 && asTable("days", daysTable(days))]);
}

const howLong = (ctx, data, p) => panel("Duration", p.runs, {retry: () => ctx.reload("runs"), extra: all => durationText(all.runs)}, all =>
  [durations(all.runs, data.time_zone), all.runs.length > 0 && asTable("times", durationsTable(all.runs, data.time_zone))]);

const nextRuns = (ctx, data, p) => panel("Next runs", p.upcoming, {retry: () => ctx.reload("upcoming"),
  extra: data.status === "active" ? zoneLabel(data.time_zone) : "if it were active"}, ({occurrences}) => occurrences.length === 0 ? empty("None", "The schedule has no further occurrence.") :
  h("ul.rows.up", occurrences.slice(0, 5).map(one => h("li", {key: one.at}, occurrence(one, {zone: data.time_zone}), h("span.muted", relative(one.at)),
    one.notes.map(text => h("div.all", {key: text.code}, note(text.text)))))));

const why = run => run.error ?? REASON[run.reason];
const took = run => run.status === "running" ? since(run.started_at) : duration(run.duration_ms);
const columns = [{name: "at", label: "Scheduled for"}, {name: "outcome", label: "Outcome"}, {name: "try", label: "Attempt", num: true, opt: true}, {name: "took", label: "Duration", num: true}, {name: "by", label: "Worker", opt: true}];

function lastRuns(ctx, data, p) {
  const at = run => h("a.strong", {href: href(`/runs/${run.id}`)}, time(run.scheduled_for, {zone: data.time_zone, style: "seconds"}));
  const many = run => run.occurrences > 1 && h("div.jd", `${number(run.occurrences)}${run.count_is_minimum ? " or more" : ""} occurrences`);
  const outcome = run => h("div", status(run.status), why(run) && h("div.jd", why(run)), many(run));
  return panel("Runs", p.runs, {rows: 6, retry: () => ctx.reload("runs"), extra: all => link(`All ${number(all.total)}${all.total_capped ? "+" : ""}`, href("/runs", {job: data.id}))}, all => all.runs.length === 0 ?
    empty("Has not run yet", data.next_run_at ? ["Its first run is ", relative(data.next_run_at), "."] : "It has no next run.") :
    table({caption: "Last runs", columns, rows: all.runs.slice(0, shownRuns), cells: run => [at(run), outcome(run), h("span.muted", run.attempt || "–"), h("span.nowrap", took(run)), h("span.muted", run.worker ?? "–")],
      card: run => [h("div.l", at(run), h("span.nowrap", took(run))), outcome(run)]}));
}

const audit = (ctx, data, p) => panel("Audit", p.changes, {retry: () => ctx.reload("changes"), extra: link("All", href("/audit", {job: data.id}))}, ({events}) =>
  h("ul.rows", events.map(event => auditRow(event, {withJob: false, zone: data.time_zone}))));

function explain(data) {
  const zone = zoneFor(data.time_zone);
  const ask = event => {
    event.preventDefault();
    const local = event.target.elements.at.value;
    if (local) go(`/jobs/${data.id}/explain`, {at: new Date(instantAt(local, zone)).toISOString()});
  };
  return h("section.card", {key: "explain", "aria-label": "Explain an instant"}, h("header", h("h2", "Why did it run, or not?")),
    h("form.pad.ask", {onsubmit: ask}, h("label", {for: "explain-at"}, `At, on clocks in ${zone.replaceAll("_", " ")}`),
      h("div.tools", h("input#explain-at", {name: "at", type: "datetime-local", step: 1, required: true, value: localAt(now(), zone)}), button("Explain", {type: "submit"}))));
}

// ---- the page

function view(ctx, p) {
  const {data} = p.job;
  return [
    header(data),
    data.description && h("p.sub", {key: "description"}, data.description),
    h("div.grid.g32", {key: "panels"},
      h("div.stack", {key: "left"}, ledger(ctx, data, p), howLong(ctx, data, p), lastRuns(ctx, data, p)),
      h("div.stack", {key: "right"}, nextRuns(ctx, data, p), definition(data), explain(data), audit(ctx, data, p))),
  ];
}

const with_ = act => ({params}) => { const known = current(params.id); if (known) act(known); };
let shown = null;
const current = id => shown?.id === id ? shown : null;

page("/jobs/:id", {
  nav: "jobs",
  main: "job",
  title: (ctx, p) => p.job.data?.name ?? "Job",
  panels: {job, upcoming, calendar, runs, changes},
  live: (hint, ctx) => {
    const isOurs = list => hint.name === "all" || hint.data?.all || !list || list.includes(ctx.params.id);
    if (hint.name === "runs") return isOurs(hint.data?.job_ids) ? ["job", "runs", "calendar"] : [];
    if (hint.name === "jobs" || hint.name === "all") return isOurs(hint.data?.ids) ? ["job", "upcoming", "runs", "calendar", "changes"] : [];
    return [];
  },
  keys: {
    e: {text: "Edit", run: ({params}) => { if (can("write")) go(`/jobs/${params.id}/edit`); }},
    p: {text: "Pause or resume", run: with_(job => { if (can("write")) (job.status === "active" ? pauseJob : resumeJob)(job); })},
    t: {text: "Run now", run: with_(job => { if (can("trigger")) triggerJob(job); })},
    Delete: {text: "Delete", run: with_(job => { if (can("write")) deleteJob(job); })},
  },
  missing: () => missingPage("Not in this tenant, or deleted."),
  view: (ctx, p) => {
    shown = p.job.data;
    return view(ctx, p);
  },
});
