// SPDX-License-Identifier: MIT
// page_runs.js - the ledger across all jobs: every occurrence, with what became of it and why.
import {api} from "./api.js";
import {h} from "./dom.js";
import {icon} from "./icons.js";
import {jobLink, jobOf} from "./names.js";
import {go, href, page} from "./router.js";
import {can} from "./state.js";
import {duration, relative, since, time} from "./time.js";
import {cancelRun, changing, retryRun} from "./actions.js";
import {menu} from "./overlay.js";
import {button, chips, empty, head, iconButton, LABEL, number, pager, plural, REASON, select, status, table} from "./ui.js";

const statuses = ["running", "pending", "failed", "timed_out", "skipped", "cancelled", "completed"];
const spans = [["", "Any time"], ["1h", "Last hour"], ["24h", "Last 24 h"], ["7d", "Last 7 days"]];
const spanMs = {"1h": 3_600_000, "24h": 86_400_000, "7d": 604_800_000};
const size = 50;
const finished = run => !["pending", "running"].includes(run.status);

function queryOf(ctx) {
  const get = name => ctx.query.get(name), span = spanMs[get("span")];
  const since_ = span && (ctx.state.from?.[span] ?? (ctx.state.from = {[span]: new Date(Date.now() - span).toISOString()})[span]); // the cursor is bound to it
  return {status: get("status"), reason: get("reason"), job_id: get("job"), action_type: get("type"), from: since_ || get("from"), to: get("to"), after: get("after"), limit: size};
}

async function runs(ctx) {
  try {
    const at = Number(ctx.query.get("page") ?? 0);
    const answer = {...await api.get("/runs", {query: queryOf(ctx), signal: ctx.signal}), at};
    return ctx.isLive && ctx.panels.runs.data ? settle(ctx, ctx.panels.runs.data, answer) : answer;
  } catch (error) {
    if (error.code !== "bad_cursor") throw error;
    ctx.setQuery({after: null, page: null}, {push: false, reload: false});
    return runs(ctx);
  }
}

/** Rows on screen are brought up to date; later ones wait behind a button. */
function settle(ctx, before, after) {
  const fresh = new Map(after.runs.map(run => [run.id, run])), known = new Set(before.runs.map(run => run.id));
  const newer = after.runs.filter(run => !known.has(run.id)).length;
  if (newer === after.runs.length && before.runs.length === 0) return after;
  const gone = before.runs.some(run => !fresh.has(run.id) && !finished(run));
  return {...before, runs: before.runs.map(run => fresh.get(run.id) ?? run), total: after.total, total_capped: after.total_capped, newer: newer || gone, latest: after};
}

// ---- one run

const why = run => run.error ?? (run.status === "skipped" && run.reason === "overlapped" && run.blocked_by
  ? [REASON.overlapped, " (", h("a", {href: href(`/runs/${run.blocked_by}`)}, "which"), ")"]
  : REASON[run.reason]);

/** A skip may stand for many occurrences in a row. */
function folded(run) {
  if (run.status !== "skipped" || run.occurrences <= 1) return null;
  return h("div.jd", `${number(run.occurrences)}${run.count_is_minimum ? " or more" : ""} occurrences`, run.last && [" until ", time(run.last, {zone: jobOf(run.job_id)?.time_zone, style: "clock"})]);
}

const took = run => run.status === "running" ? since(run.started_at) : duration(run.duration_ms);
const trigger = run => run.trigger === "schedule" ? "schedule" : run.trigger === "retry" ? "run again" : "by hand";
const outcome = run => h("div", h("span", {class: changing.has(run.id) && "changing"}, status(run.status, {label: run.stop_requested && !finished(run) ? "Asked to stop" : null})),
  why(run) && h("div.jd", why(run)));

const scheduled = run => h("div", h("a.strong", {href: href(`/runs/${run.id}`)}, time(run.scheduled_for, {zone: jobOf(run.job_id)?.time_zone, style: "seconds"})), folded(run) ?? h("div.jd", relative(run.scheduled_for)));

function runMenu(anchor, run) {
  const name = jobOf(run.job_id)?.name ?? "this run";
  menu(anchor, [
    {text: "Open", icon: "right", run: () => go(`/runs/${run.id}`)},
    {text: "Its job", icon: "jobs", run: () => go(`/jobs/${run.job_id}`)},
    {text: "Runs of this job", icon: "filter", run: () => go("/runs", {job: run.job_id})},
    can("trigger") && !finished(run) && {text: "Cancel", icon: "stop", danger: true, run: () => cancelRun(run, name)},
    can("trigger") && finished(run) && {text: "Run again", icon: "retry", run: () => retryRun(run, name)},
  ]);
}

const acts = run => iconButton("dots", `Actions for the run of ${jobOf(run.job_id)?.name ?? "a job"}`, {"aria-haspopup": "menu", "aria-expanded": "false", onclick: event => runMenu(event.currentTarget, run)});

const columns = [
  {name: "at", label: "Scheduled for"}, {name: "job", label: "Job"}, {name: "outcome", label: "Outcome"}, {name: "try", label: "Attempt", num: true, opt: true},
  {name: "took", label: "Duration", num: true}, {name: "by", label: "Made by", opt: true}, {name: "worker", label: "Worker", opt: true}, {name: "acts", label: "Actions", hidden: true, class: "acts"}];

const cells = run => [scheduled(run), jobLink(run.job_id), outcome(run), h("span.muted", run.attempt || "–"), h("span.nowrap", took(run)),
  h("span.muted.nowrap", trigger(run)), h("span.muted", run.worker ?? "–"), acts(run)];

const card = run => [h("div.l", jobLink(run.job_id), acts(run)), h("div.l", outcome(run), h("span.nowrap", took(run))), scheduled(run)];

// ---- grouped by job

const grouping = ctx => ctx.query.has("group") ? ctx.query.get("group") === "1" : ctx.state.isBusy;

/** One job that makes most of the rows would hide the others. */
function judge(ctx, list) {
  if (ctx.state.isBusy !== undefined || list.length < size) return;
  const counts = new Map();
  for (const run of list) counts.set(run.job_id, (counts.get(run.job_id) ?? 0) + 1);
  const hours = (Date.parse(list[0].scheduled_for) - Date.parse(list.at(-1).scheduled_for)) / 3_600_000 || 1e-6;
  ctx.state.isBusy = !ctx.query.has("job") && counts.size > 1 && Math.max(...counts.values()) / hours > 200;
}

function groups(list) {
  const all = new Map();
  for (const run of list) {
    if (!all.has(run.job_id)) all.set(run.job_id, []);
    all.get(run.job_id).push(run);
  }
  return [...all].map(([id, own]) => ({id, runs: own}));
}

function tally(own) {
  const counts = new Map();
  for (const run of own) counts.set(run.status, (counts.get(run.status) ?? 0) + 1);
  return h("div.legend", [...counts].map(([name, n]) => h("span", {key: name}, status(name, {label: `${number(n)} ${LABEL[name].toLowerCase()}`}))));
}

const groupColumns = [{name: "job", label: "Job"}, {name: "what", label: "On this page"}, {name: "at", label: "Latest"}, {name: "n", label: "Runs", num: true}];
const latest = group => time(group.runs[0].scheduled_for, {zone: jobOf(group.id)?.time_zone, style: "seconds"});
const only = (group, text) => h("a", {href: href("/runs", {job: group.id})}, text);
const grouped = list => table({caption: "Runs by job", columns: groupColumns, rows: groups(list),
  cells: group => [jobLink(group.id), tally(group.runs), latest(group), only(group, number(group.runs.length))],
  card: group => [h("div.l", jobLink(group.id), only(group, plural(group.runs.length, "run"))), tally(group.runs), h("div.jd", latest(group))]});

// ---- the page

function filters(ctx) {
  const reset = {after: null, page: null, reason: null}, current = ctx.query.get("status") ?? "all";
  const job = ctx.query.get("job"), reasons = ctx.query.get("reason"), type = ctx.query.get("type");
  const isBounded = ctx.query.has("from") || ctx.query.has("to");
  return h("div.tools", {key: "tools"},
    chips({label: "Outcome", value: current, items: [{value: "all", text: "All"}, ...statuses.map(name => ({value: name, text: LABEL[name]}))],
      onpick: name => ctx.setQuery({...reset, status: name === "all" ? null : name})}),
    job && button(`Job: ${jobOf(job)?.name ?? job.slice(-6)}`, {icon: "close", size: "small", onclick: () => ctx.setQuery({...reset, job: null})}),
    type && button(`Action: ${type}`, {icon: "close", size: "small", onclick: () => ctx.setQuery({...reset, type: null})}),
    ["skipped", "failed", "timed_out", "cancelled"].includes(current) && select({label: "Reason", value: reasons ?? "", onchange: reason => ctx.setQuery({...reset, reason}),
      options: [["", "Any reason"], ...Object.entries(REASON).map(([name, text]) => [name, text.charAt(0).toUpperCase() + text.slice(1)])]}),
    h("div.tools.push", isBounded ? button("Any time", {icon: "close", size: "small", "aria-label": "Since a moment: show any time", onclick: () => ctx.setQuery({...reset, from: null, to: null})})
      : select({label: "Time", value: ctx.query.get("span") ?? "", options: spans, onchange: span => { ctx.state.from = null; ctx.setQuery({...reset, span}); }}),
    h("label.check", h("input", {type: "checkbox", checked: Boolean(grouping(ctx)), onchange: event => ctx.setQuery({group: event.target.checked ? "1" : "0"}, {push: false, reload: false})}), "Group by job")));
}

function pages(ctx, data) {
  const {at} = data, from = at * size + 1, trail = ctx.state.trail ??= [];
  const next = data.next && (() => {
    trail[at] = ctx.query.get("after");
    ctx.setQuery({after: data.next, page: at + 1});
    scrollTo(0, 0);
  });
  const prev = at > 0 && (() => ctx.setQuery({after: at > 1 ? trail[at - 1] : null, page: at > 1 && trail[at - 1] ? at - 1 : null}));
  return pager({from, to: data.runs.length ? from + data.runs.length - 1 : 0, total: data.total, capped: data.total_capped, next, prev});
}

function nothing(ctx) {
  const name = ctx.query.get("status");
  return empty(name ? `No ${LABEL[name]?.toLowerCase() ?? ""} runs` : "No runs", ctx.query.size ? "None that match." : "A run appears here as soon as a job is due.",
    ctx.query.size > 0 && button("Show all runs", {onclick: () => go("/runs")}));
}

function view(ctx, p) {
  const {data, error} = p.runs;
  judge(ctx, data.runs);
  const show = () => { p.runs.data = data.latest; ctx.draw(); };
  return [
    head({title: "Runs", sub: `${plural(data.total, "run")}${data.total_capped ? " or more" : ""}, the latest first`}),
    filters(ctx),
    h("section.card", {key: "list", "aria-label": "Runs", class: error && "old"},
      error && h("div.stale", {role: "status"}, icon("warn", 14), h("span", error.text), button("Retry", {size: "small", onclick: () => ctx.reload()})),
      data.newer && h("button.newer", {type: "button", key: "newer", onclick: show}, typeof data.newer === "number" ? `${number(data.newer)}${data.newer >= size ? "+" : ""} newer: show` : "Some have ended: show"),
      data.runs.length === 0 ? nothing(ctx) : [grouping(ctx) ? grouped(data.runs) : table({caption: "Runs", class: "runs", columns, rows: data.runs, cells, card}), pages(ctx, data)])];
}

page("/runs", {nav: "runs", title: () => "Runs", main: "runs", panels: {runs}, live: {runs: ["runs"]}, view});
