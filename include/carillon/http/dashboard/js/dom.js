// SPDX-License-Identifier: MIT
// dom.js - how elements are made, and how a fresh tree is laid over the one on screen without replacing what somebody uses.

const svgSpace = "http://www.w3.org/2000/svg";
const meta = Symbol("carillon");
const properties = new Set(["value", "checked", "indeterminate"]);
let ids = 0;

export const uid = (prefix = "id") => `${prefix}-${++ids}`;

/** `tag` is like "div.card.wide#id"; what follows may be properties, then children. */
export function h(tag, props, ...children) {
  const parts = tag.split(/(?=[.#])/);
  const node = document.createElement(/^[.#]/.test(parts[0]) ? "div" : parts.shift());
  const classes = [];
  for (const part of parts)
    if (part[0] === "#") node.id = part.slice(1);
    else classes.push(part.slice(1));
  return build(node, classes.join(" "), props, children);
}

export function s(tag, props, ...children) {
  return build(document.createElementNS(svgSpace, tag), "", props, children);
}

function isChild(value) {
  return value instanceof Node || Array.isArray(value) || typeof value === "string" || typeof value === "number";
}

function build(node, classes, props, children) {
  if (isChild(props)) {
    children = [props, ...children];
    props = null;
  }
  const own = node[meta] = {key: null, on: {}, props: {}, css: {}, keep: false};
  const extra = props?.class;
  const all = [classes, ...(Array.isArray(extra) ? extra : [extra])].filter(Boolean).join(" ");
  if (all) node.setAttribute("class", all);
  for (const [name, value] of Object.entries(props ?? {}))
    if (name !== "class" && !properties.has(name)) give(node, own, name, value);
  append(node, children);
  for (const name of properties)
    if (props && name in props && props[name] != null) node[name] = own.props[name] = props[name];
  if (props?.ref) props.ref(node);
  return node;
}

function give(node, own, name, value) {
  if (name === "key" || name === "keep") own[name] = value;
  else if (name === "ref") return;
  else if (name === "css") setCss(node, own, value ?? {});
  else if (name.startsWith("on")) listen(node, own, name.slice(2), value);
  else if (value === false && name.startsWith("aria-")) node.setAttribute(name, "false");
  else if (value === true) node.setAttribute(name, name.startsWith("aria-") ? "true" : "");
  else if (value != null && value !== false) node.setAttribute(name, value);
}

// A style attribute is refused by the policy of the page; the object model is not.
function setCss(node, own, css) {
  for (const name of Object.keys(own.css)) if (!(name in css)) node.style.removeProperty(name);
  for (const [name, value] of Object.entries(css))
    if (own.css[name] !== value) node.style.setProperty(name, value);
  own.css = css;
}

function relay(event) {
  return this[meta].on[event.type]?.call(this, event);
}

function listen(node, own, type, handler) {
  if (!handler) return;
  if (!(type in own.on)) node.addEventListener(type, relay);
  own.on[type] = handler;
}

function append(node, children) {
  for (const child of children.flat(Infinity))
    if (child != null && child !== false && child !== true) node.append(child);
}

/** Children as `h` takes them, as nodes. */
export function nodes(...children) {
  return children.flat(Infinity).filter(child => child != null && child !== false && child !== true)
    .map(child => child instanceof Node ? child : document.createTextNode(String(child)));
}

const keyOf = node => node[meta]?.key ?? null;
const isAlike = (a, b) => a.nodeType === b.nodeType && a.nodeName === b.nodeName && keyOf(a) === keyOf(b) && a.id === b.id;

/** Makes the children of `parent` be `wanted`, keeping every node that has its like: by key, else by place and kind. */
export function morph(parent, ...wanted) {
  const list = nodes(...wanted);
  const keys = new Set(list.map(keyOf));
  const kept = new Map();
  for (const child of [...parent.childNodes]) {
    const key = keyOf(child);
    if (key === null) continue;
    if (keys.has(key)) kept.set(key, child);
    else child.remove();
  }
  let at = parent.firstChild;
  for (const next of list) {
    const key = keyOf(next);
    const found = key === null ? at : kept.get(key);
    if (found && isAlike(found, next)) {
      if (found === at) at = at.nextSibling;
      else (parent.moveBefore ?? parent.insertBefore).call(parent, found, at); // moveBefore keeps the focus
      patch(found, next);
    } else {
      parent.insertBefore(next, at);
      if (at && key === null && keyOf(at) === null) at = removed(at);
      else if (found && found !== at) found.remove();
    }
  }
  while (at) at = removed(at);
}

function removed(node) {
  const next = node.nextSibling;
  node.remove();
  return next;
}

function patch(old, next) {
  if (old === next) return;
  if (old.nodeType !== Node.ELEMENT_NODE) {
    if (old.data !== next.data) old.data = next.data;
    return;
  }
  const own = old[meta], wanted = next[meta];
  patchAttributes(old, next);
  setCss(old, own, wanted.css);
  for (const type of Object.keys(own.on)) if (!(type in wanted.on)) own.on[type] = null;
  for (const [type, handler] of Object.entries(wanted.on)) listen(old, own, type, handler);
  if (!wanted.keep) morph(old, [...next.childNodes]);
  patchProperties(old, own, wanted);
}

function patchAttributes(old, next) {
  for (const {name, value} of [...next.attributes])
    if (name !== "style" && old.getAttribute(name) !== value) old.setAttribute(name, value);
  for (const {name} of [...old.attributes])
    if (!next.hasAttribute(name) && name !== "style" && !(name === "open" && /^(DETAILS|DIALOG)$/.test(old.nodeName)))
      old.removeAttribute(name);
}

function patchProperties(old, own, wanted) {
  for (const [name, value] of Object.entries(wanted.props)) {
    const isTyped = name === "value" && (own.props.value === value || document.activeElement === old);
    if (!isTyped && old[name] !== value) old[name] = value;
  }
  own.props = wanted.props;
}
