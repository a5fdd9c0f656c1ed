// SPDX-License-Identifier: MIT
// page_edit.js - the form of a job: a new one, one as it is, or a copy.
import {api, newKey} from "./api.js";
import {resolveConflict} from "./conflict.js";
import {h} from "./dom.js";
import {blankJob, changed, fieldOf, FIELDS, formOf, jsonError, patchOf, specOf} from "./job_form.js";
import {go, href, page} from "./router.js";
import {isRefused, scheduleField} from "./schedule_field.js";
import {can} from "./state.js";
import {toast} from "./overlay.js";
import {offsetNow, zones} from "./time.js";
import {banner, button, field, head, linkButton, missingPage, select} from "./ui.js";

const job = ctx => api.get(`/jobs/${ctx.params.id}`, {signal: ctx.signal});

/** To be chosen from while somebody types; not all there are. */
async function types(ctx) {
  const {jobs} = await api.get("/jobs", {query: {limit: 200}, signal: ctx.signal});
  return [...new Set(jobs.map(one => one.action_type).filter(Boolean))].sort();
}

// ---- state

function begin(ctx, data, kind) {
  const whole = data ?? blankJob(), form = formOf(whole);
  if (kind === "copy") form.name = `${form.name} (copy)`;
  ctx.busy = true; // what is typed is not loaded anew
  ctx.state.edit = {kind, whole, before: kind === "copy" ? formOf(blankJob()) : formOf(whole), initial: {...form}, form, enabled: true, key: newKey(), errors: {}, banner: null, isSaving: false, isSaved: false};
  return ctx.state.edit;
}

const isDirty = edit => edit && !edit.isSaved && changed(edit.form, edit.initial).length > 0;

function checked(ctx, edit) {
  const {form} = edit, errors = {};
  if (!form.name.trim()) errors.name = "A name is needed.";
  if (!form.schedule.trim()) errors.schedule = "A schedule is needed.";
  if (!form.type.trim()) errors.type = "It says which handler runs.";
  for (const name of ["action", "metadata"]) if (jsonError(form[name])) errors[name] = jsonError(form[name]);
  edit.errors = errors;
  return Object.keys(errors).length === 0 && !isRefused(ctx);
}

// ---- sending

function refused(ctx, edit, error) {
  edit.errors = {};
  edit.banner = null;
  for (const one of error.errors ?? (error.field ? [{pointer: `/${error.field.replaceAll(".", "/")}`, detail: error.detail}] : [])) {
    const name = fieldOf(one.pointer);
    if (name) edit.errors[name] = one.detail;
    else edit.banner = one.detail;
  }
  if (Object.keys(edit.errors).length === 0) edit.banner ??= error.text ?? String(error);
}

async function send(edit) {
  const {form, before, whole} = edit;
  if (edit.kind === "edit") return api.put(`/jobs/${whole.id}`, patchOf(form, before, whole), {ifMatch: whole.revision});
  const spec = specOf(form, before, edit.kind === "copy" ? whole : blankJob());
  return api.post("/jobs", edit.enabled ? spec : {...spec, enabled: false}, {key: edit.key});
}

async function settle(ctx, edit, current) {
  const chosen = await resolveConflict(edit.form, edit.before, current);
  if (chosen === null) return;
  Object.assign(edit, {whole: current, before: formOf(current), form: chosen === "theirs" ? formOf(current) : chosen});
  if (chosen === "theirs") {
    edit.initial = {...edit.form};
    return toast("The form has what is there now.");
  }
  await save(ctx, edit);
}

async function save(ctx, edit) {
  if (edit.isSaving) return;
  if (!checked(ctx, edit)) {
    ctx.draw();
    setTimeout(() => document.querySelector("main [aria-invalid=true]")?.focus());
    return;
  }
  edit.isSaving = true;
  edit.banner = null;
  ctx.draw();
  try {
    const saved = await send(edit);
    edit.isSaved = true;
    toast(edit.kind === "edit" ? `${saved.name} is saved.` : `${saved.name} is created.`);
    go(`/jobs/${saved.id}`);
  } catch (error) {
    edit.isSaving = false;
    if (error.status === 412 && error.current) await settle(ctx, edit, error.current);
    else refused(ctx, edit, error);
  } finally {
    edit.isSaving = false;
    ctx.draw();
  }
}

// ---- the form

function parts(ctx, edit) {
  const {form, errors} = edit;
  const set = (name, value) => {
    form[name] = value;
    delete errors[name];
    ctx.draw();
  };
  const put = name => event => set(name, event.target.value);
  const wrap = (name, hint, control) => field({label: FIELDS[name].label, id: `f-${name}`, hint, error: errors[name]}, control);
  return {
    set,
    line: (name, hint, props) => wrap(name, hint, h("input", {name, type: "text", value: form[name], autocomplete: "off", oninput: put(name), ...props})),
    area: (name, hint, props) => wrap(name, hint, h("textarea", {name, value: form[name], oninput: put(name), spellcheck: "false", ...props})),
    pick: (name, options, hint) => wrap(name, hint, select({name, value: form[name], label: null, options, onchange: value => set(name, value)})),
  };
}

const OVERLAP = {skip: ["Skip the new run", "It is recorded as skipped."], queue_one: ["Let one wait", "Others that become due meanwhile are skipped."], queue_all: ["Let all wait", "Each runs in its turn, however many there are."],
  allow: ["Run beside it", "As many at a time as the limit allows; 0 is no limit."], cancel_previous: ["Stop the one that is going", "It is asked to stop, and the new one starts when it has."]};
const MISFIRE = {fire_latest: ["Run the latest", "The others are recorded as skipped."], fire_earliest: ["Run the earliest", "The others are recorded as skipped."], fire_all: ["Run all of them", "One after the other, as fast as the overlap policy lets them."], skip: ["Run none", "All are recorded as skipped."]};
const DELIVERY = {at_least_once: ["Run it again", "Handlers may see the same run twice."], at_most_once: ["Give it up", "The run ends with its outcome unknown."]};
const DST = {vixie: ["Run once", "Times that clocks leave out run at the next moment; times that come twice run the first time."], ocps: ["Strict", "Times that clocks leave out do not run; times that come twice run the first time."], wall: ["As clocks show", "Times that come twice run twice."]};
const DIALECTS = ["standard", "extended", "vixie", "quartz", "spring", "eventbridge"];
const options = table => Object.entries(table).map(([value, [label]]) => [value, label]);

function whenWrong(form, {line, pick}) {
  return h("details.card.fold", {key: "wrong"}, h("summary", h("h2", "When things go wrong")), h("div.pad.form",
    h("div.grid.two", pick("overlap", options(OVERLAP), OVERLAP[form.overlap]?.[1]), form.overlap === "allow" && line("limit", null, {inputmode: "numeric"}), line("concurrency_key", "Jobs with the same key count as one.")),
    h("div.grid.two", pick("misfire", options(MISFIRE), MISFIRE[form.misfire]?.[1]), line("window", "While nothing was running: 24h, 90m.")),
    h("div.grid.four", line("attempts", Number(form.attempts) > 1 ? "In all." : "1: a failure is final.", {inputmode: "numeric"}), line("initial", "5s"), line("factor", "2 doubles it.", {inputmode: "decimal"}), line("max_delay", "15m")),
    h("div.grid.two", line("attempt_timeout", "30s; empty: none. The handler is asked to stop."), line("total_timeout", "Attempts and pauses together; empty: none.")),
    h("div.grid.two", line("pause_after", "0: never.", {inputmode: "numeric"}), pick("delivery", options(DELIVERY), DELIVERY[form.delivery]?.[1]))));
}

function more(form, {line, area}) {
  return h("details.card.fold", {key: "more"}, h("summary", h("h2", "Bounds and more")), h("div.pad.form",
    h("div.grid.two", line("start_at", `On clocks in ${form.time_zone}.`, {type: "datetime-local", step: 1}), line("end_at", "Empty: for ever.", {type: "datetime-local", step: 1})),
    h("div.grid.two", line("max_runs", "Then the job is completed; empty: any number.", {inputmode: "numeric"}), line("exclude", "2026-12-25, 2027-01-01")),
    h("div.grid.two", line("priority", "Higher ones are claimed first.", {inputmode: "numeric"}), line("spread", "0s: on time. Many jobs at one minute do not start at once.")),
    area("metadata", "JSON of your own, kept with the job.", {class: "mono"})));
}

function form(ctx, edit, known) {
  const make = parts(ctx, edit), {form: all, errors} = edit;
  return h("form.form", {key: "form", novalidate: true, onsubmit: event => { event.preventDefault(); save(ctx, edit); }},
    edit.banner && banner("error", edit.banner),
    h("section.card", {key: "what", "aria-label": "What"}, h("div.pad.form.first",
      make.line("name", null, {required: true, maxlength: 256}),
      scheduleField(ctx, all, make.set, errors.schedule),
      h("div.grid.three", make.line("time_zone", `UTC offset now: ${offsetNow(all.time_zone)}`, {list: "zones", spellcheck: "false"}),
        make.pick("dialect", DIALECTS.map(name => [name, name])), make.pick("dst", options(DST), DST[all.dst]?.[1])),
      h("div.grid.two", make.line("type", "Which handler runs it.", {list: "types", spellcheck: "false", maxlength: 256}), make.line("description", "For people.")),
      make.area("action", jsonError(all.action) ?? "JSON that the handler is given, besides the type.", {class: "mono"}))),
    whenWrong(all, make), more(all, make),
    h("datalist#zones", {key: "zones"}, zones().map(zone => h("option", {value: zone}))),
    h("datalist#types", {key: "types"}, (known ?? []).map(type => h("option", {value: type}))),
    h("div.tools.save", {key: "save"},
      edit.kind !== "edit" && h("label.check", h("input", {type: "checkbox", checked: edit.enabled, onchange: event => { edit.enabled = event.target.checked; }}), "Start enabled"),
      h("span.grow"), linkButton("Cancel", href(edit.kind === "new" ? "/jobs" : `/jobs/${edit.whole.id}`)),
      button(edit.kind === "edit" ? "Save" : "Create job", {type: "submit", kind: "primary", disabled: edit.isSaving})));
}

// ---- the pages

const TITLE = {new: "New job", edit: "Edit", copy: "Copy"};

function definePage(path, kind) {
  page(path, {
    nav: "jobs",
    main: kind === "new" ? undefined : "job",
    title: (ctx, p) => kind === "new" ? TITLE.new : `${TITLE[kind]} ${p.job.data?.name ?? "job"}`,
    panels: kind === "new" ? {types} : {job, types},
    leave: ctx => isDirty(ctx.state.edit) ? "What you have typed would be lost." : null,
    missing: () => missingPage("Not in this tenant, or deleted."),
    view: (ctx, p) => {
      if (!can("write")) return missingPage("You may read jobs here, and not change them.");
      const edit = ctx.state.edit ?? begin(ctx, p.job?.data, kind);
      return [
        head({crumb: [h("a.link", {href: href("/jobs")}, "Jobs"), kind !== "new" && [" / ", h("a.link", {href: href(`/jobs/${ctx.params.id}`)}, p.job.data.name)]],
          title: kind === "new" ? TITLE.new : `${TITLE[kind]} ${p.job.data.name}`, sub: kind === "edit" && `Revision ${edit.whole.revision}`}),
        form(ctx, edit, p.types.data)];
    },
  });
}

definePage("/jobs/new", "new");
definePage("/jobs/:id/edit", "edit");
definePage("/jobs/:id/copy", "copy");
