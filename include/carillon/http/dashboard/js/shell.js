// SPDX-License-Identifier: MIT
// shell.js - what stands around every page: brand, navigation, the state of live updates, time zone, theme, menu.
import {h, morph} from "./dom.js";
import {bell, icon} from "./icons.js";
import {iconButton, segmented} from "./ui.js";
import {menu, messages, showMessages, toast} from "./overlay.js";
import {can, on, prefs, session} from "./state.js";
import {mine, setZone, zoneMode} from "./time.js";
import {liveState, togglePause} from "./live.js";
import {current, href, isLoading} from "./router.js";
import {help} from "./keys.js";
import {signOut} from "./signin.js";

const sections = [["overview", "Overview", "home"], ["jobs", "Jobs", "jobs"], ["runs", "Runs", "runs"], ["timeline", "Timeline", "time"], ["audit", "Audit", "audit"]];

// ---- theme

const dark = matchMedia("(prefers-color-scheme: dark)");
const isDark = () => (prefs.get("theme", null) ?? (dark.matches ? "dark" : "light")) === "dark";

function showTheme() {
  document.documentElement.dataset.theme = isDark() ? "dark" : "light";
}

function toggleTheme() {
  const wanted = isDark() ? "light" : "dark";
  prefs.set("theme", wanted === (dark.matches ? "dark" : "light") ? null : wanted); // what the system says needs no keeping
  showTheme();
  draw();
}

// ---- the header

async function leave() {
  try {
    await signOut();
  } catch (error) {
    toast(error.text ?? "Signing out has failed.", {kind: "error"});
  }
}

function accountMenu(event) {
  const failed = messages.filter(one => one.kind === "error").length;
  menu(event.currentTarget, [
    {heading: `${session.tenant}${session.actor ? ` as ${session.actor}` : ""}`},
    {text: `Messages (${messages.length}${failed ? `, ${failed} failed` : ""})`, icon: "bell", run: showMessages},
    {text: "Keyboard shortcuts", icon: "help", hint: "?", run: help},
    {text: isDark() ? "Light theme" : "Dark theme", icon: isDark() ? "sun" : "moon", run: toggleTheme},
    "-",
    {text: "Sign out", icon: "external", run: leave},
  ]);
}

function live() {
  const {name, text} = liveState();
  return h("button.live", {type: "button", class: name, onclick: togglePause, title: name === "paused" ? "Go on with live updates" : "Pause live updates",
    "aria-label": `${text}. ${name === "paused" ? "Go on with" : "Pause"} live updates`},
  h("i", {class: name === "live" && "pulsing", "aria-hidden": "true"}), h("span.t", text));
}

function bar() {
  const section = current()?.def.nav;
  return [
    h("div.bar",
      h("a.brand", {href: href("/overview"), "aria-label": "Carillon, overview"}, bell(), h("span", "Carillon")),
      h("span.tenant", h("b", session.tenant), session.actor && ` as ${session.actor}`),
      h("nav.main", {"aria-label": "Main"}, sections.map(([name, text, shape]) =>
        h("a", {key: name, href: href(`/${name}`), "aria-current": section === name ? "page" : null}, icon(shape, 18), h("span", text)))),
      h("span.grow"),
      live(),
      segmented({label: "Time zone", value: zoneMode(), onpick: setZone,
        items: [["job", "Job", "Each job's own time zone"], ["mine", "Mine", mine], ["utc", "UTC", "UTC"]]}),
      iconButton(isDark() ? "sun" : "moon", isDark() ? "Light theme" : "Dark theme", {onclick: toggleTheme, class: "wide"}),
      h("button.icon", {type: "button", "aria-label": "Menu", title: "Menu", "aria-haspopup": "menu", "aria-expanded": "false", onclick: accountMenu}, icon("user"))),
    h("div.progress", {class: isSlow && "on", "aria-hidden": "true"}),
    !can("write") && !can("trigger") && h("p.readonly", {role: "note"}, "Read only: you may look at everything and change nothing."),
  ];
}

let slow = null, isSlow = false;
function watchLoading() {
  if (isLoading() && !slow) slow = setTimeout(() => { isSlow = isLoading(); draw(); }, 150);
  if (isLoading()) return;
  clearTimeout(slow);
  slow = null;
  if (isSlow) {
    isSlow = false;
    draw();
  }
}

function draw() {
  morph(document.getElementById("top"), bar());
}

export function start() {
  for (const topic of ["route", "live", "zone", "session", "overlay", "messages"]) on(topic, draw);
  on("loading", watchLoading);
  dark.addEventListener("change", () => { showTheme(); draw(); });
  draw();
}

showTheme();
