// SPDX-License-Identifier: MIT
// time.js - what time it is, and how instants and durations are written: always with an offset, UTC always at hand.
import {h} from "./dom.js";
import {emit, prefs} from "./state.js";

// ---- the clock: the server's, carried on by a steady one

let origin = Date.now() - performance.now();
export const now = () => origin + performance.now();

/** `Date` has whole seconds, so that smaller differences mean nothing. */
export function heardServer(date) {
  const server = Date.parse(date ?? "");
  if (Number.isFinite(server) && Math.abs(server + 500 - now()) > 2_000) origin = server + 500 - performance.now();
}

// ---- whose zone

const modes = ["job", "mine", "utc"];
let mode = prefs.get("zone", "job");
export const zoneMode = () => mode;
export const mine = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";

export function setZone(wanted, {remember = true} = {}) {
  if (!modes.includes(wanted) || wanted === mode) return;
  mode = wanted;
  if (remember) prefs.set("zone", wanted);
  emit("zone", mode);
  emit("redraw");
}
export const nextZone = () => setZone(modes[(modes.indexOf(mode) + 1) % modes.length]);

/** What belongs to no job, or to many, is told by the viewer's own clock. */
export const zoneFor = zone => mode === "utc" ? "UTC" : mode === "mine" ? mine : zone || mine;
export const zoneLabel = zone => zoneFor(zone).replaceAll("_", " ");

const formats = new Map();
function format(zone, options) {
  const name = zone + JSON.stringify(options);
  let made = formats.get(name);
  if (!made) {
    try {
      made = new Intl.DateTimeFormat("en-GB", {timeZone: zone, hourCycle: "h23", ...options});
    } catch { // a zone that this browser does not know
      made = new Intl.DateTimeFormat("en-GB", {timeZone: "UTC", hourCycle: "h23", ...options});
    }
    formats.set(name, made);
  }
  return made;
}

const clock = {hour: "2-digit", minute: "2-digit"};
const clockSeconds = {...clock, second: "2-digit"};
const dayOptions = {weekday: "short", day: "numeric", month: "short"};

function offsetText(at, zone) {
  const part = format(zone, {timeZoneName: "shortOffset"}).formatToParts(at).find(p => p.type === "timeZoneName");
  return (part?.value ?? "GMT").replace("GMT", "UTC").replace(/^UTC[+-]0$/, "UTC").replace("-", "−");
}
export const offsetNow = zone => offsetText(now(), zone || "UTC");

/** When clocks are set back an hour comes twice: which of the two this is. */
function repeated(at, zone) {
  const options = {...dayOptions, ...clock}, here = format(zone, options).format(at);
  if (offsetText(at + 3_600_000, zone) !== offsetText(at, zone) && format(zone, options).format(at + 3_600_000) === here)
    return " (first)";
  if (offsetText(at - 3_600_000, zone) !== offsetText(at, zone) && format(zone, options).format(at - 3_600_000) === here)
    return " (second)";
  return "";
}

function dayText(at, zone) {
  const isThisYear = format(zone, {year: "numeric"}).format(at) === format(zone, {year: "numeric"}).format(now());
  return format(zone, isThisYear ? dayOptions : {...dayOptions, year: "numeric"}).format(at).replaceAll(",", "");
}

// A page has hundreds of instants, is drawn often, and Intl takes its time.
const texts = new Map();
function textOf(at, zone, style) {
  const name = `${at} ${zone} ${style}`;
  let text = texts.get(name);
  if (text === undefined) {
    if (texts.size > 5_000) texts.clear();
    texts.set(name, text = makeText(at, zone, style));
  }
  return text;
}

function makeText(at, zone, style) {
  if (style === "day") return dayText(at, zone);
  if (style === "clock") return format(zone, clock).format(at);
  if (style === "clockSeconds") return format(zone, clockSeconds).format(at);
  const hours = format(zone, style === "seconds" ? clockSeconds : clock).format(at);
  return `${dayText(at, zone)} ${hours} ${offsetText(at, zone)}${repeated(at, zone)}`;
}

const utcTitle = at => new Date(at).toISOString().replace(".000Z", "Z");
const millis = at => typeof at === "number" ? at : Date.parse(at);

/** An instant (RFC 3339 or ms) in the zone of the switch. */
export function time(at, {zone = null, style = "full"} = {}) {
  const ms = millis(at);
  if (!Number.isFinite(ms)) return h("span.muted", "–");
  const here = zoneFor(zone);
  return h("time.nowrap", {datetime: utcTitle(ms), title: `${utcTitle(ms)} · ${textOf(ms, here, "seconds")}`}, textOf(ms, here, style));
}
export const timeText = (at, {zone = null, style = "full"} = {}) => textOf(millis(at), zoneFor(zone), style);

/** An occurrence as the server wrote it: its table of zones is the one that fires. */
export function occurrence(o, {zone = null, style = "full"} = {}) {
  if (mode !== "job" || !o.local) return time(o.at, {zone, style});
  const [date, hours] = o.local.split(/[T ]/);
  const noon = Date.parse(`${date}T12:00:00Z`);
  const offset = o.offset === "+00:00" ? "UTC" : "UTC" + o.offset.replace(/^([+-])0/, "$1").replace(/:00$/, "").replace("-", "−");
  const shown = hours.slice(0, style === "seconds" || !hours.endsWith(":00") ? 8 : 5);
  const text = style === "clock" ? hours.slice(0, 5) : style === "day" ? dayText(noon, "UTC") :
    `${dayText(noon, "UTC")} ${shown} ${offset}${repeated(millis(o.at), zone || "UTC")}`;
  return h("time.nowrap", {datetime: utcTitle(millis(o.at)), title: `${utcTitle(millis(o.at))} · ${o.abbr}`}, text);
}

/** The instant that clocks in the zone show as `local`, "2026-10-25T02:30"; the first of two. */
export function instantAt(local, zone) {
  const shown = at => Date.parse(`${format(zone, {year: "numeric", month: "2-digit", day: "2-digit", ...clockSeconds}).format(at).replace(/^(\d+)\/(\d+)\/(\d+), /, "$3-$2-$1T")}Z`);
  const wanted = Date.parse(`${local}Z`), found = [];
  for (const guess of [wanted - 86_400_000, wanted + 86_400_000]) {
    const at = wanted - (shown(guess) - guess);
    if (shown(at) === wanted) found.push(at);
  }
  return Math.min(...found, ...found.length ? [] : [wanted - (shown(wanted - 86_400_000) - (wanted - 86_400_000))]);
}
/** What clocks in the zone show then, as a field for dates and times has it. */
export function localAt(at, zone) {
  const parts = Object.fromEntries(format(zone, {year: "numeric", month: "2-digit", day: "2-digit", ...clockSeconds}).formatToParts(at).map(p => [p.type, p.value]));
  return `${parts.year}-${parts.month}-${parts.day}T${parts.hour}:${parts.minute}:${parts.second}`;
}

// ---- how long

export function duration(ms) {
  if (ms == null || !Number.isFinite(ms)) return "–";
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(Math.floor(ms / 100) / 10).toFixed(1)} s`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, "0")} s`;
  return `${Math.floor(seconds / 3_600)} h ${String(Math.floor(seconds % 3_600 / 60)).padStart(2, "0")} min`;
}

/** Two units at most. */
export function spoken(ms) {
  const all = [["d", 86_400_000], ["h", 3_600_000], ["min", 60_000], ["s", 1_000]];
  let left = Math.abs(ms);
  if (left < 1_000) return "0 s";
  const first = all.findIndex(([, size]) => left >= size);
  const parts = [];
  for (const [unit, size] of all.slice(first, first + (first < 2 ? 2 : 1))) {
    const n = Math.floor(left / size);
    left -= n * size;
    if (n > 0) parts.push(`${n} ${unit}`);
  }
  return parts.join(" ");
}

const units = {ns: 1e-6, us: 1e-3, ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000};
export function parseDuration(text) {
  if (!text || !/^(\d+(\.\d+)?(ns|us|ms|s|m|h|d|w))+$/.test(text)) return text === "0" ? 0 : null;
  return [...text.matchAll(/(\d+(?:\.\d+)?)(ns|us|ms|s|m|h|d|w)/g)].reduce((sum, [, n, unit]) => sum + Number(n) * units[unit], 0);
}
export const shortDuration = text =>
  text == null ? "–" : text.replace(/(\d)([a-z]+)/g, (_, n, unit) => `${n} ${unit === "m" ? "min" : unit} `).trim();

// ---- texts that change by themselves

function relativeText(at, kind) {
  const left = at - now();
  if (kind === "since") return duration(Math.max(0, Math.floor(-left / 1_000) * 1_000));
  if (kind === "due" && left < 1_000) return left > -5_000 ? "due now" : `due for ${spoken(left)}`;
  if (Math.abs(left) < 1_000) return "now";
  return left > 0 ? `in ${spoken(left)}` : `${spoken(left)} ago`;
}

function ticking(at, kind) {
  const ms = millis(at);
  if (!Number.isFinite(ms)) return h("span.muted", "–");
  return h("time.nowrap", {datetime: utcTitle(ms), title: utcTitle(ms), "data-tick": kind, "data-at": ms}, relativeText(ms, kind));
}
export const relative = at => ticking(at, "relative");
/** For what should happen at that time: it is late rather than ago. */
export const due = at => ticking(at, "due");
export const since = at => ticking(at, "since");

setInterval(() => {
  if (document.hidden) return;
  for (const node of document.querySelectorAll("time[data-tick]")) {
    const text = relativeText(Number(node.dataset.at), node.dataset.tick);
    if (node.firstChild?.data !== text) node.firstChild.data = text;
  }
}, 1_000);

export function zones() {
  const all = Intl.supportedValuesOf?.("timeZone") ?? [];
  return [...new Set([mine, "UTC", ...all])];
}
