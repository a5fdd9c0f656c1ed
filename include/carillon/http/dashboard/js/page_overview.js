// SPDX-License-Identifier: MIT
// page_overview.js - is everything well: the pulse, what needs somebody, what runs, what comes.
import {api} from "./api.js";
import {bars} from "./charts.js";
import {h} from "./dom.js";
import {mark} from "./icons.js";
import {jobLink, jobOf} from "./names.js";
import {href, page} from "./router.js";
import {can, session} from "./state.js";
import {now, relative, since, spoken, time, timeText} from "./time.js";
import {pauseJob, resumeJob} from "./actions.js";
import {LABEL, button, empty, head, link, linkButton, number, panel, plural} from "./ui.js";

const minute = 60_000, hour = 60 * minute;
const stamp = ms => new Date(ms).toISOString();
const capped = (n, isCapped) => number(n) + (isCapped ? "+" : "");

// ---- loading: a server without statistics is asked for what they would say

async function stats({signal}) {
  const answer = await api.maybe("/stats", {signal});
  if (answer) return answer;
  const [all, running, disabled] = await Promise.all([
    api.get("/jobs", {query: {limit: 1}, signal}), api.get("/runs", {query: {status: "running", limit: 1}, signal}),
    api.get("/jobs", {query: {status: "disabled", limit: 20}, signal})]);
  return {total: all.total, running: running.total, attention: disabled.jobs, attention_total: disabled.total};
}

const running = ({signal}) => api.get("/runs", {query: {status: "running", limit: 12}, signal});

function nextHour({signal}) {
  const from = Math.floor(now() / minute) * minute;
  return api.get("/what-would-run", {query: {from: stamp(from), to: stamp(from + hour), limit: 1_000}, signal})
    .then(answer => ({...answer, from}));
}

// ---- the pulse

function reading(value, label, status, why, to) {
  return h("a.stat", {href: to, key: label}, h("span.lab", h("span", {class: `c-${status}`}, mark(status)), label), h("b", value), h("div.why", why));
}

function reasons(skipped) {
  const names = {overlapped: "overlap", misfired: "misfire", queue_full: "queue full"};
  const list = Object.entries(skipped).sort((a, b) => b[1] - a[1]);
  return list.slice(0, 2).map(([reason, n]) => `${number(n)} ${names[reason] ?? reason}`).join(" · ") || "none";
}

function throughput(stats) {
  const minutes = stats.minutes ?? [];
  if (!minutes.length) return null;
  const ok = minutes.map(one => one.ok), bad = minutes.map(one => one.bad);
  const sum = list => list.reduce((a, b) => a + b, 0);
  const most = minutes.reduce((a, b) => b.ok + b.bad > a.ok + a.bad ? b : a);
  const failed = sum(bad), all = sum(ok) + failed;
  const sentence = `Runs finished per minute in the last hour: ${number(all)}, of which ${number(failed)} failed. ` +
    `The busiest minute is ${timeText(most.minute, {style: "clock"})} with ${number(most.ok + most.bad)}.`;
  return h("div.tp", {key: "tp"}, h("div.lab", h("span", "Finished per minute"), h("span", `${number(all)} in the last hour${failed ? `, ${number(failed)} failed` : ""}`)),
    bars({values: ok, bad, label: sentence, minimum: 2, marks: [[0, timeText(minutes[0].minute, {style: "clock"})],
      [minutes.length / 2, timeText(minutes[minutes.length >> 1].minute, {style: "clock"})], [minutes.length, "now"]]}));
}

function pulse(stats) {
  const workers = stats.workers?.length;
  const waits = stats.oldest_due ? now() - Date.parse(stats.oldest_due) : 0;
  const skipped = Object.values(stats.skipped_24h ?? {}).reduce((a, b) => a + b, 0);
  const day = stamp(now() - 24 * hour).slice(0, 16) + ":00Z";
  return h("section.card.pulse", {key: "pulse", "aria-label": "Now"},
    reading(number(stats.running), "Running", "running", workers ? `on ${plural(workers, "worker")}` : "right now", href("/runs", {status: "running"})),
    stats.due != null && reading(capped(stats.due, stats.due_capped), "Due in 1 h", "pending",
      waits > 1_000 ? `oldest waits ${spoken(waits)}` : "none waits", href("/timeline")),
    stats.failed_24h != null && reading(capped(stats.failed_24h, stats.failed_24h_capped), "Failed, 24 h", "failed",
      stats.failed_24h ? "see which" : "none", href("/runs", {status: "failed", from: day})),
    stats.skipped_24h && reading(capped(skipped, stats.skipped_24h_capped), "Skipped, 24 h", "skipped", reasons(stats.skipped_24h),
      href("/runs", {status: "skipped", from: day})),
    throughput(stats));
}

// ---- what needs somebody

function trouble(job) {
  const failures = job.consecutive_failures;
  if (job.status === "disabled") return job.status_reason || "Disabled by the system";
  if (failures > 1) return `The last ${number(failures)} runs have failed`;
  return failures === 1 ? "The last run has failed" : job.status_reason || LABEL[job.status];
}

function attentionRow(job) {
  const shape = job.status === "disabled" ? "disabled" : job.status === "paused" ? "paused" : "failed";
  return h("li", {key: job.id, "data-row": job.id}, h("span", {class: `c-${shape}`}, mark(shape, 16), h("span.sr", LABEL[shape])),
    h("div", jobLink(job), h("p", trouble(job), job.last_run_at && [" · last run ", relative(job.last_run_at)])),
    can("write") && job.status !== "active" ? button("Resume", {size: "small", onclick: () => resumeJob(job)}) :
      can("write") ? button("Pause", {size: "small", onclick: () => pauseJob(job)}) : linkButton("Open", href(`/jobs/${job.id}`), {class: "small"}));
}

const attention = (state, retry) => panel("Needs attention", state, {retry, extra: data => data.attention_total ? capped(data.attention_total, data.attention_total_capped) : null},
  ({attention: list, attention_total: total}) => list.length === 0 ? empty("Nothing needs you.", "No job is disabled, none fails.") : [
    h("ul.rows.att", list.slice(0, 8).map(attentionRow)),
    total > 8 && h("div.tablefoot", link(`All ${number(total)}`, href("/jobs", {failing: "true"})))]);

// ---- what runs, what comes, who works

function runningRow(run) {
  const job = jobOf(run.job_id);
  return h("li", {key: run.id, "data-row": run.id}, h("div", jobLink(run.job_id), h("div.jd", [run.worker, run.attempt > 1 && `attempt ${run.attempt}`].filter(Boolean).join(" · "),
    " · started ", time(run.started_at, {zone: job?.time_zone, style: "clockSeconds"}))),
  run.stop_requested ? h("span.st.c-cancelled", mark("cancelled"), "Asked to stop") : h("span"),
  h("a.num.strong", {href: href(`/runs/${run.id}`)}, h("span.sr", `Run of ${job?.name ?? "a job"}, for `), since(run.started_at)));
}

const runningNow = (state, retry) => panel("Running now", state, {retry, extra: data => data.total ? number(data.total) : null}, ({runs, total}) =>
  runs.length === 0 ? empty("Nothing runs right now.") : [h("ul.rows.run", runs.map(runningRow)),
    total > runs.length && h("div.tablefoot", link(`All ${number(total)}`, href("/runs", {status: "running"})))]);

function comingPicture({buckets, occurrences, from, truncated}) {
  const most = Math.max(...buckets), at = buckets.indexOf(most), all = buckets.reduce((a, b) => a + b, 0);
  const clock = ms => timeText(ms, {style: "clock"});
  const label = `Occurrences per minute in the next hour: ${number(all)}${truncated ? " or more" : ""}. The busiest minute is ${clock(from + at * minute)} with ${most}.`;
  const marks = [[0, clock(from)], [60, clock(from + hour)]];
  if (most > 1 && at > 10 && at < 50) marks.push([at, `${clock(from + at * minute)} · ${most} at once`]);
  return h("div.pad", bars({values: buckets, label, marks, height: 40, strong: most > 1 ? at : -1, minimum: 2}), occurrences.length === 0 && h("p.muted", "Nothing is due."));
}

/** The next of each job: one that runs every second would hide all others. */
function firstOfEach(occurrences) {
  const seen = new Set();
  return occurrences.filter(({at, job_id: id}) => Date.parse(at) >= now() - 1_000 && !seen.has(id) && seen.add(id)).slice(0, 7);
}

const coming = (state, retry) => panel("Next hour", state, {retry, extra: link("What would run", href("/timeline"))}, data => [
  comingPicture(data),
  h("ul.rows.up", firstOfEach(data.occurrences).map(one => h("li", {key: one.job_id, "data-row": one.job_id},
    jobLink({id: one.job_id, name: one.job_name}), h("span.muted.num", time(one.at, {style: "clockSeconds"})))))]);

const workerList = list => h("ul.rows.up", list.map(one => h("li", {key: one.worker}, h("span", h("b.strong", one.worker),
  !one.ok && h("span.st.c-failed", mark("failed"), "has problems")), h("span.muted", one.started ? `${number(one.active)} running` : "not started"))));

const workers = state => state.data?.workers?.length > 0 &&
  panel("Workers", state, {extra: data => `${data.workers.filter(one => one.started).length} alive`}, data => workerList(data.workers));

// ---- the page

const program = `#include <carillon/carillon.hpp>
#include <iostream>

int main() {
    carillon::SchedulerFacade<> scheduler({.default_time_zone = "UTC"});
    scheduler.create_job("TENANT", {.name = "Hello", .schedule = "@every 10s", .action = {{"type", "hello"}}});
    carillon::Worker worker{scheduler, {.threads = 1}};
    worker.handle("hello", [](carillon::RunContext&) { return nlohmann::json("hello"); });
    worker.start();
    std::cin.get();
}`;

const firstJob = () => h("section.card", {key: "first"}, empty("No jobs yet", "Make one here, or from your program:",
  can("write") && linkButton("New job", href("/jobs/new"), {kind: "primary", icon: "plus"})), h("div.pad", h("pre", {tabindex: 0, role: "group", "aria-label": "Program"}, program.replace("TENANT", session.tenant))));

function summary({attention_total: n}) {
  return n ? `${plural(n, "job")} ${n === 1 ? "needs" : "need"} attention. Everything else goes on.` : "Everything goes on as planned.";
}

function total(stats) {
  return stats.total ?? Object.values(stats.jobs ?? {}).reduce((a, b) => a + b, 0);
}

page("/overview", {
  nav: "overview",
  title: () => "Overview",
  main: "stats",
  panels: {stats, running, coming: nextHour},
  live: {jobs: ["stats", "coming"], runs: ["stats", "running"], stats: ["stats", "running"], workers: ["stats"]},
  view: (ctx, p) => [
    head({title: "Overview", sub: summary(p.stats.data)}),
    pulse(p.stats.data),
    total(p.stats.data) === 0 ? firstJob() : h("div.grid.g21", {key: "panels"},
      h("div.stack", attention(p.stats, () => ctx.reload("stats")), runningNow(p.running, () => ctx.reload("running"))),
      h("div.stack", coming(p.coming, () => ctx.reload("coming")), workers(p.stats)))],
});

