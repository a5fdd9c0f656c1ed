// SPDX-License-Identifier: MIT
// charts.js - small pictures of many runs. Each says in a sentence what it shows.
import {s} from "./dom.js";
import {LABEL} from "./ui.js";

const bar = (x, y, w, height, props) => s("rect", {x, y, width: w, height: Math.max(0, height), rx: 1.5, ...props});
const outline = (x, y, w, height, props) =>
  bar(x + .6, y + .6, w - 1.2, height - 1.2, {fill: "none", stroke: "currentColor", "stroke-width": 1.2, ...props});

/** One outcome as a bar: its shape says what happened, its height how long it took. */
function outcomeBar({status, duration_ms: ms}, x, w, tall, most) {
  const height = ms == null ? 5 : 5 + (tall - 5) * Math.sqrt(ms / most);
  switch (status) {
    case "failed": return [bar(x, 0, w, tall, {fill: "currentColor"}),
      s("path", {d: `M${x + 1.3} 3.3l${w - 2.6} ${w - 2.6}M${x + w - 1.3} 3.3l${2.6 - w} ${w - 2.6}`, class: "cut", "stroke-width": 1.3})];
    case "timed_out": return [outline(x, 0, w, tall), bar(x, tall / 2, w, tall / 2, {fill: "currentColor"})];
    case "skipped": return outline(x, tall - 7, w, 7);
    case "cancelled": return [outline(x, tall - 12, w, 12), s("path", {d: `M${x} ${tall}l${w} -12`, stroke: "currentColor", "stroke-width": 1.2})];
    case "running": return [outline(x, tall - 12, w, 12, {class: "tinted", "stroke-dasharray": "2 1.5"}),
      s("circle", {cx: x + w / 2, cy: tall - 6, r: 1.6, fill: "currentColor", class: "pulsing"})];
    case "pending": return outline(x, tall - 7, w, 7, {"stroke-dasharray": "1.5 1.5"});
    default: return bar(x, tall - height, w, height, {fill: "currentColor", opacity: .82});
  }
}

function countText(outcomes) {
  const counts = new Map();
  for (const {status} of outcomes) counts.set(status, (counts.get(status) ?? 0) + 1);
  return [...counts].map(([status, n]) => `${n} ${LABEL[status].toLowerCase()}`).join(", ");
}

export function strip(outcomes, {w = 6, h: tall = 24, slots = outcomes.length} = {}) {
  const gap = 2, width = slots * (w + gap) - gap;
  if (!outcomes.length) return s("svg", {width: Math.max(width, 1), height: tall, role: "img", "aria-label": "No runs yet", class: "strip"});
  const most = Math.max(1, ...outcomes.map(one => one.duration_ms ?? 0));
  const label = `Last ${outcomes.length} runs: ${countText(outcomes)}; latest ${LABEL[outcomes.at(-1).status].toLowerCase()}`;
  const first = slots - outcomes.length;
  return s("svg", {width, height: tall, viewBox: `0 0 ${width} ${tall}`, role: "img", "aria-label": label, class: "strip"},
    s("title", label), outcomes.map((one, i) => s("g", {class: `c-${one.status}`}, outcomeBar(one, (first + i) * (w + gap), w, tall, most))));
}

export const sample = status => s("svg", {width: 6, height: 14, viewBox: "0 0 6 14", "aria-hidden": "true", class: `c-${status}`},
  outcomeBar({status, duration_ms: 1}, 0, 6, 14, 1));

/** Stacked bars that fill their box; `marks` are [index, text] below the base line, `strong` an index to stand out. */
export function bars({values, bad = [], label, marks = [], height = 58, strong = -1, minimum = 0}) {
  const n = values.length, step = 10;
  const most = Math.max(1, ...values.map((v, i) => v + (bad[i] ?? 0)));
  const tall = v => v === 0 ? 0 : Math.max(minimum, height * v / most);
  const columns = values.map((v, i) => {
    const ok = tall(v), no = bad[i] ? Math.max(3, height * bad[i] / most) : 0, base = Math.min(ok, height - no);
    return [bar(i * step + 1, height - base, step - 2, base, {class: i === strong ? "column strong" : "column"}),
      no > 0 && bar(i * step + 1, height - base - no, step - 2, no, {class: "column bad"})];
  });
  return [s("svg", {viewBox: `0 0 ${n * step} ${height + 1}`, preserveAspectRatio: "none", role: "img", "aria-label": label, class: "bars"},
    s("title", label), columns, s("path", {d: `M0 ${height + .5}H${n * step}`, class: "base"})),
  marks.length > 0 && axis(n, marks)];
}

// Text in a stretched picture would be stretched too: the labels are a second picture, which is not.
function axis(n, marks) {
  return s("svg", {class: "axis", width: "100%", height: 16, "aria-hidden": "true"}, marks.map(([at, text]) => {
    const share = at / n;
    return s("text", {x: `${share * 100}%`, y: 12, "text-anchor": share < .05 ? "start" : share > .95 ? "end" : "middle"}, text);
  }));
}

/** The pattern of skipped days; `id` is used as url(#id). */
export const hatch = (id = "hatch") => s("defs", s("pattern", {id, width: 5, height: 5, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)"},
  s("rect", {width: 5, height: 5, class: "hatch-ground"}), s("path", {d: "M0 0V5", class: "hatch-line"})));

/** A logarithmic scale from [low, high] to [bottom, top]. */
export function log([low, high], [bottom, top]) {
  const from = Math.log(Math.max(low, 1)), to = Math.log(Math.max(high, low + 1, 2));
  return v => bottom + (top - bottom) * (Math.log(Math.max(v, 1)) - from) / (to - from || 1);
}
