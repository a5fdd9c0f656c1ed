// SPDX-License-Identifier: MIT
// signin.js - how somebody gets in: by the host's own session, by an address with a token in its fragment, by a form.
import {ApiError, onSignedOut, sessions} from "./api.js";
import {h, morph, uid} from "./dom.js";
import {bell, icon} from "./icons.js";
import {confirm, dialog} from "./overlay.js";
import {session, setSession} from "./state.js";

const shared = window.BroadcastChannel ? new BroadcastChannel(`carillon session ${location.pathname}`) : null;

async function enterWith(token) {
  await sessions.open(token);
  const answer = await sessions.who();
  if (!answer) throw new ApiError({status: 401});
  return answer;
}

const refusal = error => error.status === 401 ? "This does not let you in." :
  error.status === 429 ? `Too many attempts; try again in ${error.retryAfter ?? 60} s.` : error.text ?? String(error);

/** The form; `done` gets the session. */
function form(done, {text} = {}) {
  const id = uid("token");
  const error = h("p.field-error", {role: "alert", id: `${id}-error`});
  const input = h("input", {type: "password", id, autocomplete: "current-password", spellcheck: "false", autocapitalize: "off", required: true, "aria-describedby": `${id}-error`});
  const submit = h("button.btn.primary", {type: "submit"}, "Sign in");
  const node = h("form.signin", {novalidate: true, onsubmit: async event => {
    event.preventDefault();
    const token = input.value.trim();
    error.textContent = token ? "" : "Enter the token.";
    if (!token) return input.focus();
    submit.disabled = true;
    try {
      done(await enterWith(token));
    } catch (failed) {
      error.textContent = refusal(failed);
      input.setAttribute("aria-invalid", "true");
      input.select();
    } finally {
      submit.disabled = false;
    }
  }}, text && h("p.muted", text), h("div.field", h("label", {for: id}, "Token"), input, error), submit);
  return node;
}

function page(resolve) {
  document.body.classList.add("outside");
  document.title = "Sign in · Carillon";
  const main = document.getElementById("main");
  main.removeAttribute("aria-busy");
  morph(main, h("section.card.gate", h("div.gatehead", bell(), h("h1", "Carillon")),
    form(answer => {
      document.body.classList.remove("outside");
      main.replaceChildren();
      resolve(answer);
    }, {text: "Sign in with a token of this scheduler."})));
  main.querySelector("input").focus();
}

async function fromFragment() {
  const [, token] = /^#token=(.+)$/.exec(location.hash) ?? [];
  if (!token) return null;
  history.replaceState(null, "", location.pathname + location.search); // before anything else can copy the address
  const known = await sessions.who();
  if (known) {
    const next = await sessions.who(decodeURIComponent(token));
    if (next && next.tenant === known.tenant && next.actor === known.actor) return known;
    const asked = await confirm({title: "Sign in as somebody else?", action: "Replace the session",
      text: `You are signed in to ${known.tenant} as ${known.actor || "nobody in particular"}. The address that you have opened carries another token.`});
    if (!asked) return known;
  }
  return enterWith(decodeURIComponent(token));
}

/** Resolves when somebody is in. */
export async function signIn() {
  let answer = null;
  try {
    answer = await fromFragment() ?? await sessions.who();
  } catch (error) {
    if (error.offline) throw error;
  }
  setSession(answer ?? await new Promise(page));
  onSignedOut(again);
  shared?.addEventListener("message", ({data}) => { if (data === "out") again(); });
}

// ---- signed out over a page that stays as it is

let asking = null;

function again() {
  asking ??= ask().finally(() => { asking = null; });
  return asking;
}

async function ask() {
  const who = session.actor, tenant = session.tenant;
  const answer = await dialog({title: "Signed out", focus: "input", body: close => [
    h("p", "The session has ended. What you see and what you have typed stays."), h("div", form(close))]});
  if (!answer) return false;
  if (answer.tenant !== tenant || answer.actor !== who) {
    location.reload();
    return false;
  }
  setSession(answer);
  return true;
}

export async function signOut() {
  await sessions.close();
  shared?.postMessage("out");
  location.hash = "#/overview";
  location.reload();
}

export const offlinePage = retry => morph(document.getElementById("main"), h("section.card.gate",
  h("div.gatehead", bell(), h("h1", "Carillon")), h("p", {role: "alert"}, icon("warn"), " The server cannot be reached."),
  h("button.btn", {type: "button", onclick: retry}, "Try again")));
