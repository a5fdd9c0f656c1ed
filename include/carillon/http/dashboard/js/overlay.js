// SPDX-License-Identifier: MIT
// overlay.js - what lies over the page: dialogs, menus, messages. They live outside of <main>, so no update touches them.
import {h, uid} from "./dom.js";
import {icon} from "./icons.js";
import {emit} from "./state.js";
import {now, time} from "./time.js";

let open = 0;
export const isOverlayOpen = () => open > 0;

/** Puts the focus back; to the next row where the opener has gone. */
function returner() {
  const opener = document.activeElement;
  const row = opener?.closest?.("[data-row]");
  const next = row?.nextElementSibling ?? row?.previousElementSibling;
  return () => {
    const target = opener?.isConnected ? opener : next?.isConnected ? next.querySelector("a, button") : null;
    (target ?? document.getElementById("main"))?.focus({preventScroll: true});
  };
}

/** Resolves to the value of the action that was pressed, or null. `body` may be nodes or a function of `close`. */
export function dialog({title, body, actions = [], focus, wide, onaction}) {
  const back = returner(), id = uid("dialog");
  return new Promise(resolve => {
    let result = null;
    const close = value => { result = value ?? null; box.close(); };
    const press = async action => {
      if (await onaction?.(action.value) === false) return;
      close(action.value);
    };
    const box = h("dialog", {"aria-labelledby": id, class: wide && "wider", onclose: () => {
      open -= 1;
      box.remove();
      back();
      resolve(result);
      emit("overlay");
    }, onclick: event => { if (event.target === box) box.close(); }},
    h("form", {method: "dialog", onsubmit: event => {
      event.preventDefault();
      const main = actions.find(action => action.isDefault) ?? actions.at(-1);
      if (main) press(main);
    }},
    h("h2", {id}, title), h("div.body", typeof body === "function" ? body(close) : body),
    h("div.btns.end", actions.map(action => h("button.btn", {type: "button", class: action.kind, onclick: () => press(action)}, action.text)))));
    document.getElementById("overlays").append(box);
    open += 1;
    box.showModal();
    (focus ? box.querySelector(focus) : box.querySelector(".btns .btn"))?.focus();
  });
}

/** Resolves to {reason} or null. The focus is on Cancel; what was asked is asked again when it is pressed. */
export async function confirm({title, text, action, danger = false, reason = false, typed = null, details}) {
  const error = h("p.field-error", {role: "alert"});
  const why = reason && h("input", {type: "text", maxlength: 1000, autocomplete: "off", id: uid("reason")});
  const count = typed && h("input", {type: "text", inputmode: "numeric", autocomplete: "off", id: uid("typed")});
  const isRight = () => !typed || count.value.trim() === String(typed);
  const pressed = await dialog({
    title,
    body: [text && h("p", text), details,
      why && h("div.field", h("label", {for: why.id}, "Reason, for the audit (optional)"), why),
      count && h("div.field", h("label", {for: count.id}, `Type ${typed} to confirm`), count, error)],
    actions: [{text: "Cancel", value: null}, {text: action, value: "yes", kind: danger ? "danger solid" : "primary"}],
    onaction(value) {
      if (value !== "yes" || isRight()) return true;
      error.textContent = `This is not ${typed}.`;
      count.focus();
      return false;
    },
  });
  return pressed === "yes" ? {reason: why ? why.value.trim() || null : null} : null;
}

// ---- messages

export const messages = []; // the last ones, for the list behind the bell

export function toast(text, {kind = "ok", action} = {}) {
  messages.unshift({text, kind, at: now()});
  messages.length = Math.min(messages.length, 50);
  emit("messages");
  const box = document.getElementById("toasts");
  while (box.children.length > 2) box.firstChild.remove();
  let timer = null;
  const close = () => { clearTimeout(timer); node.remove(); };
  const wait = () => { clearTimeout(timer); if (kind !== "error") timer = setTimeout(close, 6_000); };
  const hold = () => clearTimeout(timer);
  const node = h("div.toast", {class: kind, onmouseenter: hold, onmouseleave: wait, onfocusin: hold, onfocusout: wait},
    icon(kind === "error" ? "warn" : "check"), h("p", text),
    action && h("button.btn.small", {type: "button", onclick: () => { close(); action.run(); }}, action.text),
    h("button.icon", {type: "button", "aria-label": "Dismiss", onclick: close}, icon("close", 14)));
  box.append(node);
  wait();
}

export function showMessages() {
  return dialog({title: "Messages", body: messages.length ? h("ul.rows.messages", messages.map(one =>
    h("li", h("span", {class: one.kind === "error" ? "c-failed" : "c-completed"}, icon(one.kind === "error" ? "warn" : "check")),
      h("span", one.text), h("span.muted", time(one.at, {style: "clockSeconds"}))))) : h("p.muted", "Nothing has happened yet."),
  actions: [{text: "Close", value: null}]});
}

// ---- menus

export function menu(anchor, items) {
  anchor.focus();
  const back = returner();
  const entries = items.filter(Boolean).map(item => item === "-" ? h("hr", {role: "separator"}) : item.heading ? h("p.menuhead", item.heading) :
    h("button", {type: "button", role: "menuitem", tabindex: -1, class: item.danger && "danger", onclick: () => { close(); item.run(); }},
      item.icon ? icon(item.icon) : h("span.ico"), h("span", item.text), item.hint && h("kbd", item.hint)));
  const box = h("div.menu", {role: "menu", popover: "manual", onkeydown: event => steer(event)}, entries);
  const buttons = [...box.querySelectorAll("button")];
  const away = event => { if (!box.contains(event.target)) close(); };
  function close() {
    if (!box.isConnected) return;
    open -= 1;
    document.removeEventListener("pointerdown", away, true);
    box.parentNode.remove();
    anchor.setAttribute("aria-expanded", "false");
    back();
    emit("overlay");
  }
  function steer(event) {
    const at = buttons.indexOf(document.activeElement);
    const to = {ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: buttons.length - 1}[event.key];
    if (event.key === "Escape" || event.key === "Tab") close();
    else if (to === undefined) return;
    else buttons.at(to % buttons.length)?.focus();
    event.preventDefault();
    event.stopPropagation();
  }
  const frame = h("section", {"aria-label": "Menu"}, box);
  document.getElementById("overlays").append(frame);
  open += 1;
  box.showPopover?.();
  place(box, anchor);
  anchor.setAttribute("aria-expanded", "true");
  document.addEventListener("pointerdown", away, true);
  buttons[0]?.focus();
}

function place(box, anchor) {
  const at = anchor.getBoundingClientRect(), {offsetWidth: w, offsetHeight: tall} = box;
  const below = at.bottom + 4 + tall <= innerHeight;
  box.style.setProperty("left", `${Math.max(8, Math.min(at.right - w, innerWidth - w - 8))}px`);
  box.style.setProperty("top", `${below ? at.bottom + 4 : Math.max(8, at.top - tall - 4)}px`);
}
