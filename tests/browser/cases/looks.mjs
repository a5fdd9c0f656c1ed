// SPDX-License-Identifier: MIT
// looks.mjs - widths, themes, the keyboard alone, accessibility, and what is shown when nothing is well.
import {assert, dialogGone, dialogOf, group, rowOf, toast, until} from "../harness.mjs";

const test = group(import.meta.url);

/** Jobs with a history, once for all of these. */
let made = null;
async function world(w) {
  made ??= (async () => {
    const jobs = [];
    for (const [name, type, schedule] of [["Nightly ledger close", "quick", "30 2 * * 1-5"], ["Legacy FTP", "fail", "0 * * * *"], ["Rebuild the warehouse", "gate", "15 4 * * 0"]]) {
      const job = await w.job(name, {schedule, action: {type, table: "ledger"}, time_zone: "Europe/Paris", description: `What it is for: ${name}`});
      const run = await w.alice("POST", `/jobs/${job.id}/trigger`);
      if (type === "gate") await w.running(run);
      else await w.ended(run);
      jobs.push({job, run});
    }
    return jobs;
  })();
  return made;
}
const pagesOf = ([first, second]) => [["overview", "#/overview"], ["jobs", "#/jobs"], ["job", `#/jobs/${first.job.id}`], ["edit", `#/jobs/${first.job.id}/edit`], ["runs", "#/runs"],
  ["run", `#/runs/${second.run.id}`], ["timeline", "#/timeline"], ["explain", `#/jobs/${first.job.id}/explain?at=2026-06-01T00:00:00Z`], ["audit", "#/audit"]];

async function visit(page, w, hash) {
  await page.goto(w.server.url + hash);
  await page.locator("main[aria-busy=false] h1:not(.sr)").first().waitFor();
}
const overflow = page => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

test("no page is wider than its window, on phones, tablets and screens", async w => {
  const all = pagesOf(await world(w));
  const page = await w.open("#/overview");
  for (const width of [360, 390, 768, 1280]) {
    await page.setViewportSize({width, height: width < 700 ? 800 : 900});
    for (const [name, hash] of all) {
      await visit(page, w, hash);
      assert.equal(await overflow(page), 0, `${name} at ${width}`);
      if (width === 390 || width === 1280) await w.picture(page, `${name}.${width}`);
    }
  }
});

test("the dark theme is dark, forced colours lose nothing, and nothing moves for those who do not want it", async w => {
  const all = pagesOf(await world(w));
  const page = await w.open("#/overview", {colorScheme: "dark", reducedMotion: "reduce"});
  const light = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  assert.equal(light, "rgb(13, 19, 24)");
  for (const [name, hash] of all) {
    await visit(page, w, hash);
    await w.picture(page, `${name}.dark`);
    const moving = await page.evaluate(() => document.getAnimations().filter(one => one.playState === "running" && one.effect.getComputedTiming().duration > 1).length);
    assert.equal(moving, 0, name);
  }
  await page.getByRole("button", {name: "Light theme"}).first().click();
  assert.equal(await page.evaluate(() => getComputedStyle(document.body).backgroundColor), "rgb(244, 246, 247)");
  await page.reload();
  assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), "light");
  await page.emulateMedia({forcedColors: "active"});
  for (const [name, hash] of all.slice(0, 3)) {
    await visit(page, w, hash);
    assert.equal(await overflow(page), 0);
    await w.picture(page, `${name}.forced`);
  }
});

test("a job is made, paused and deleted with the keyboard alone", async w => {
  await world(w);
  const page = await w.open("#/jobs");
  await page.keyboard.press("n");
  await page.locator("main h1", {hasText: "New job"}).waitFor();
  const tabTo = async label => {
    for (let i = 0; i < 60; ++i) {
      await page.keyboard.press("Tab");
      if (await page.evaluate(wanted => (document.activeElement.labels?.[0]?.textContent ?? document.activeElement.textContent) === wanted, label)) return;
    }
    assert.fail(`Tab never comes to ${label}`);
  };
  await tabTo("Name");
  await page.keyboard.type("By keyboard");
  await tabTo("Schedule");
  await page.keyboard.type("0 5 * * *");
  await tabTo("Action type");
  await page.keyboard.type("quick");
  await page.keyboard.press("Enter");
  await page.locator("main h1", {hasText: "By keyboard"}).waitFor();
  await page.locator("#main").focus();
  await page.keyboard.press("p");
  await dialogOf(page).waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "Cancel");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.locator("main .head .pill", {hasText: "Paused"}).waitFor();
  await page.locator("#main").focus();
  await page.keyboard.press("Delete");
  await dialogOf(page).waitFor();
  await page.keyboard.press("Escape");
  await dialogGone(page);
  await page.keyboard.press("Delete");
  await dialogOf(page).waitFor();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await toast(page, "By keyboard is deleted.");
  await page.keyboard.press("g");
  await page.keyboard.press("j");
  await page.locator("main h1", {hasText: "Jobs"}).waitFor();
  await page.keyboard.press("j");
  assert.ok(await page.evaluate(() => document.activeElement.closest("[data-row]") !== null));
  await page.keyboard.press("?");
  await page.getByRole("dialog", {name: "Keyboard shortcuts"}).getByRole("checkbox").uncheck();
  await page.keyboard.press("Escape");
  await page.keyboard.press("n");
  await page.evaluate(() => new Promise(resolve => requestAnimationFrame(resolve)));
  assert.ok(page.url().includes("#/jobs") && !page.url().includes("new"));
});

test("axe has nothing to say of any page, dialog, menu or error", async w => {
  const all = await world(w);
  for (const colorScheme of ["light", "dark"]) {
    const page = await w.open("#/overview", {colorScheme});
    for (const [name, hash] of pagesOf(all)) {
      await visit(page, w, hash);
      await w.axe(page, `${name}, ${colorScheme}`);
    }
    await visit(page, w, "#/jobs?q=Legacy");
    await rowOf(page, "Legacy FTP").getByRole("checkbox").check();
    await w.axe(page, "a selection");
    await page.getByRole("button", {name: "Actions for Legacy FTP"}).click();
    await w.axe(page, "a menu");
    await page.getByRole("menuitem", {name: "Delete"}).click();
    await dialogOf(page).waitFor();
    await w.axe(page, "a question");
    await page.keyboard.press("Escape");
    await dialogGone(page);
    await page.keyboard.press("?");
    await dialogOf(page).waitFor();
    await w.axe(page, "the list of keys");
    await page.keyboard.press("Escape");
    await dialogGone(page);
    await visit(page, w, "#/jobs/new");
    await page.getByLabel("Schedule", {exact: true}).fill("30 25 * * *");
    await page.locator("pre.caret").waitFor();
    await page.getByRole("button", {name: "Create job"}).click();
    await w.axe(page, "a form with errors");
    await page.getByLabel("Schedule", {exact: true}).fill("");
    await page.goto("about:blank");
    await page.goto(`${w.server.url}#/nothing`);
    await page.locator("main h1", {hasText: "Not found"}).waitFor();
    await w.axe(page, "a page that is not there");
    await page.setViewportSize({width: 390, height: 800});
    await visit(page, w, "#/jobs");
    await w.axe(page, "cards");
    const stranger = await w.tab(await w.context({colorScheme}));
    await stranger.goto(w.server.url);
    await stranger.getByLabel("Token").fill("x");
    await stranger.getByRole("button", {name: "Sign in"}).click();
    await stranger.locator("input[aria-invalid=true]").waitFor();
    await w.axe(stranger, "the sign-in");
  }
});

test("a tenant without jobs is told how to begin", async w => {
  const page = await w.open("#/overview", {as: "nora"});
  await page.getByText("No jobs yet").waitFor();
  await w.axe(page, "the first page of all");
  await visit(page, w, "#/runs");
  await page.getByText("No runs").waitFor();
  await visit(page, w, "#/timeline");
  await page.getByText("Nothing is due before").waitFor();
});

test("a slow answer keeps what is shown, and says that it is on its way", async w => {
  const [first] = await world(w);
  const page = await w.open("#/jobs");
  let answer;
  const slow = new Promise(resolve => { answer = resolve; });
  await page.route("**/runs?**", async route => { await slow; await route.continue(); });
  await page.locator("#top").getByRole("link", {name: "Runs"}).click();
  await page.locator("#top .progress.on").waitFor();
  answer();
  await page.locator("main h1", {hasText: "Runs"}).waitFor();
  await page.locator("#top .progress:not(.on)").waitFor({state: "attached"});
  await visit(page, w, `#/jobs/${first.job.id}`);
});

test("without a network the page stays, says since when, and comes back", async w => {
  const page = await w.open("#/jobs");
  await page.context().setOffline(true);
  await page.locator("#top button.live", {hasText: "Offline since"}).waitFor({timeout: 20_000});
  assert.ok((await page.locator("main tbody tr").count()) > 0);
  await w.axe(page, "offline");
  await page.context().setOffline(false);
  await page.locator("#top button.live:not(.offline)").waitFor({timeout: 30_000});
});

test("a server that fails is told of with the request's name, and asked again", async w => {
  const page = await w.open("#/audit");
  await page.keyboard.press("."); // an update would be quicker than the button
  const problem = {type: "urn:x-carillon:problem:internal", title: "Something went wrong here", status: 500, code: "internal", instance: "req-42"};
  await page.route("**/runs?**", route => route.fulfill({status: 500, contentType: "application/problem+json", body: JSON.stringify(problem)}));
  await page.locator("#top").getByRole("link", {name: "Runs"}).click();
  await page.locator("main [role=alert]", {hasText: "req-42"}).waitFor();
  await w.axe(page, "a failure");
  await page.unroute("**/runs?**");
  await page.getByRole("button", {name: "Try again"}).click();
  await page.locator("main h1", {hasText: "Runs"}).waitFor();
  await page.locator("main tbody tr").first().waitFor();
});

test("times count from the server's clock, ten minutes away from the browser's", async w => {
  const job = await w.job("Other clock", {schedule: "@every 1h"});
  const page = await w.open(`#/jobs/${job.id}`);
  const left = async () => {
    const text = await page.locator("main .head time[data-tick]").first().textContent();
    return Number(/(\d+) min/.exec(text)?.[1] ?? (/h/.test(text) ? 60 : 0));
  };
  const before = await left();
  await page.route("**/api/**", async route => {
    const response = await route.fetch();
    const headers = {...response.headers(), date: new Date(Date.now() + 600_000).toUTCString()};
    await route.fulfill({response, headers});
  });
  await page.route("**/events", route => route.abort());
  await page.reload();
  await page.locator("main .head time[data-tick]").first().waitFor();
  await until(async () => Math.abs(before - await left() - 10) <= 1, "ten minutes less are left");
});
