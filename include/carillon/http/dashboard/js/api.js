// SPDX-License-Identifier: MIT
// api.js - requests to the scheduler's API, with refusals as errors that can be read out to people.
import {heardServer} from "./time.js";
import {emit} from "./state.js";

const base = "api/v1/scheduler"; // relative: whatever prefix a proxy adds is in front already
let signInAgain = null;

/** `ask` shows the sign-in over the page and resolves to whether the same person is signed in again. */
export const onSignedOut = ask => { signInAgain = ask; };

export class ApiError extends Error {
  constructor(problem) {
    super(problem.detail || problem.title || "The request failed");
    Object.assign(this, problem);
  }
  get text() {
    if (this.offline) return "The server cannot be reached.";
    if (this.status === 429) return `Too many requests; try again in ${this.retryAfter ?? 1} s.`;
    if (this.status === 403 && this.code === "forbidden") return "You may not do that here.";
    if (this.status >= 500) return `The server failed${this.instance ? ` (request ${this.instance})` : ""}.`;
    const first = this.errors?.[0];
    const text = first?.detail ?? this.detail ?? this.title ?? `Status ${this.status}`;
    return text.charAt(0).toUpperCase() + text.slice(1) + (/[.!?]$/.test(text) ? "" : ".");
  }
}

// Numbers that a double cannot hold stay the text that was sent.
function exact(key, value, context) {
  const isInexact = typeof value === "number" && context?.source && /^-?\d+$/.test(context.source) &&
    !Number.isSafeInteger(value);
  return isInexact && JSON.rawJSON ? JSON.rawJSON(context.source) : value;
}
const parse = text => JSON.parse(text, exact);
export const pretty = value => JSON.stringify(value, null, 2) ?? "";

export const newKey = () => [...crypto.getRandomValues(new Uint8Array(16))].map(b => b.toString(16).padStart(2, "0")).join("");

function address(path, query) {
  const pairs = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {}))
    for (const one of Array.isArray(value) ? value : [value])
      if (one != null && one !== "") pairs.append(name, one);
  const text = pairs.toString();
  return path + (text ? `?${text}` : "");
}

async function problemOf(response) {
  let problem = {};
  try {
    problem = parse(await response.text());
  } catch { /* a proxy's page, not ours */ }
  const retryAfter = Number(response.headers.get("Retry-After")) || undefined;
  return new ApiError({...problem, status: response.status, retryAfter});
}

/** The bare request: resolves for every status, rejects with an ApiError where nothing answers. */
export async function request(method, url, {headers = {}, body, signal} = {}) {
  try {
    const response = await fetch(url, {
      method, signal, credentials: "same-origin", redirect: "error", cache: "no-store",
      headers: method === "GET" ? headers : {...headers, "Content-Type": "application/json"}, // with a cookie it has to be said
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    heardServer(response.headers.get("Date"));
    emit("reached", true);
    return response;
  } catch (error) {
    if (error.name === "AbortError") throw error;
    emit("reached", false);
    throw new ApiError({offline: true, status: 0, code: "offline", title: "The server cannot be reached"});
  }
}

async function send(method, path, {query, body, key, ifMatch, signal} = {}) {
  const headers = {Accept: "application/json"};
  if (key) headers["Idempotency-Key"] = key;
  if (ifMatch != null) headers["If-Match"] = ifMatch === "*" ? "*" : `"${ifMatch}"`;
  const url = address(base + path, query);
  let response = await request(method, url, {headers, body, signal});
  if (response.status === 401 && signInAgain && await signInAgain())
    response = await request(method, url, {headers, body, signal});
  if (!response.ok) throw await problemOf(response);
  const text = await response.text();
  return text ? parse(text) : null;
}

export const api = {
  get: (path, options) => send("GET", path, options),
  post: (path, body, options) => send("POST", path, {...options, body}),
  put: (path, body, options) => send("PUT", path, {...options, body}),
  del: (path, options) => send("DELETE", path, options),
  /** Null where this server has no such route. */
  async maybe(path, options) {
    try {
      return await send("GET", path, options);
    } catch (error) {
      if (error.status === 404 || error.status === 405) return null;
      throw error;
    }
  },
  stream: (query, headers, signal) => request("GET", address(`${base}/events`, query), {headers, signal}),
};

export const sessions = {
  async who(token) {
    const headers = token ? {Authorization: `Bearer ${token}`} : {};
    const response = await request("GET", "session", {headers});
    if (response.status === 401) return null;
    if (!response.ok) throw await problemOf(response);
    return response.json();
  },
  async open(token) {
    const response = await request("POST", "session", {headers: {Authorization: `Bearer ${token}`}});
    if (!response.ok) throw await problemOf(response);
  },
  async close() {
    const response = await request("DELETE", "session");
    if (!response.ok) throw await problemOf(response);
  },
};
