// SPDX-License-Identifier: MIT
// page_run.js - one run: how it went, attempt by attempt, what it was given and what it gave back.
import {api} from "./api.js";
import {cancelRun, changing, retryRun} from "./actions.js";
import {h, s} from "./dom.js";
import {jobOf} from "./names.js";
import {href, page} from "./router.js";
import {can} from "./state.js";
import {toast} from "./overlay.js";
import {duration, now, relative, since, time, timeText} from "./time.js";
import {button, card, defs, head, iconButton, json, LABEL, link, missingPage, number, panel, plural, REASON, status, tag} from "./ui.js";

const isOver = run => !["pending", "running"].includes(run.status);
const run = ctx => api.get(`/runs/${ctx.params.id}`, {signal: ctx.signal});

/** Its job's account of the moment; nothing where the job is gone. */
async function account(ctx) {
  const known = ctx.panels.run.data ?? await run(ctx);
  try {
    return known.trigger === "schedule" ? await api.get(`/jobs/${known.job_id}/explain`, {query: {at: known.scheduled_for}, signal: ctx.signal}) : null;
  } catch (error) {
    if (error.status === 404) return null;
    throw error;
  }
}

// ---- attempts

/** Those before, and the one that is or was the last. */
function attemptsOf(data) {
  const all = data.attempts.map(one => ({...one, status: "failed"}));
  if (data.started_at) all.push({number: data.attempt, started_at: data.started_at, ended_at: data.completed_at, worker: data.worker, error: data.error, fence: data.fence, status: isOver(data) ? data.status : "running"});
  return all;
}

const millis = at => Date.parse(at);
const length = one => one.ended_at ? duration(millis(one.ended_at) - millis(one.started_at)) : since(one.started_at);

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    toast("Copied.");
  } catch {
    toast("The browser does not allow it.", {kind: "error"});
  }
}

const attemptRow = (one, zone) => h("li", {key: `n${one.number}`},
  h("div.l", h("span", h("b", `#${one.number}`), " ", status(one.status)), h("span.nowrap", length(one))),
  h("p.jd", time(one.started_at, {zone, style: "seconds"}), one.worker && [" · ", tag(one.worker)], one.fence != null && ` · fence ${one.fence}`),
  one.error && h("div.l", h("pre.error", {tabindex: 0, role: "group", "aria-label": `Error of attempt ${one.number}`}, one.error), iconButton("copy", "Copy the error", {onclick: () => copy(one.error)})));

// ---- the lane: from when it was due to when it was over

function lane(data, zone) {
  const all = attemptsOf(data), from = millis(data.scheduled_for), to = isOver(data) ? millis(data.completed_at ?? data.scheduled_for) : now();
  const span = Math.max(to - from, 1), x = at => 100 * Math.max(0, Math.min(1, (at - from) / span));
  if (!all.length) return null;
  const waited = millis(all[0].started_at) - from;
  const label = `Due ${timeText(from, {zone, style: "clockSeconds"})}, waited ${duration(waited)}, ${all.map(one => `attempt ${one.number} ${LABEL[one.status].toLowerCase()} after ${duration(millis(one.ended_at ?? new Date(to)) - millis(one.started_at))}`).join(", ")}`;
  const bars = all.map(one => {
    const a = x(millis(one.started_at)), b = one.ended_at ? x(millis(one.ended_at)) : 100;
    return s("g", {class: `c-${one.status}`}, s("title", `Attempt ${one.number}`), s("rect", {x: `${Math.min(a, 99)}%`, y: 6, width: `${Math.max(b - a, 1)}%`, height: 20, rx: 3, fill: "currentColor", opacity: .85}));
  });
  return h("div.pad", {key: "lane"}, s("svg", {width: "100%", height: 50, role: "img", "aria-label": label, class: "lane"},
    s("title", label), s("line", {x1: 0, x2: "100%", y1: 16, y2: 16, class: "wait"}), bars,
    s("text", {x: 0, y: 44}, `due ${timeText(from, {zone, style: "clockSeconds"})}`),
    s("text", {x: "100%", y: 44, "text-anchor": "end"}, isOver(data) ? `over ${timeText(to, {zone, style: "clockSeconds"})}` : "now")));
}

// ---- the page

const TRIGGER = {schedule: "by its schedule", manual: "by hand", retry: "as another run of one before"};

function facts(data, zone) {
  const to = (id, text) => id && link(text, href(`/runs/${id}`));
  return defs([
    ["Scheduled for", time(data.scheduled_for, {zone, style: "seconds"})],
    data.not_before !== data.scheduled_for && ["Not before", time(data.not_before, {zone, style: "seconds"})],
    data.started_at && ["Started", [time(data.started_at, {zone, style: "seconds"}), h("span.muted", ` · ${duration(Math.max(0, millis(data.attempts[0]?.started_at ?? data.started_at) - millis(data.scheduled_for)))} late`)]],
    data.completed_at && ["Over", time(data.completed_at, {zone, style: "seconds"})],
    ["Took", data.status === "running" ? since(data.started_at) : duration(data.duration_ms)],
    ["Made", TRIGGER[data.trigger] ?? data.trigger],
    data.occurrences > 1 && ["Stands for", `${number(data.occurrences)}${data.count_is_minimum ? " or more" : ""} occurrences until ${data.last ? timeText(data.last, {zone}) : "then"}`],
    data.missed_count > 0 && ["Makes up for", plural(data.missed_count, "missed occurrence")],
    data.blocked_by && ["Blocked by", to(data.blocked_by, "the run that was going")],
    data.retry_of && ["Runs again", to(data.retry_of, "the run before")],
    data.abandons > 0 && ["Lost", `${plural(data.abandons, "worker")} disappeared while running it`],
    data.key && ["Key", tag(data.key)],
    data.priority !== 0 && ["Priority", String(data.priority)],
    ["Delivery", data.delivery.replaceAll("_", " ")],
    data.expires_at && ["Expires", time(data.expires_at, {zone})],
    data.idempotency_key && ["Idempotency key", tag(data.idempotency_key)],
    ["Run", h("span.mono", data.id)],
  ]);
}

function header(data, job) {
  const name = job?.name ?? "the job", asked = data.stop_requested && !isOver(data);
  return head({
    crumb: [h("a.link", {href: href("/jobs")}, "Jobs"), " / ", job === null ? "Deleted job" : h("a.link", {href: href(`/jobs/${data.job_id}`)}, job?.name ?? "…")],
    title: ["Run of ", timeText(data.scheduled_for, {zone: job?.time_zone, style: "seconds"})],
    below: h("p.sub", h("span", {class: changing.has(data.id) && "changing"}, status(data.status, {pill: true, label: asked ? "Asked to stop" : null})), " ",
      data.reason && REASON[data.reason], data.reason && " · ", relative(data.completed_at ?? data.started_at ?? data.scheduled_for)),
    actions: can("trigger") && [isOver(data) ? button("Run again", {icon: "retry", kind: "primary", onclick: () => retryRun(data, name)}) :
      button("Cancel", {icon: "stop", kind: "danger", onclick: () => cancelRun(data, name)})],
  });
}

function view(ctx, p) {
  const {data} = p.run, job = jobOf(data.job_id), zone = job?.time_zone, all = attemptsOf(data);
  return [
    header(data, job),
    h("div.grid.g32", {key: "panels"},
      h("div.stack", {key: "left"},
        card("How it went", {extra: all.length > 0 && plural(all.length, "attempt")}, lane(data, zone),
          all.length ? h("ul.rows.attempts", [...all].reverse().map(one => attemptRow(one, zone))) : h("p.pad.muted", isOver(data) ? `No handler was called: ${REASON[data.reason] ?? data.status}.` : "It waits for a worker.")),
        data.status !== "skipped" && card("Result", {pad: true}, data.result == null ? h("p.muted", isOver(data) ? "It returned nothing." : "Not yet.") : json(data.result))),
      h("div.stack", {key: "right"},
        card("Facts", {pad: true}, facts(data, zone)),
        data.trigger === "schedule" && p.account.data !== null && panel("Why", p.account, {pad: true, retry: () => ctx.reload("account")}, found => h("p", found.text)),
        job && card("Action of the job", {pad: true, extra: link("Definition", href(`/jobs/${job.id}`))}, json(job.action)))),
  ];
}

page("/runs/:id", {
  nav: "runs",
  main: "run",
  title: (ctx, p) => p.run.data ? `${LABEL[p.run.data.status]} run of ${jobOf(p.run.data.job_id)?.name ?? "a job"}` : "Run",
  panels: {run, account},
  live: (hint, ctx) => {
    const known = ctx.panels.run.data;
    if (!known || isOver(known)) return [];
    if (hint.name !== "runs" && hint.name !== "all") return [];
    return hint.data?.all || !hint.data?.ids || hint.data.ids.includes(ctx.params.id) ? ["run"] : [];
  },
  keys: {t: {text: "Run again, or cancel", run: ctx => { const known = ctx.panels.run.data; if (known && can("trigger")) (isOver(known) ? retryRun : cancelRun)(known, jobOf(known.job_id)?.name); }}},
  missing: () => missingPage("Not in this tenant, or no longer kept."),
  view,
});
