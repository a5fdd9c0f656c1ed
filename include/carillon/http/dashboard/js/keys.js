// SPDX-License-Identifier: MIT
// keys.js - single-letter shortcuts. They rest while somebody types, and one switch turns all of them off.
import {h} from "./dom.js";
import {dialog, isOverlayOpen} from "./overlay.js";
import {can, prefs} from "./state.js";
import {current, go} from "./router.js";
import {nextZone} from "./time.js";
import {togglePause} from "./live.js";

const pages = {o: ["/overview", "Overview"], j: ["/jobs", "Jobs"], r: ["/runs", "Runs"], t: ["/timeline", "Timeline"], a: ["/audit", "Audit"]};
let isGoing = false; // between g and the letter of a page
let timer = null;

const rows = () => [...document.querySelectorAll("main [data-row]")];
const focusable = row => row.querySelector("a.jn, a") ?? row.querySelector("button");
const currentRow = () => document.activeElement?.closest?.("[data-row]");

function step(by) {
  const all = rows(), at = all.indexOf(currentRow());
  const next = all[at < 0 ? (by > 0 ? 0 : all.length - 1) : Math.max(0, Math.min(all.length - 1, at + by))];
  if (!next) return;
  focusable(next)?.focus();
  next.scrollIntoView({block: "nearest"});
}

const global = {
  "/": ["Search", () => { const field = document.querySelector("main input[type=search]"); if (field) field.focus(); else go("/jobs"); }],
  n: ["New job", () => { if (can("write")) go("/jobs/new"); }],
  j: ["Next row", () => step(1)],
  k: ["Previous row", () => step(-1)],
  x: ["Select the row", () => currentRow()?.querySelector("input[type=checkbox]")?.click()],
  u: ["Next time zone: job, mine, UTC", nextZone],
  ".": ["Pause or go on with live updates", togglePause],
  "?": ["This list", () => help()],
};

function handle(event) {
  const {key, target} = event;
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || !prefs.get("keys", true) || isOverlayOpen()) return;
  if (key === "Escape" && target.matches("input[type=search]")) return target.blur();
  if (target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]")) return;
  const run = isGoing ? pages[key] && (() => go(pages[key][0])) : key === "g" ? startGoing : commandOf(key);
  isGoing = false;
  if (!run) return;
  event.preventDefault();
  run();
}

function commandOf(key) {
  const own = current()?.def.keys?.[key];
  return own ? () => own.run(current()) : global[key]?.[1];
}

function startGoing() {
  clearTimeout(timer);
  isGoing = true;
  timer = setTimeout(() => { isGoing = false; }, 1_500);
}

const row = (keys, text) => h("div.keyrow", h("dt", keys.map(key => h("kbd", key))), h("dd", text));

export function help() {
  const own = Object.entries(current()?.def.keys ?? {});
  const toggle = h("input", {type: "checkbox", checked: prefs.get("keys", true), onchange: event => prefs.set("keys", event.target.checked)});
  return dialog({title: "Keyboard shortcuts", wide: true, actions: [{text: "Close", value: null}], body: [
    h("div.keys",
      h("div", h("h3", "Everywhere"), h("dl", Object.entries(global).map(([key, [text]]) => row([key], text)), row(["Enter"], "Open the row"), row(["Esc"], "Close"))),
      h("div", h("h3", "Pages"), h("dl", Object.entries(pages).map(([key, [, text]]) => row(["g", key], text))),
        own.length > 0 && [h("h3", "This page"), h("dl", own.map(([key, {text}]) => row([key], text)))])),
    h("label.check", toggle, h("span", "Single-letter shortcuts are on")),
  ]});
}

export const start = () => document.addEventListener("keydown", handle);
