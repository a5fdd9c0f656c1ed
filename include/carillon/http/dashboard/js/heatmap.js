// SPDX-License-Identifier: MIT
// heatmap.js - what became of a job day by day: weeks as columns, Monday first. Success is quiet, anything else has a shape.
import {h, s} from "./dom.js";
import {hatch} from "./charts.js";
import {duration} from "./time.js";
import {number, plural, REASON} from "./ui.js";

const dayMs = 86_400_000, size = 17, step = 20, left = 30, top = 18;
const dayOf = text => Date.parse(`${text}T00:00:00Z`);
const textOf = at => new Date(at).toISOString().slice(0, 10);
const sum = counts => Object.values(counts ?? {}).reduce((a, b) => a + b, 0);
const named = (text, options) => new Date(dayOf(text)).toLocaleDateString("en-GB", {timeZone: "UTC", ...options});
const long = text => named(text, {weekday: "short", day: "numeric", month: "short", year: "numeric"});

/** The Monday of the first of so many weeks, of which the last has `today` in it and `ahead` follow. */
export function firstDay(today, weeks, ahead = 0) {
  const monday = dayOf(today) - ((new Date(dayOf(today)).getUTCDay() + 6) % 7) * dayMs;
  return textOf(monday - (weeks - 1 - ahead) * 7 * dayMs);
}

// ---- one day

function shadeOf(day, most, byDuration) {
  const value = byDuration ? day.p50_ms ?? 0 : day.completed;
  if (!day.completed) return 0;
  return 1 + Math.min(3, Math.floor(4 * (byDuration ? Math.sqrt(value / most) : value / most) * .999));
}

function words(day) {
  const parts = [["completed", day.completed], ["failed", day.failed], ["timed out", day.timed_out], ["cancelled", day.cancelled]]
    .filter(([, n]) => n > 0).map(([text, n]) => `${number(n)} ${text}`);
  for (const [reason, n] of Object.entries(day.skipped)) parts.push(`${number(n)} skipped: ${REASON[reason] ?? reason}`);
  return `${long(day.day)}: ${parts.join(", ")}${day.p50_ms == null ? "" : `, typically ${duration(day.p50_ms)}`}`;
}

const rect = (x, y, props) => s("rect", {x, y, width: size, height: size, rx: 3, ...props});

function cell(day, x, y, most, byDuration) {
  const m = size / 2, shapes = [];
  if (!day.completed && sum(day.skipped) > 0) shapes.push(rect(x, y, {fill: "url(#hatch)"}));
  else shapes.push(rect(x, y, {class: `heat${shadeOf(day, most, byDuration)}`}));
  if (day.failed) shapes.push(rect(x, y, {class: "day-failed"}), s("path", {d: `M${x + 5} ${y + 5}l7 7M${x + 12} ${y + 5}l-7 7`, class: "cut", "stroke-width": 1.8}));
  else if (day.timed_out) shapes.push(s("g", {class: "day-late"}, rect(x + .75, y + .75, {width: size - 1.5, height: size - 1.5}), s("path", {d: `M${x + m} ${y + 4.5}v4.2l2.8 1.7`})));
  return s("g", s("title", words(day)), shapes);
}

// ---- the picture

function sentence(days, from, to) {
  const all = days.reduce((n, day) => ({ok: n.ok + day.completed, no: n.no + day.failed + day.timed_out, skipped: n.skipped + sum(day.skipped)}), {ok: 0, no: 0, skipped: 0});
  const bad = days.filter(day => day.failed || day.timed_out);
  const last = bad.length ? `; the last bad day was ${long(bad.at(-1).day)}` : "";
  return `${long(from)} to ${long(to)}: ${number(all.ok)} completed, ${number(all.no)} failed or timed out, ${number(all.skipped)} skipped${last}`;
}

function months(from, weeks) {
  const labels = [];
  for (let week = 0, shown = ""; week < weeks; week += 1) {
    const name = named(textOf(dayOf(from) + week * 7 * dayMs), {month: "short"});
    if (name !== shown && (week > 0 || weeks < 8 || named(textOf(dayOf(from) + 14 * dayMs), {month: "short"}) === name))
      labels.push(s("text", {x: left + week * step, y: 11}, name));
    shown = name;
  }
  return labels;
}

/** `planned` are days on which it will run. */
export function heatmap({days, from, weeks, today, planned = []}) {
  const known = new Map(days.map(day => [day.day, day])), will = new Set(planned);
  const byDuration = days.every(day => day.completed <= 1);
  const most = Math.max(1, ...days.map(day => byDuration ? day.p50_ms ?? 0 : day.completed));
  const width = left + weeks * step, height = top + 7 * step, label = sentence(days, from, today);
  const cells = [];
  for (let i = 0; i < weeks * 7; i += 1) {
    const day = textOf(dayOf(from) + i * dayMs), x = left + Math.floor(i / 7) * step, y = top + i % 7 * step;
    if (known.has(day)) cells.push(cell(known.get(day), x, y, most, byDuration));
    else if (day <= today) cells.push(rect(x, y, {class: "heat0"}));
    else if (will.has(day)) cells.push(s("g", s("title", `${long(day)}: planned`), rect(x + .75, y + .75, {width: size - 1.5, height: size - 1.5, class: "day-planned"})));
    if (day === today) cells.push(s("rect", {x: x - 1.5, y: y - 1.5, width: size + 3, height: size + 3, rx: 4, class: "day-today"}));
  }
  return h("div.pad.heat", {key: "heat"},
    s("svg", {viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": label},
      hatch(), ["Mon", "Wed", "Fri", "Sun"].map((name, i) => s("text", {x: 0, y: top + i * 2 * step + 12}, name)), months(from, weeks), cells),
    legend(byDuration));
}

const sampleOf = (shape, text) => h("span.sq", s("svg", {width: size, height: size, viewBox: `0 0 ${size} ${size}`, "aria-hidden": "true"}, shape), text);
const blank = {failed: 0, timed_out: 0, completed: 0, skipped: {}, cancelled: 0, day: "2000-01-01", p50_ms: null};

const legend = byDuration => h("div.legend", h("span.sq", byDuration ? "quick" : "few",
  s("svg", {width: 5 * size, height: size, "aria-hidden": "true"}, [0, 1, 2, 3, 4].map(i => rect(i * size + 1, 0, {width: size - 2, class: `heat${i}`}))), byDuration ? "long" : "many"),
  sampleOf(cell({...blank, failed: 1}, 0, 0, 1, false), "failed"), sampleOf(cell({...blank, timed_out: 1}, 0, 0, 1, false), "timed out"),
  sampleOf(rect(0, 0, {fill: "url(#hatch)"}), "skipped"), sampleOf(rect(.75, .75, {width: size - 1.5, height: size - 1.5, class: "day-planned"}), "planned"));

export const daysTable = days => h("table", h("caption.sr", "Day by day"),
  h("thead", h("tr", ["Day", "Completed", "Failed", "Timed out", "Skipped", "Typical"].map((name, i) => h("th", {scope: "col", class: i > 0 && "num"}, name)))),
  h("tbody", [...days].reverse().map(day => h("tr", {key: day.day}, h("td", long(day.day)),
    [day.completed, day.failed, day.timed_out, sum(day.skipped)].map(n => h("td.num", number(n))), h("td.num", duration(day.p50_ms))))));

export const daysText = days => plural(days.length, "day");
