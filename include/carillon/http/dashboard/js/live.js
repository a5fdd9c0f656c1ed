// SPDX-License-Identifier: MIT
// live.js - how the page hears of changes: one stream per browser, led by one tab, and polling wherever that fails.
//
// What arrives is a hint, never the truth: pages load again what they show.
import {api} from "./api.js";
import {emit, on, prefs, session} from "./state.js";
import {timeText} from "./time.js";
import * as router from "./router.js";

const pollEvery = 5_000, pollHidden = 60_000, silence = 40_000, hiddenFor = 30_000;
let isPaused = prefs.get("paused", false);
let mode = "starting"; // live, polling, offline
let offlineSince = null;
let lastId = null;
let heardAt = 0;
let pending = []; // hints that wait for a menu, a dialog or a field
let channel = null;
let streaming = null;
let isLeader = false;

export function liveState() {
  if (offlineSince) return {name: "offline", text: `Offline since ${timeText(offlineSince, {style: "clock"})}`};
  if (isPaused) return {name: "paused", text: "Paused"};
  if (router.isWaiting()) return {name: "waiting", text: "Waiting"};
  return mode === "live" ? {name: "live", text: "Live"} : {name: "polling", text: `Polling ${pollEvery / 1_000} s`};
}

function become(wanted) {
  if (mode === wanted) return;
  mode = wanted;
  emit("live");
}

export function togglePause() {
  isPaused = !isPaused;
  prefs.set("paused", isPaused);
  emit("live");
  if (!isPaused) tell({name: "all"});
}

// ---- hints reach the page a few at a time

function tell(hint) {
  if (pending.some(one => one.name === "all")) return;
  pending = hint.name === "all" ? [hint] : [...pending, hint];
  if (pending.length > 100) pending = [{name: "all"}];
}

function deliver() {
  if (!pending.length || document.hidden || isPaused || router.isWaiting()) return;
  const hints = pending;
  pending = [];
  if (hints[0].name === "all") return router.hinted(hints[0]);
  for (const name of new Set(hints.map(hint => hint.name))) router.hinted(merged(name, hints));
}

function merged(name, hints) {
  const same = hints.filter(hint => hint.name === name).map(hint => hint.data ?? {});
  const all = same.some(data => data.all);
  const list = member => [...new Set(same.flatMap(data => data[member] ?? []))];
  return {name, all, ids: list("ids"), job_ids: list("job_ids"), data: same.at(-1)};
}

/** Whether a hint may be about this id. */
export const touches = (hint, id) => hint.name === "all" || hint.all || hint.ids?.includes(id) || hint.job_ids?.includes(id);

// ---- the stream

function arrived(event) {
  if (event.id) lastId = event.id;
  if (event.name === "hello") return become("live");
  if (event.name === "bye") return streaming?.abort();
  const hint = event.name === "reset" ? {name: "all"} : {name: event.name, data: event.data};
  tell(hint);
  channel?.postMessage({hint});
}

function eventOf(block) {
  const event = {name: "message", data: "", id: null};
  for (const line of block.split("\n")) {
    const [, field, value] = /^([a-z]+): ?(.*)$/.exec(line) ?? [];
    if (field === "event") event.name = value;
    else if (field === "id") event.id = value;
    else if (field === "data") event.data += value;
  }
  try {
    event.data = event.data ? JSON.parse(event.data) : null;
  } catch {
    return null;
  }
  return event.data ? event : null;
}

async function read(body, heard) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const {done, value} = await reader.read();
    if (done) return;
    heard();
    const blocks = (text + value.replaceAll("\r", "")).split("\n\n");
    text = blocks.pop();
    for (const event of blocks.map(eventOf)) if (event) arrived(event);
  }
}

/** One stream until it ends; whether it ever spoke. */
async function listen() {
  const call = streaming = new AbortController();
  let spoke = false, guard = null;
  const heard = () => {
    spoke = true;
    heardAt = Date.now();
    channel?.postMessage({alive: true});
    clearTimeout(guard);
    guard = setTimeout(() => call.abort(), silence);
  };
  guard = setTimeout(() => call.abort(), silence);
  try {
    const response = await api.stream({}, lastId ? {"Last-Event-ID": lastId} : {}, call.signal);
    if (response.status === 404) return "absent";
    if (!response.ok) return "refused";
    tell({name: "all"}); // whatever happened in between
    await read(response.body, heard);
  } catch { /* the loop below tries again */ }
  clearTimeout(guard);
  return spoke ? "ended" : "failed";
}

const sleep = (ms, signal) => new Promise(resolve => {
  const timer = setTimeout(resolve, ms);
  signal.addEventListener("abort", () => { clearTimeout(timer); resolve(); }, {once: true});
});

async function keepListening(signal) {
  signal.addEventListener("abort", () => streaming?.abort(), {once: true});
  for (let failures = 0; !signal.aborted;) {
    const end = await listen();
    failures = end === "ended" ? 0 : failures + 1;
    if (end === "refused" || end === "absent" || failures >= 2) become("polling");
    const wait = end === "absent" ? 60_000 : Math.min(60_000, 1_000 * 2 ** failures);
    await sleep(wait * (.75 + Math.random() / 2), signal);
  }
}

// ---- who listens

/** A visible tab asks to lead; a hidden one lets go after a while, so that the stream belongs to a tab somebody sees. */
function lead() {
  let wish = null, letGo = null;
  const ask = () => {
    if (wish) return;
    wish = new AbortController();
    const {signal} = wish;
    const run = () => { isLeader = true; return keepListening(signal).finally(() => { isLeader = false; }); };
    if (navigator.locks) navigator.locks.request(`carillon ${location.pathname} ${session.tenant}`, {signal}, run).catch(() => {});
    else run();
  };
  const watch = () => {
    clearTimeout(letGo);
    if (!document.hidden) ask();
    else letGo = setTimeout(() => { wish?.abort(); wish = null; }, hiddenFor);
  };
  document.addEventListener("visibilitychange", watch);
  watch();
}

function follow() {
  channel = window.BroadcastChannel ? new BroadcastChannel(`carillon ${location.pathname} ${session.tenant}`) : null;
  channel?.addEventListener("message", ({data}) => {
    if (data.isThereOne) {
      if (isLeader && mode === "live") channel.postMessage({alive: true});
      return;
    }
    heardAt = Date.now();
    if (!isLeader) become("live");
    if (data.hint) tell(data.hint);
  });
  channel?.postMessage({isThereOne: true});
}

function poll() {
  const isHeard = Date.now() - heardAt < silence;
  if (!isHeard && mode === "live") become("polling");
  if (mode !== "live" || offlineSince) tell({name: "all"});
  setTimeout(poll, document.hidden ? pollHidden : pollEvery);
}

export function start() {
  on("reached", ok => {
    if (ok === (offlineSince === null)) return;
    offlineSince = ok ? null : Date.now();
    if (ok) tell({name: "all"});
    emit("live");
  });
  addEventListener("offline", () => emit("reached", false));
  addEventListener("online", () => tell({name: "all"}));
  for (const event of ["focusin", "focusout"]) document.addEventListener(event, () => setTimeout(() => emit("live")));
  document.addEventListener("visibilitychange", () => { if (!document.hidden) tell({name: "all"}); });
  follow();
  lead();
  setTimeout(poll, pollEvery);
  setInterval(deliver, 500);
}
