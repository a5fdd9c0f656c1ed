// SPDX-License-Identifier: MIT
// harness.mjs - the server, the browser, and what the cases have in common: people who are signed in, jobs, waiting.
import {spawn} from "node:child_process";
import {mkdirSync, rmSync} from "node:fs";
import {createRequire} from "node:module";
import {createInterface} from "node:readline";
import assert from "node:assert/strict";

export {assert};

/** The cases of a file, one after the other on a server of their own. */
const groups = new Map();
/** Makes `test(name, run)` of a file: `run` gets a World. */
export function group(file) {
  const cases = [];
  groups.set(file, cases);
  return (name, run) => cases.push({name, run});
}

export const TOKENS = {
  alice: "alice-0123456789abcdef", rita: "rita-0123456789abcdef", bob: "bob-0123456789abcdef",
  nora: "nora-0123456789abcdef", max: "max-0123456789abcdef", eve: "eve-0123456789abcdef",
};
const patience = 10_000;

/** Resolves to what `probe` gives as soon as that is true; fails with the last of it. */
export async function until(probe, what = probe.toString(), limit = patience) {
  const end = Date.now() + limit;
  for (let last;;) {
    try {
      last = await probe();
      if (last) return last;
    } catch (error) {
      last = error;
    }
    if (Date.now() > end) throw new Error(`never came true: ${what}; last: ${last?.message ?? JSON.stringify(last)}`);
    await new Promise(resolve => setTimeout(resolve, 20));
  }
}

// ---- the server

export async function startServer(program, ...options) {
  const child = spawn(program, options, {stdio: ["ignore", "pipe", "inherit"]});
  const url = await new Promise((resolve, reject) => {
    createInterface({input: child.stdout}).on("line", line => { if (line.startsWith("url: ")) resolve(line.slice(5)); });
    child.on("exit", code => reject(new Error(`${program} ended with ${code}`)));
  });
  process.on("exit", () => child.kill("SIGTERM"));
  return {url, origin: new URL(url).origin, stop: () => child.kill("SIGTERM")};
}

/** The API as a program uses it. */
export function client(origin, token) {
  const base = `${origin}/api/v1/scheduler`;
  return async function call(method, path, body, headers = {}) {
    const response = await fetch(base + path, {method, body: body === undefined ? undefined : JSON.stringify(body),
      headers: {Authorization: `Bearer ${token}`, ...body === undefined ? {} : {"Content-Type": "application/json"}, ...headers}});
    const text = await response.text();
    const answer = text ? JSON.parse(text) : null;
    if (!response.ok) throw Object.assign(new Error(`${method} ${path}: ${response.status} ${text}`), {status: response.status});
    return answer;
  };
}

// ---- one case

// What a browser says of answers that the page knows how to take.
const isExpected = text => /Failed to load resource|net::ERR|ERR_ABORTED/.test(text);

export class World {
  constructor(browser, server, files) {
    Object.assign(this, {browser, server, files, contexts: [], complaints: []});
    for (const name of Object.keys(TOKENS)) this[name] = client(server.origin, TOKENS[name]);
  }

  hands(wish) { return fetch(`${this.server.origin}/test/${wish}`).then(response => response.json()); }

  /** A browser of its own: cookies, storage, zone. */
  async context(options = {}) {
    const context = await this.browser.newContext({viewport: {width: 1280, height: 800}, timezoneId: "Europe/Paris", locale: "en-GB", ...options});
    context.setDefaultTimeout(patience);
    this.contexts.push(context);
    return context;
  }
  async tab(context) {
    const page = await context.newPage();
    page.on("pageerror", error => this.complaints.push(`${page.url()}: ${error.stack ?? error}`));
    page.on("console", message => { if (message.type() === "error" && !isExpected(message.text())) this.complaints.push(`${page.url()}: ${message.text()}`); });
    return page;
  }
  /** Signs in by the API, as the page itself does, and opens an address: "#/jobs". */
  async open(hash, {as = "alice", url = this.server.url, ...options} = {}) {
    const context = await this.context(options);
    await context.request.post(`${url}session`, {headers: {Authorization: `Bearer ${TOKENS[as]}`, "Content-Type": "application/json"}});
    const page = await this.tab(context);
    await page.goto(url + hash);
    await page.locator("main h1:not(.sr)").first().waitFor();
    return page;
  }

  job(name, spec = {}, as = "alice") {
    return this[as]("POST", "/jobs", {name, schedule: "0 3 1 1 *", action: {type: "quick"}, time_zone: "UTC", ...spec});
  }
  async ended(run, as = "alice") {
    return until(async () => { const now = await this[as]("GET", `/runs/${run.id}`); return !["pending", "running"].includes(now.status) && now; }, `run ${run.id} ends`);
  }
  async running(run, as = "alice") {
    return until(async () => (await this[as]("GET", `/runs/${run.id}`)).status === "running", `run ${run.id} runs`);
  }

  async axe(page, where) {
    await page.evaluate(this.files.axe);
    const found = await page.evaluate(() => window.axe.run(document, {resultTypes: ["violations"]}));
    const list = found.violations.map(one => `${one.id}: ${one.nodes.slice(0, 3).map(node => node.target.join(" ")).join(", ")}`);
    assert.deepEqual(list, [], `axe has something to say of ${where}`);
  }
  async picture(page, name) {
    await page.screenshot({path: `${this.files.pictures}/${name}.png`});
  }

  async leave() {
    for (const context of this.contexts) {
      await context.unrouteAll({behavior: "ignoreErrors"}); // what a case has on its way may come to nothing
      for (const page of context.pages()) await page.unrouteAll({behavior: "ignoreErrors"});
      await context.close();
    }
  }
  async close() {
    await this.leave();
    assert.deepEqual(this.complaints, [], "the browser has complained");
  }
}

export const dialogOf = page => page.locator("dialog[open]");
/** Waits until the page itself has noticed that no dialog is open. */
export const dialogGone = page => page.locator("dialog").waitFor({state: "detached"});
export const rowOf = (page, name) => page.locator("main [data-row]", {hasText: name});
export const toast = (page, text) => page.locator("#toasts .toast", {hasText: text}).first().waitFor();
/** The page hears of changes by its stream. */
export const isLive = page => page.locator("#top button.live.live", {hasText: "Live"}).waitFor();

// ---- all cases

async function runCase({name, run}, world, folder) {
  const from = Date.now();
  try {
    await run(world);
    await world.close();
    console.log(`ok     ${name} (${((Date.now() - from) / 1_000).toFixed(1)} s)`);
    return true;
  } catch (error) {
    console.log(`FAILED ${name}\n${error.stack ?? error}\n${world.complaints.join("\n")}`);
    const page = world.contexts.at(-1)?.pages().at(-1);
    await page?.screenshot({path: `${folder}/failed ${name}.png`}).catch(() => {});
    await world.leave().catch(() => {});
    return false;
  }
}

export async function runAll({program, folder, only, atOnce = 2}) {
  const require = createRequire(`${folder}/`);
  const {chromium} = require("playwright-core");
  const files = {axe: require("axe-core").source, pictures: `${folder}/screenshots`, program};
  rmSync(files.pictures, {recursive: true, force: true});
  mkdirSync(files.pictures, {recursive: true});
  const browser = await chromium.launch({executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"]});
  const waiting = [...groups.values()].map(cases => cases.filter(one => !only || one.name.includes(only))).filter(cases => cases.length);
  const results = [];
  const work = async () => {
    for (let cases; (cases = waiting.shift());) {
      const server = await startServer(program);
      for (const one of cases) results.push(await runCase(one, new World(browser, server, files), files.pictures));
      server.stop();
    }
  };
  await Promise.all(Array.from({length: atOnce}, work));
  await browser.close();
  const passed = results.filter(Boolean).length;
  console.log(`${passed} passed, ${results.length - passed} failed`);
  return passed === results.length && passed > 0;
}
