// SPDX-License-Identifier: MIT
// page_timeline.js - what would run: how much at a time, and which jobs when.
import {api} from "./api.js";
import {bars} from "./charts.js";
import {h, s} from "./dom.js";
import {jobLink, jobOf} from "./names.js";
import {href, page} from "./router.js";
import {now, relative, spoken, time, timeText} from "./time.js";
import {banner, button, card, empty, head, iconButton, number, plural, segmented, table} from "./ui.js";

const spans = {"1h": 3_600_000, "24h": 86_400_000, "7d": 604_800_000};
const most = 10_000, mostLanes = 40, mostRows = 200;

/** From now on where the address does not say. */
function bounds(ctx) {
  const span = spans[ctx.query.get("span")] ?? spans["24h"], given = Date.parse(ctx.query.get("from") ?? "");
  const from = Number.isFinite(given) ? given : Math.floor(now() / 60_000) * 60_000, until = Date.parse(ctx.query.get("to") ?? "");
  return {from, to: Number.isFinite(until) && until > from ? until : from + span, span};
}

async function forecast(ctx) {
  const {from, to} = bounds(ctx);
  const answer = await api.get("/what-would-run", {query: {from: new Date(from).toISOString(), to: new Date(to).toISOString(), limit: most}, signal: ctx.signal});
  return {...answer, from, to};
}

// ---- how much at a time

function peak(buckets) {
  return buckets.reduce((best, n, i) => n > buckets[best] ? i : best, 0);
}

const marksOf = ({from, to}, n) => [0, 1, 2, 3, 4].map(i => [i * n / 4, timeText(from + (to - from) * i / 4, {style: to - from > 2 * spans["24h"] ? "day" : "clock"})]);

function density(data) {
  const {buckets, occurrences, from, to} = data, at = peak(buckets), width = (to - from) / buckets.length;
  const label = `${plural(occurrences.length, "run")} in ${spoken(to - from)}; most, ${number(buckets[at])}, in the ${spoken(width)} from ${timeText(from + at * width)}`;
  return card("How much at a time", {extra: `at most ${number(buckets[at])} in ${spoken(width)}`, pad: true},
    bars({values: buckets, label, strong: buckets[at] > 1 ? at : -1, marks: marksOf(data, buckets.length), minimum: 3}));
}

// ---- which jobs when

function lanesOf(occurrences) {
  const all = new Map();
  for (const one of occurrences) {
    if (!all.has(one.job_id)) all.set(one.job_id, {id: one.job_id, name: one.job_name, at: []});
    all.get(one.job_id).at.push(Date.parse(one.at));
  }
  return [...all.values()].sort((a, b) => a.at[0] - b.at[0]);
}

function lane(one, {from, to}) {
  const share = at => 100 * (at - from) / (to - from), shown = [];
  let last = -1;
  for (const at of one.at) { // what lies closer than a line is wide is one line
    const x = share(at);
    if (x - last < .25) continue;
    shown.push(x);
    last = x;
  }
  const label = `${one.name}: ${plural(one.at.length, "run")}, first ${timeText(one.at[0])}${one.at.length > 1 ? `, last ${timeText(one.at.at(-1))}` : ""}`;
  return s("svg", {width: "100%", height: 22, role: "img", "aria-label": label, class: "when"}, s("title", label), s("line", {x1: 0, x2: "100%", y1: 11, y2: 11, class: "rule"}),
    shown.map(x => s("rect", {x: `${x}%`, y: 3, width: 2.5, height: 16, rx: 1, transform: "translate(-1 0)", class: "tick"})));
}

function lanes(data) {
  const all = lanesOf(data.occurrences);
  return card("Which jobs when", {extra: plural(all.length, "job")}, h("ul.lanes", all.slice(0, mostLanes).map(one => h("li", {key: one.id, "data-row": one.id},
    h("div", jobLink(one.id), h("div.jd", `${number(one.at.length)} ×`)), lane(one, data)))),
  all.length > mostLanes && h("p.pad.muted", `And ${plural(all.length - mostLanes, "more job", "more jobs")}: choose a shorter time to see them.`));
}

const columns = [{name: "at", label: "When"}, {name: "in", label: "In"}, {name: "job", label: "Job"}, {name: "type", label: "Action", opt: true}];
const rowId = one => `${one.job_id}-${one.at}`;
const zoneOf = one => jobOf(one.job_id)?.time_zone;
const list = data => h("details.card.fold", {key: "list"}, h("summary", h("h2", "Show as table")), table({caption: "What would run", columns, rows: data.occurrences.slice(0, mostRows), id: rowId,
  cells: one => [time(one.at, {zone: zoneOf(one), style: "seconds"}), relative(one.at), jobLink(one.job_id), h("span.muted", one.action_type)],
  card: one => [h("div.l", jobLink(one.job_id), relative(one.at)), time(one.at, {zone: zoneOf(one), style: "seconds"})]}),
data.occurrences.length > mostRows && h("p.pad.muted", `The first ${mostRows} of ${number(data.occurrences.length)}.`));

// ---- the page

function tools(ctx) {
  const {from, to, span} = bounds(ctx), length = to - from;
  const move = by => ctx.setQuery({from: new Date(from + by).toISOString(), to: new Date(to + by).toISOString()});
  return h("div.tools", {key: "tools"}, segmented({label: "How long", value: Object.keys(spans).find(name => spans[name] === length) ?? "", items: [["1h", "1 h"], ["24h", "24 h"], ["7d", "7 d"]],
    onpick: name => ctx.setQuery({span: name, to: null})}),
  iconButton("left", "Earlier", {onclick: () => move(-length)}), button("From now", {size: "small", onclick: () => ctx.setQuery({from: null, to: null, span: Object.keys(spans).find(name => spans[name] === span)})}), iconButton("right", "Later", {onclick: () => move(length)}));
}

page("/timeline", {
  nav: "timeline",
  title: () => "Timeline",
  main: "forecast",
  panels: {forecast},
  live: {jobs: ["forecast"]},
  view: (ctx, {forecast: {data}}) => [
    head({title: "Timeline", sub: ["What would run from ", time(data.from), " to ", time(data.to), ", if nothing changes"]}),
    tools(ctx),
    data.truncated && banner("warn", `Stopped at ${number(data.occurrences.length)} occurrences: choose a shorter time.`),
    data.occurrences.length === 0 ? h("section.card", {key: "none"}, empty(["Nothing is due before ", timeText(data.to)], "Paused jobs are not counted.", h("a.btn", {href: href("/jobs")}, "All jobs"))) :
      [density(data), lanes(data), list(data)]],
});
