// SPDX-License-Identifier: MIT
// ui.js - the pieces that pages are made of. Each returns a fresh tree; none keeps anything.
import {h, nodes, uid} from "./dom.js";
import {icon, mark} from "./icons.js";
import {pretty} from "./api.js";
import {timeText} from "./time.js";
export {table} from "./table.js";

export const LABEL = {
  completed: "Completed", failed: "Failed", timed_out: "Timed out", running: "Running", skipped: "Skipped",
  cancelled: "Cancelled", pending: "Pending", active: "Active", paused: "Paused", disabled: "Disabled",
};

export const REASON = {
  misfired: "missed while nothing ran", overlapped: "the previous run was still going", queue_full: "the queue was full",
  paused: "the job was paused", disabled: "the job was disabled", edited: "the schedule was changed",
  deleted: "the job was deleted", abandoned: "its worker was lost", outcome_unknown: "the outcome is unknown",
  no_attempt_left: "no attempt was left", permanent: "the failure was permanent",
  cancel_previous: "a newer run took its place", requested: "somebody asked for it",
  attempt_timeout: "an attempt took too long", total_timeout: "all attempts took too long",
};

export const number = n => Number(n ?? 0).toLocaleString("en-US");
export const plural = (n, one, many = `${one}s`) => `${number(n)} ${n === 1 ? one : many}`;

// ---- small things

export const status = (name, {pill = false, label} = {}) =>
  h("span.st", {class: [`c-${name}`, pill && "pill"]}, mark(name), h("span", label ?? LABEL[name] ?? name));
export const tag = text => h("span.tag", text);
export const code = text => h("code", text);
export const link = (text, to, props) => h("a.link", {href: to, ...props}, text);
export const json = value => h("pre", {tabindex: 0, role: "group", "aria-label": "JSON"}, pretty(value));
export const sr = text => h("span.sr", text);

export function button(label, {icon: shape, kind, size, class: extra, ...props} = {}) {
  return h("button.btn", {type: "button", class: [kind, size, extra], ...props}, shape && icon(shape, 14), label && h("span", label));
}
export const linkButton = (label, to, {icon: shape, kind, ...props} = {}) =>
  h("a.btn", {href: to, class: kind, ...props}, shape && icon(shape, 14), h("span", label));
export const iconButton = (shape, label, props) =>
  h("button.icon", {type: "button", "aria-label": label, title: label, ...props}, icon(shape));

export const note = (text, kind = "warn") => h("p.note", {class: kind}, icon(kind === "info" ? "help" : "warn", 15), h("span", text));
export const banner = (kind, text, ...actions) =>
  h("div.banner", {class: kind, role: kind === "error" ? "alert" : "status"}, icon(kind === "info" ? "help" : "warn"), h("p", text), h("span.grow"), actions);
export const empty = (title, text, ...actions) =>
  h("div.blank", h("p.strong", title), text && h("p.muted", text), actions.length > 0 && h("div.btns", actions));
export const defs = pairs => h("dl.def", pairs.filter(Boolean).map(([term, what]) => [h("dt", term), h("dd", what)]));

// ---- the frame of a page

export const head = ({crumb, title, sub, below, actions}) =>
  h("div.head", h("div", crumb && h("p.crumb", crumb), h("h1", title), sub && h("p.sub", sub), below),
    actions && nodes(actions).length > 0 && h("div.btns", actions));

export function card(title, {extra, key, pad = false, class: more} = {}, ...kids) {
  return h("section.card", {key: key ?? title, class: more, "aria-label": title},
    h("header", h("h2", title), extra && h("span.muted", extra)), pad ? h("div.pad", kids) : kids);
}

const skeleton = n => h("div.skeleton", {"aria-hidden": "true"}, Array.from({length: n}, () => h("i")));
export const loading = () => [h("h1.sr", "Loading"), h("div.head", h("div.skeleton.title", h("i"))), h("section.card", skeleton(6))];

/** A card with its own data: it keeps the last of it when it cannot be had anew. */
export function panel(title, state, {extra, key, pad, class: more, rows = 3, retry} = {}, draw) {
  const has = state.data !== undefined && state.data !== null;
  const stale = state.error && h("div.stale", {role: "status"}, icon("warn", 14),
    h("span", state.error.text ?? "It could not be loaded.", has && state.at && ` As of ${timeText(state.at, {style: "clock"})}.`),
    retry && button("Retry", {size: "small", onclick: retry}));
  const shown = has ? draw(state.data) : state.error || state.data === null ? null : skeleton(rows);
  const note_ = typeof extra === "function" ? has && extra(state.data) : extra;
  return card(title, {extra: note_, key, pad, class: [more, state.error && has && "old"]}, stale, shown);
}

export function missingPage(text, ...actions) {
  return [head({title: "Not found"}), h("section.card", empty(text, "It may have been deleted, or the address is not whole.", h("a.btn", {href: "#/jobs"}, "Search the jobs"), actions))];
}

export function errorPage(error, retry) {
  const title = error.offline ? "The server cannot be reached" : error.status === 403 ? "Not for you" : "This did not work";
  return [head({title}), h("section.card", {role: "alert"}, empty(error.text ?? "The page failed.", error.instance && `Request ${error.instance}`,
    button("Try again", {icon: "retry", onclick: retry})))];
}

// ---- controls

export function chips({label, items, value, onpick}) {
  return h("div.chips", {role: "group", "aria-label": label}, items.map(({value: own, text, count}) =>
    h("button.chip", {key: `chip-${own}`, type: "button", "aria-pressed": own === value, onclick: () => onpick(own)},
      text, count != null && h("b", count))));
}

export function segmented({label, items, value, onpick, class: extra}) {
  return h("div.seg", {role: "group", "aria-label": label, class: extra}, items.map(([own, text, title]) =>
    h("button", {type: "button", key: own, title, "aria-pressed": own === value, onclick: () => onpick(own)}, text)));
}

export function select({value, options, label, onchange, ...props}) {
  return h("select", {value, "aria-label": label, onchange: event => onchange(event.target.value), ...props},
    options.map(([own, text]) => h("option", {value: own}, text)));
}

const fieldIds = new Map();
const fieldId = name => fieldIds.get(name) ?? fieldIds.set(name, uid("field")).get(name);

/** A label, its control, what it means and what is wrong with it. The control must not have an id of its own. */
export function field({label, hint, error, id = fieldId(label), class: extra}, control) {
  const described = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(" ");
  control.id = id;
  if (described) control.setAttribute("aria-describedby", described);
  if (error) control.setAttribute("aria-invalid", "true");
  return h("div.field", {key: id, class: extra}, h("label", {for: id}, label), control,
    hint && h("p.hint", {id: `${id}-hint`}, hint), error && h("p.field-error", {id: `${id}-error`}, icon("warn", 14), h("span", error)));
}

export function pager({from, to, total, capped, prev, next, legend}) {
  const of = total == null ? "" : ` of ${number(total)}${capped ? "+" : ""}`;
  return h("div.tablefoot", h("span", {role: "status"}, to ? `${number(from)}–${number(to)}${of}` : "None"), legend,
    h("div.btns", button("Newer", {icon: "left", size: "small", disabled: !prev, onclick: prev}),
      button("Older", {icon: "right", size: "small", class: "after", disabled: !next, onclick: next})));
}
