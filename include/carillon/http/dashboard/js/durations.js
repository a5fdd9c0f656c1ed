// SPDX-License-Identifier: MIT
// durations.js - how long the last runs of a job took: a dot for each on a logarithmic scale, with what is usual behind.
import {h, s} from "./dom.js";
import {log} from "./charts.js";
import {mark} from "./icons.js";
import {duration, time, timeText} from "./time.js";
import {LABEL, plural, status} from "./ui.js";

const height = 150, base = 128, top = 10;

/** The value below which that share of the sorted values lies. */
function quantile(sorted, share) {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
}

function statistics(runs) {
  const sorted = runs.filter(run => run.status === "completed" && run.duration_ms != null).map(run => run.duration_ms).sort((a, b) => a - b);
  return sorted.length ? {p50: quantile(sorted, .5), p95: quantile(sorted, .95), n: sorted.length} : null;
}

export function durationText(runs) {
  const found = statistics(runs);
  return found ? `p50 ${duration(found.p50)}, p95 ${duration(found.p95)}` : "";
}

function ticks(low, high) {
  const all = [1, 10, 100, 1_000, 10_000, 60_000, 600_000, 3_600_000, 21_600_000, 86_400_000];
  const inside = all.filter(ms => ms > low * 1.3 && ms < high / 1.3);
  return inside.length > 4 ? inside.filter((_, i) => i % 2 === 0) : inside;
}

function dot(run, x, y) {
  const at = `${x}%`;
  if (run.status === "completed") return s("circle", {cx: at, cy: y, r: 3, fill: "currentColor", opacity: .75});
  if (run.status === "skipped") return s("rect", {x: at, y: base - 6, width: 4, height: 6, transform: "translate(-2 0)", fill: "none", stroke: "currentColor"});
  return s("svg", {x: at, y: y - 6, width: 12, height: 12, overflow: "visible"}, s("g", {transform: "translate(-6 0)"}, mark(run.status, 12)));
}

/** `runs` come the latest first. */
export function durations(runs, zone) {
  const shown = runs.filter(run => !["pending", "running"].includes(run.status)).slice(0, 100).reverse();
  const taken = shown.filter(run => run.duration_ms != null).map(run => Math.max(1, run.duration_ms));
  if (!taken.length) return h("p.muted.pad", {key: "none"}, "No run has ended yet.");
  const low = Math.min(...taken), high = Math.max(...taken, low * 3);
  const y = log([low / 1.5, high * 1.2], [base, top]), usual = statistics(shown);
  const x = i => 2 + 96 * (shown.length === 1 ? .5 : i / (shown.length - 1));
  const bad = shown.filter(run => ["failed", "timed_out"].includes(run.status));
  const label = `${plural(shown.length, "run")}${usual ? `, typically ${duration(usual.p50)}, 95 % within ${duration(usual.p95)}` : ""}, longest ${duration(Math.max(...taken))}; ${
    bad.length ? `${bad.length} failed or timed out, the last ${timeText(bad.at(-1).scheduled_for, {zone})}` : "none failed"}`;
  return h("div.pad", {key: "durations"}, s("svg", {width: "100%", height, role: "img", "aria-label": label, class: "durations"}, s("title", label),
    usual && s("rect", {x: 0, width: "100%", y: y(usual.p95), height: Math.max(2, y(usual.p50) - y(usual.p95)), class: "band"}),
    usual && s("line", {x1: 0, x2: "100%", y1: y(usual.p50), y2: y(usual.p50), class: "middle"}),
    ticks(low, high).map(ms => [s("line", {x1: 0, x2: "100%", y1: y(ms), y2: y(ms), class: "rule"}), s("text", {x: 0, y: y(ms) - 3}, duration(ms))]),
    s("line", {x1: 0, x2: "100%", y1: base, y2: base, class: "base"}),
    shown.map((run, i) => s("g", {class: `c-${run.status}`}, s("title", `${timeText(run.scheduled_for, {zone})}: ${LABEL[run.status]}, ${duration(run.duration_ms)}`), dot(run, x(i), run.duration_ms == null ? base : y(run.duration_ms)))),
    s("text", {x: 0, y: height - 6}, timeText(shown[0].scheduled_for, {zone, style: "day"})),
    s("text", {x: "100%", y: height - 6, "text-anchor": "end"}, timeText(shown.at(-1).scheduled_for, {zone, style: "day"}))));
}

export const durationsTable = (runs, zone) => h("table", h("caption.sr", "How long each run took"),
  h("thead", h("tr", h("th", {scope: "col"}, "Scheduled for"), h("th", {scope: "col"}, "Outcome"), h("th.num", {scope: "col"}, "Duration"))),
  h("tbody", runs.slice(0, 100).map(run => h("tr", {key: run.id}, h("td", time(run.scheduled_for, {zone})), h("td", status(run.status)), h("td.num", duration(run.duration_ms))))));
