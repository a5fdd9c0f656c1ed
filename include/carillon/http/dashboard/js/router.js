// SPDX-License-Identifier: MIT
// router.js - which page the address names, what it loads, and when it is drawn again. The hash is the whole state.
import {morph, nodes} from "./dom.js";
import {emit, on} from "./state.js";
import {setZone} from "./time.js";
import {errorPage, loading, missingPage} from "./ui.js";
import {confirm, isOverlayOpen} from "./overlay.js";

const routes = [];
let ctx = null;

export function page(pattern, def) {
  const names = [];
  const source = pattern.replace(/:(\w+)/g, (_, name) => (names.push(name), "([^/]+)"));
  routes.push({match: new RegExp(`^${source}$`), names, def});
}

export const current = () => ctx;

// ---- addresses

function parse(hash) {
  const [path, query = ""] = (hash.startsWith("#/") ? hash.slice(1) : "/overview").split("?");
  return {path: path === "/" ? "/overview" : path.replace(/\/$/, ""), query: new URLSearchParams(query)};
}

export function href(path, query = {}) {
  const pairs = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value != null && value !== "") pairs.set(name, value);
  const zone = parse(location.hash).query.get("tz");
  if (zone && !pairs.has("tz")) pairs.set("tz", zone);
  return `#${path}${pairs.size ? `?${pairs}` : ""}`;
}

export const go = (path, query) => visit(href(path, query));
export const back = () => history.back();

async function visit(hash, {replace = false} = {}) {
  if (!await mayLeave()) return;
  rememberPlace();
  history[replace ? "replaceState" : "pushState"](null, "", hash);
  enter();
}

// ---- leaving and coming back

const places = new Map(); // hash -> {y, focus}: where somebody was, for Back
let shown = "";

function rememberPlace() {
  if (ctx) places.set(shown, {y: scrollY, focus: document.activeElement?.getAttribute("href")});
}

async function mayLeave() {
  const question = ctx?.def.leave?.(ctx);
  return !question || Boolean(await confirm({title: "Leave this page?", text: question, action: "Leave", danger: true}));
}

async function popped() {
  if (location.hash === shown) return;
  const wanted = location.hash;
  if (ctx?.def.leave?.(ctx)) {
    history.pushState(null, "", shown);
    if (!await mayLeave()) return;
    history.replaceState(null, "", wanted);
  } else {
    rememberPlace();
  }
  enter(places.get(wanted));
}

// ---- one visit

function makeContext(def, params, path, query) {
  const made = {
    def, params, path, query, state: {}, panels: {}, alive: true, busy: false, calls: {},
    draw: () => schedule(made),
    reload: (...names) => load(made, names.length ? names : Object.keys(def.panels ?? {})),
    setQuery: (change, options) => setQuery(made, change, options),
  };
  for (const name of Object.keys(def.panels ?? {}))
    made.panels[name] = {data: undefined, error: null, at: null, loading: false};
  return made;
}

function setQuery(own, change, {push = true, reload = true} = {}) {
  const query = new URLSearchParams(own.query);
  for (const [name, value] of Object.entries(change))
    if (value == null || value === "") query.delete(name);
    else query.set(name, value);
  if (query.toString() === own.query.toString()) return;
  own.query = query;
  const hash = `#${own.path}${query.size ? `?${query}` : ""}`;
  history[push ? "pushState" : "replaceState"](null, "", hash);
  shown = location.hash;
  if (reload) own.reload();
  own.draw();
}

function find(path) {
  for (const {match, names, def} of routes) {
    const found = match.exec(path);
    if (found) return [def, Object.fromEntries(names.map((name, i) => [name, decodeURIComponent(found[i + 1])]))];
  }
  return [{title: () => "Not found", view: () => missingPage("There is no such page.")}, {}];
}

function enter(place) {
  const {path, query} = parse(location.hash);
  shown = location.hash;
  if (query.has("tz")) setZone(query.get("tz"), {remember: false});
  if (ctx && ctx.path === path) { // Back to another filter of the same page
    ctx.query = query;
    ctx.state.place = place;
    ctx.def.changed?.(ctx);
    ctx.reload();
    ctx.draw();
    return;
  }
  leave();
  const [def, params] = find(path);
  ctx = makeContext(def, params, path, query);
  ctx.state.place = place;
  const main = document.getElementById("main");
  main.replaceChildren();
  emit("route", ctx);
  ctx.reload();
  drawNow(ctx);
  scrollTo(0, 0);
  main.focus({preventScroll: true});
}

function leave() {
  if (!ctx) return;
  ctx.alive = false;
  for (const call of Object.values(ctx.calls)) call.abort();
}

// ---- loading

function load(own, names, isLive = false) {
  return Promise.all(names.map(name => loadPanel(own, name, isLive)));
}

async function loadPanel(own, name, isLive) {
  const panel = own.panels[name];
  if (isLive && panel.loading) return; // what is on its way is as new
  own.calls[name]?.abort();
  const call = own.calls[name] = new AbortController();
  panel.loading = true;
  emit("loading");
  try {
    const data = await own.def.panels[name](Object.assign(Object.create(own), {signal: call.signal, isLive}));
    if (call.signal.aborted) return;
    Object.assign(panel, {data, error: null, at: Date.now(), loading: false});
  } catch (error) {
    if (call.signal.aborted || error.name === "AbortError") return;
    if (!error.status && !error.offline) console.error(error);
    Object.assign(panel, {error, loading: false});
  }
  emit("loading");
  own.draw();
}

export const isLoading = () => Boolean(ctx && Object.values(ctx.panels).some(panel => panel.loading));

// ---- drawing

let isScheduled = false;
function schedule(own) {
  if (isScheduled || !own.alive) return;
  isScheduled = true;
  queueMicrotask(() => {
    isScheduled = false;
    if (own === ctx) drawNow(own);
  });
}

function content(own) {
  const main = own.panels[own.def.main];
  if (!main || main.data !== undefined) return own.def.view(own, own.panels);
  if (!main.error) return loading();
  if (main.error.status === 404) return own.def.missing?.(own) ?? missingPage("Not in this tenant, or deleted.");
  return errorPage(main.error, () => own.reload());
}

/** Whoever had the focus in a row that is gone has it in the next one, else on the page: never nowhere. */
function keepingFocus(element, draw) {
  const focused = element.contains(document.activeElement) ? document.activeElement : null;
  const row = focused?.closest("[data-row]"), next = row?.nextElementSibling ?? row?.previousElementSibling;
  draw();
  if (!focused || focused.isConnected) return;
  const target = next?.isConnected ? next.querySelector("a.jn, a, button") : null;
  (target ?? element).focus({preventScroll: true});
}

function drawNow(own) {
  const element = document.getElementById("main");
  keepingFocus(element, () => morph(element, nodes(content(own))));
  element.setAttribute("aria-busy", isLoading());
  document.title = `${own.def.title?.(own, own.panels) ?? "Carillon"} · Carillon`;
  const main = own.panels[own.def.main];
  if (own.state.place && (!main || main.data !== undefined)) returnTo(own);
  emit("drawn", own);
}

function returnTo(own) {
  const {y, focus} = own.state.place;
  own.state.place = null;
  scrollTo(0, y);
  if (focus) document.querySelector(`main a[href="${CSS.escape(focus)}"]`)?.focus({preventScroll: true});
}

// ---- live

/** Hints wait while somebody chooses or types: what is under a pointer or a cursor must not move. */
export const isWaiting = () => isOverlayOpen() || Boolean(ctx?.busy) ||
  Boolean(document.activeElement?.matches("main input:not([type=checkbox]):not([type=search]), main textarea, main select"));

export function hinted(hint) {
  const wanted = ctx?.def.live;
  if (!wanted) return;
  const names = typeof wanted === "function" ? wanted(hint, ctx) :
    hint.name === "all" ? [...new Set(Object.values(wanted).flat())] : wanted[hint.name] ?? [];
  if (names.length) load(ctx, names, true);
}

export function start() {
  addEventListener("popstate", popped);
  addEventListener("beforeunload", event => { if (ctx?.def.leave?.(ctx)) event.preventDefault(); });
  document.addEventListener("click", event => {
    const link = event.target.closest?.("a[href^='#/']");
    if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    if (link.getAttribute("href") !== location.hash) visit(link.getAttribute("href"));
    else ctx?.reload();
  });
  on("redraw", () => ctx?.draw());
  on("changed", () => ctx?.reload());
  history.scrollRestoration = "manual";
  enter();
}
