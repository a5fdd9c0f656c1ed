// SPDX-License-Identifier: MIT
// state.js - who is signed in, what this browser prefers, and a bus between modules that do not know each other.

export const session = {tenant: "", actor: "", permissions: {}, signedIn: false};

/** Whether to offer something. The API decides again; this keeps buttons away that could only fail. */
export const can = permission => Boolean(session.permissions[permission]);

export function setSession(answer) {
  Object.assign(session, {tenant: "", actor: "", permissions: {}}, answer, {signedIn: Boolean(answer)});
  emit("session", session);
}

const listeners = new Map();

export function on(topic, listener) {
  if (!listeners.has(topic)) listeners.set(topic, new Set());
  listeners.get(topic).add(listener);
  return () => listeners.get(topic).delete(listener);
}

export function emit(topic, value) {
  for (const listener of [...listeners.get(topic) ?? []]) listener(value);
}

// Private windows of some browsers throw on any use of the storage: then a preference lasts as long as the page.
const volatile = new Map();

export const prefs = {
  get(name, fallback) {
    try {
      return JSON.parse(localStorage.getItem(`carillon.${name}`)) ?? fallback;
    } catch {
      return volatile.get(name) ?? fallback;
    }
  },
  set(name, value) {
    volatile.set(name, value);
    try {
      localStorage.setItem(`carillon.${name}`, JSON.stringify(value));
    } catch { /* kept above */ }
  },
};

const narrow = matchMedia("(max-width: 699px)");
const middle = matchMedia("(max-width: 999px)");
for (const query of [narrow, middle]) query.addEventListener("change", () => emit("redraw"));
export const isNarrow = () => narrow.matches;
export const isMiddle = () => middle.matches;
