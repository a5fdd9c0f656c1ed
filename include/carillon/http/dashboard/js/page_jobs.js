// SPDX-License-Identifier: MIT
// page_jobs.js - all jobs: found by search, chips and order, paged by cursors, changed one by one or many at once.
import {api} from "./api.js";
import {sample, strip} from "./charts.js";
import {h} from "./dom.js";
import {icon} from "./icons.js";
import {bulkBar, selectable, selectBox} from "./jobs_bulk.js";
import {jobLink, remember, scheduleWords} from "./names.js";
import {href, page} from "./router.js";
import {can, isMiddle, prefs} from "./state.js";
import {due, duration, time} from "./time.js";
import {changing, jobMenu, pauseJob, resumeJob, shownStatus, triggerJob} from "./actions.js";
import {button, chips, empty, head, iconButton, LABEL, linkButton, number, pager, plural, select, status, table} from "./ui.js";

const sorts = [["newest", "Newest"], ["name", "Name"], ["next_run", "Next run"]];
const sizes = [25, 50, 100, 250];
const pageSize = () => prefs.get("jobs.limit", 50);

// ---- what the address asks for

function filterOf(query) {
  const status = query.get("status"), failing = query.get("failing");
  return {q: query.get("q"), status: status || null, action_type: query.get("type"), failing: failing === "true" ? true : null};
}

let knowsStrips = true; // an older server refuses what it does not know

async function fetchPage(ctx, query) {
  try {
    const at = Number(ctx.query.get("page") ?? 0);
    return {...await api.get("/jobs", {query: {...query, include: knowsStrips ? "strip" : null}, signal: ctx.signal}), at};
  } catch (error) {
    if (error.code === "bad_cursor") {
      ctx.setQuery({after: null, page: null}, {push: false, reload: false});
      return fetchPage(ctx, {...query, after: null});
    }
    if (error.code !== "bad_parameter" || !knowsStrips) throw error;
    knowsStrips = false;
    return fetchPage(ctx, query);
  }
}

async function jobs(ctx) {
  const query = {...filterOf(ctx.query), sort: ctx.query.get("sort") ?? "next_run", limit: pageSize(), after: ctx.query.get("after")};
  const answer = await fetchPage(ctx, query);
  remember(answer.jobs);
  return ctx.isLive && ctx.panels.jobs.data ? settle(ctx.panels.jobs.data, answer) : answer;
}

/** What is on screen keeps its place: rows are brought up to date, new ones wait behind a button. */
function settle(before, after) {
  if (before.jobs.length === 0) return after;
  const fresh = new Map(after.jobs.map(job => [job.id, job]));
  const kept = before.jobs.map(job => fresh.get(job.id) ?? job);
  const known = new Set(before.jobs.map(job => job.id));
  const newer = after.jobs.filter(job => !known.has(job.id));
  const moved = kept.some((job, i) => after.jobs[i]?.id !== job.id);
  return {...before, jobs: kept, total: after.total, total_capped: after.total_capped, newer: newer.length, moved, latest: after};
}

const stats = ctx => api.maybe("/stats", {signal: ctx.signal});

// ---- the tools

let typing = null;
function search(ctx) {
  const type = event => {
    clearTimeout(typing);
    const q = event.target.value.trim();
    typing = setTimeout(() => ctx.setQuery({q, after: null, page: null}, {push: false}), 200);
  };
  return h("div.search", icon("search"), h("input", {type: "search", placeholder: "Part of a name", "aria-label": "Search jobs by name", maxlength: 256,
    autocomplete: "off", spellcheck: "false", value: ctx.query.get("q") ?? "", oninput: type}), h("kbd", {"aria-hidden": "true"}, "/"));
}

function statusChips(ctx, counts, total) {
  const filter = filterOf(ctx.query);
  const value = filter.failing ? "failing" : filter.status ?? "all";
  const isPlain = !filter.q && !filter.action_type; // the counters are those of all jobs
  const count = name => name === value ? total : isPlain ? counts?.[name] : null;
  const sum = counts && Object.values(counts).reduce((a, b) => a + b, 0);
  const items = [{value: "all", text: "All", count: value === "all" ? total : isPlain ? sum : null},
    ...["active", "paused", "disabled", "completed"].map(name => ({value: name, text: LABEL[name], count: count(name)})),
    {value: "failing", text: "Failing", count: value === "failing" ? total : null}];
  const pick = name => ctx.setQuery({status: name === "all" || name === "failing" ? null : name, failing: name === "failing" ? "true" : null, after: null, page: null});
  return chips({label: "Status", items: items.map(item => ({...item, count: item.count == null ? null : number(item.count)})), value, onpick: pick});
}

function typeFilter(ctx) {
  const type = ctx.query.get("type");
  return type && button(`Action: ${type}`, {icon: "close", size: "small", "aria-label": `Action ${type}: show all`, onclick: () => ctx.setQuery({type: null, after: null, page: null})});
}

// ---- a job

const typical = job => {
  const known = (job.strip ?? []).filter(one => one.status === "completed" && one.duration_ms != null).map(one => one.duration_ms).sort((a, b) => a - b);
  return known.length ? duration(known[known.length >> 1]) : "–";
};

/** Most of a row is its strip: as long as that is the same, so is its picture. */
const strips = new WeakMap();
function stripOf(job, slots, size) {
  if (!job.strip) return null;
  const known = strips.get(job.strip);
  if (known?.slots === slots) return known.node;
  const node = strip(job.strip.slice(-slots), {slots, ...size});
  strips.set(job.strip, {slots, node});
  return node;
}

const statusOf = job => h("span", {class: changing.has(job.id) && "changing"}, status(shownStatus(job), {pill: shownStatus(job) !== "active"}));

const when = job => job.next_run_at
  ? h("div.when", h("span.strong", due(job.next_run_at)), h("span.jd", time(job.next_run_at, {zone: job.time_zone})))
  : h("span.muted", job.status === "completed" ? "no more runs" : "–");

const words = job => h("div.jd", scheduleWords(job) ?? h("code", job.schedule), job.time_zone && job.time_zone !== "UTC" && ` · ${zoneName(job)}`);
const zoneName = job => job.time_zone.split("/").at(-1).replaceAll("_", " ");

const acts = job => iconButton("dots", `Actions for ${job.name}`, {"aria-haspopup": "menu", "aria-expanded": "false", onclick: event => jobMenu(event.currentTarget, job)});

function cells(ctx, job) {
  return [
    ...selectable() ? [selectBox(ctx, job)] : [],
    h("div", jobLink(job), words(job)), statusOf(job), when(job), ...knowsStrips ? [stripOf(job, isMiddle() ? 12 : 24, {}), h("span.muted.nowrap", typical(job))] : [],
    acts(job)];
}

const cardOf = job => [
  h("div.l", jobLink(job), h("div.l", shownStatus(job) !== "active" && statusOf(job), acts(job))), words(job),
  h("div.l", stripOf(job, 16, {w: 5, h: 22}) ?? h("span"), h("div.num", when(job)))];

const columns = () => [
  ...selectable() ? [{name: "pick", label: "Select", hidden: true, class: "pick"}] : [],
  {name: "name", label: "Job", sort: "name"}, {name: "status", label: "Status"}, {name: "next", label: "Next run", sort: "next_run"},
  ...knowsStrips ? [{name: "strip", label: `Last ${isMiddle() ? 12 : 24} runs`}, {name: "typical", label: "Typical", opt: true, num: true}] : [],
  {name: "acts", label: "Actions", hidden: true, class: "acts"}];

// ---- the list

const legend = () => h("div.legend", ["completed", "failed", "timed_out", "skipped", "running"].map(name => h("span.sq", sample(name), LABEL[name])));

function nothing(ctx, counts) {
  const filter = filterOf(ctx.query);
  if (Object.values(filter).some(Boolean))
    return empty("Nothing matches", null, button("Clear filters", {onclick: () => ctx.setQuery({q: null, status: null, failing: null, type: null, after: null, page: null})}));
  return empty("No jobs yet", counts ? "A job has a schedule and an action; a worker runs it." : null, can("write") && linkButton("New job", href("/jobs/new"), {kind: "primary", icon: "plus"}));
}

function newerButton(ctx, data) {
  if (!data.newer && !data.moved) return null;
  const show = () => { ctx.panels.jobs.data = data.latest; ctx.draw(); };
  return h("button.newer", {type: "button", key: "newer", onclick: show}, data.newer ? `${number(data.newer)} newer: show` : "The order has changed: sort again");
}

/** Cursors only lead on: the way back is what was walked. */
function pages(ctx, data) {
  const {at} = data, from = at * pageSize() + 1;
  const trail = ctx.state.trail ??= [];
  const next = data.next && (() => {
    trail[at] = ctx.query.get("after");
    ctx.setQuery({after: data.next, page: at + 1});
    scrollTo(0, 0);
  });
  const prev = at > 0 && (() => ctx.setQuery({after: at > 1 ? trail[at - 1] : null, page: at > 1 && trail[at - 1] ? at - 1 : null}));
  return pager({from, to: data.jobs.length ? from + data.jobs.length - 1 : 0, total: data.total, capped: data.total_capped, next, prev, legend: legend()});
}

function list(ctx, p) {
  const data = p.jobs.data;
  if (!data.jobs.length) return nothing(ctx, p.stats.data);
  const chosen = ctx.state.chosen ??= new Set();
  return [
    selectable() && chosen.size > 0 ? bulkBar(ctx, data, filterOf(ctx.query)) : newerButton(ctx, data),
    table({caption: "Jobs", class: "jobs", columns: columns(), rows: data.jobs, cells: job => cells(ctx, job), card: cardOf, selected: job => chosen.has(job.id),
      sort: ctx.query.get("sort") ?? "next_run", onsort: sort => ctx.setQuery({sort, after: null, page: null})}),
    pages(ctx, data)];
}

function sorting(ctx) {
  return h("div.tools.push",
    select({label: "Order", value: ctx.query.get("sort") ?? "next_run", options: sorts, onchange: sort => ctx.setQuery({sort, after: null, page: null})}),
    h("span.wide", select({label: "Jobs on a page", value: String(pageSize()), options: sizes.map(n => [String(n), `${n} a page`]),
      onchange: n => { prefs.set("jobs.limit", Number(n)); ctx.setQuery({after: null, page: null}, {reload: false}); ctx.reload("jobs"); }})));
}

function view(ctx, p) {
  const {data, error} = p.jobs;
  const total = data.total;
  return [
    head({title: "Jobs", sub: total == null ? "Those that match" : `${plural(total, "job")}${data.total_capped ? " or more" : ""}${Object.values(filterOf(ctx.query)).some(Boolean) ? " that match" : ""}`,
      actions: can("write") && linkButton("New job", href("/jobs/new"), {kind: "primary", icon: "plus"})}),
    h("div.tools", {key: "tools"}, search(ctx), statusChips(ctx, p.stats.data?.jobs, total), typeFilter(ctx), sorting(ctx)),
    h("section.card", {key: "list", "aria-label": "Jobs", class: error && "old"},
      error && h("div.stale", {role: "status"}, icon("warn", 14), h("span", error.text), button("Retry", {size: "small", onclick: () => ctx.reload()})),
      list(ctx, p))];
}

const focused = ctx => {
  const id = document.activeElement?.closest?.("[data-row]")?.dataset.row;
  return ctx.panels.jobs.data?.jobs.find(job => job.id === id);
};
const withJob = (permission, run) => ctx => { const job = focused(ctx); if (job && can(permission)) run(job); };

page("/jobs", {
  nav: "jobs",
  title: () => "Jobs",
  main: "jobs",
  panels: {jobs, stats},
  live: {jobs: ["jobs", "stats"], runs: ["jobs"]},
  keys: {
    p: {text: "Pause or resume the row", run: withJob("write", job => job.status === "active" ? pauseJob(job) : resumeJob(job))},
    t: {text: "Run the row now", run: withJob("trigger", triggerJob)},
    e: {text: "Edit the row", run: withJob("write", job => { location.hash = href(`/jobs/${job.id}/edit`); })},
  },
  view,
});
