// SPDX-License-Identifier: MIT
// schedule_field.js - a schedule while it is typed: what it means, when it is due next, or where it is wrong.
import {api} from "./api.js";
import {h} from "./dom.js";
import {occurrence, relative, zoneLabel} from "./time.js";
import {button, field, note, select} from "./ui.js";

const quiet = 150, announceAfter = 1_000;

const templates = [["", "Templates"], ["0 * * * *", "Every hour"], ["*/15 * * * *", "Every 15 minutes"], ["0 9 * * *", "Every day at 9"], ["0 9 * * 1-5", "Every weekday at 9"],
  ["0 8 * * 1", "Every Monday at 8"], ["0 6 1 * *", "The first of the month at 6"], ["0 22 L * *", "The last of the month at 22"], ["@every 30s", "Every 30 seconds"]];

const questionOf = ({schedule, time_zone, dialect, dst}) => ({schedule, time_zone, dialect, dst, n: 5});

/** Asks for what the form has now; an answer about an earlier text is dropped. */
export function describe(ctx, form) {
  const state = ctx.state.described ??= {}, asked = JSON.stringify(questionOf(form));
  if (state.asked === asked) return state;
  state.asked = asked;
  clearTimeout(state.timer);
  state.call?.abort();
  if (form.schedule.trim() === "") Object.assign(state, {answer: null, failure: null});
  else state.timer = setTimeout(() => ask(ctx, state, asked), quiet);
  return state;
}

async function ask(ctx, state, asked) {
  const call = state.call = new AbortController();
  try {
    const answer = await api.post("/describe", JSON.parse(asked), {signal: call.signal});
    if (state.asked !== asked) return;
    Object.assign(state, {answer, failure: null});
  } catch (error) {
    if (error.name === "AbortError" || state.asked !== asked) return;
    Object.assign(state, {answer: null, failure: error});
    if (error.status === 429) setTimeout(() => { if (state.asked === asked) ask(ctx, state, asked); }, 1_000 * (error.retryAfter ?? 1));
  }
  ctx.draw();
  clearTimeout(state.speaker);
  state.speaker = setTimeout(() => announce(ctx, state), announceAfter);
}

/** To those who hear the page: once for each text, when typing has stopped. */
function announce(ctx, state) {
  const words = state.answer?.ok ? state.answer.text : state.answer?.error?.message;
  if (!words || words === state.spoken) return;
  state.spoken = words;
  ctx.draw();
}

export const errorOf = state => state.answer && !state.answer.ok ? state.answer.error : null;
const isNever = state => state.answer?.ok && state.answer.never_fires;

function caret(text, column) {
  return column > 0 && h("pre.caret", {"aria-hidden": "true"}, `${text}\n${" ".repeat(Math.min(column, text.length + 1) - 1)}^`);
}

function goTo(column) {
  const input = document.querySelector("main input[name=schedule]");
  input.focus();
  input.setSelectionRange(column - 1, column);
}

function wrong(state, form) {
  const {column, message} = errorOf(state);
  return [caret(form.schedule, column), h("div.tools", h("p.field-error", message), column > 0 && button(`Go to column ${column}`, {size: "small", onclick: () => goTo(column)}))];
}

function meaning({answer}, form) {
  return [h("p.strong", answer.text),
    answer.warnings.map(one => h("div", {key: one.code}, note(one.text))),
    isNever({answer}) ? note("It never fires, and would not be accepted.", "error") :
      h("ul.rows.up.preview", {"aria-label": `Next runs in ${zoneLabel(form.time_zone)}`}, answer.next.map(one => h("li", {key: one.at}, occurrence(one, {zone: form.time_zone}), h("span.muted", relative(one.at)),
        one.notes.map(text => h("div.all", {key: text.code}, note(text.text))))))];
}

/** `set(name, value)` changes the form; `error` is what the API has said of it when it was sent. */
export function scheduleField(ctx, form, set, error) {
  const state = describe(ctx, form), bad = errorOf(state);
  const input = h("input.mono", {name: "schedule", type: "text", value: form.schedule, spellcheck: "false", autocomplete: "off", autocapitalize: "off", required: true, maxlength: 512,
    placeholder: "0 9 * * 1-5", oninput: event => set("schedule", event.target.value), "aria-invalid": bad ? "true" : null});
  return h("div.schedule", {key: "schedule"},
    field({label: "Schedule", id: "schedule-field", error, hint: "Five fields: minute, hour, day of the month, month, day of the week; or @every 90s, @at 2027-01-01T09:00:00Z"}, input),
    select({label: "Templates", value: "", options: templates, onchange: text => { if (text) set("schedule", text); }}),
    h("div.preview", {key: "preview"}, bad ? wrong(state, form) : state.answer ? meaning(state, form) : state.failure ? h("p.field-error", state.failure.text) : null),
    h("p.sr", {key: "spoken", role: "status"}, state.spoken ?? ""));
}

/** Whether it is known that it would not be accepted. */
export const isRefused = ctx => Boolean(errorOf(ctx.state.described ?? {}) || isNever(ctx.state.described ?? {}));
