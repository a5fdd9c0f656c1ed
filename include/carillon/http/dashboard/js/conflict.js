// SPDX-License-Identifier: MIT
// conflict.js - somebody has changed the same job meanwhile: yours, what it is now, and what it was, field by field.
import {changed, FIELDS, formOf} from "./job_form.js";
import {h} from "./dom.js";
import {dialog} from "./overlay.js";

const shown = value => value === "" ? h("span.muted", "empty") : h("span.diff", value);

function row(name, {form, before, theirs, picked}) {
  const group = `pick-${name}`, mineToo = form[name] !== before[name];
  const choice = (whose, value) => h("td", h("label.check", h("input", {type: "radio", name: group, value: whose, checked: picked[name] === whose, "aria-label": `${FIELDS[name].label}: ${whose === "mine" ? "yours" : "now"}`,
    onchange: () => { picked[name] = whose; }}), shown(value)));
  return h("tr", {key: name}, h("th", {scope: "row"}, FIELDS[name].label), mineToo ? choice("mine", form[name]) : h("td", h("span.muted", "not changed")), choice("theirs", theirs[name]), h("td", shown(before[name])));
}

/** Resolves to the form to be saved over `current`, to "theirs", or to null. */
export async function resolveConflict(form, before, current) {
  const theirs = formOf(current), picked = {};
  const names = Object.keys(FIELDS).filter(name => form[name] !== theirs[name]);
  for (const name of names) picked[name] = form[name] !== before[name] ? "mine" : "theirs";
  const pressed = await dialog({
    title: "It has been changed meanwhile", wide: true,
    body: [h("p", `Revision ${current.revision} is there now. Choose what to keep of each field that differs.`),
      h("div.tablewrap.scroll", {tabindex: 0, role: "group", "aria-label": "Fields that differ"}, h("table.conflict", h("caption.sr", "Fields that differ"),
        h("thead", h("tr", ["Field", "Yours", "Now", "Before"].map(name => h("th", {scope: "col"}, name)))), h("tbody", names.map(name => row(name, {form, before, theirs, picked})))))],
    actions: [{text: "Cancel", value: null}, {text: "Take theirs", value: "theirs"}, {text: `Save mine over revision ${current.revision}`, value: "save", kind: "primary"}],
  });
  if (pressed !== "save") return pressed;
  return {...theirs, ...Object.fromEntries(names.filter(name => picked[name] === "mine").map(name => [name, form[name]]))};
}

export const isSame = (form, job) => changed(form, formOf(job)).length === 0;
