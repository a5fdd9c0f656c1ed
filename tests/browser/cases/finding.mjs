// SPDX-License-Identifier: MIT
// finding.mjs - search, filters, pages, addresses that can be kept, and whose clock shows what.
import {assert, group, rowOf, until} from "../harness.mjs";

const test = group(import.meta.url);

const names = page => page.locator("main tbody a.jn").allTextContents();
const chip = (page, name) => page.locator("main .chip", {hasText: name});

test("one of 100,000 jobs is found while it is typed", async w => {
  await w.hands("many");
  const page = await w.open("#/jobs", {as: "max"});
  await page.getByRole("searchbox").click();
  await page.keyboard.type("Report 9987");
  const from = await page.evaluate(() => performance.now());
  await page.keyboard.type("6");
  await page.waitForFunction(() => document.querySelector("main tbody tr:first-child")?.textContent.includes("Report 99876"));
  const took = await page.evaluate(before => performance.now() - before, from);
  console.log(`      the first row came ${took.toFixed(0)} ms after the last key`);
  assert.equal((await names(page)).length, 1);
});

test("chips, their numbers and the rows agree", async w => {
  for (let i = 0; i < 3; ++i) await w.job(`Agree ${i}`, {}, "bob");
  const paused = await w.job("Agree paused", {}, "bob");
  await w.bob("POST", `/jobs/${paused.id}/pause`);
  const failing = await w.job("Agree failing", {action: {type: "fail"}}, "bob");
  await w.ended(await w.bob("POST", `/jobs/${failing.id}/trigger`), "bob");
  const page = await w.open("#/jobs", {as: "bob"});
  for (const [name, status] of [["Active", "active"], ["Paused", "paused"], ["Failing", null]]) {
    await chip(page, name).click();
    const {total} = await w.bob("GET", status ? `/jobs?status=${status}` : "/jobs?failing=true");
    await until(async () => (await page.locator("main tbody tr").count()) === total, `${total} rows ${name}`);
    assert.equal(await chip(page, name).locator("b").textContent(), String(total));
    assert.equal(await chip(page, name).getAttribute("aria-pressed"), "true");
  }
});

test("pages meet each row once, forward and back, where all have the same time", async w => {
  await w.hands("many");
  const page = await w.open("#/jobs?q=Report+12&sort=newest", {as: "max"});
  await page.evaluate(() => localStorage.setItem("carillon.jobs.limit", "25"));
  await page.reload();
  const walk = [];
  const at = async text => { await page.locator(".tablefoot", {hasText: text}).waitFor(); return names(page); };
  walk.push(await at("1–25 of"));
  await page.getByRole("button", {name: "Older"}).click();
  walk.push(await at("26–50 of"));
  await page.getByRole("button", {name: "Older"}).click();
  walk.push(await at("51–75 of"));
  assert.equal(new Set(walk.flat()).size, 75);
  const {jobs} = await w.max("GET", "/jobs?q=Report%2012&sort=newest&limit=75");
  assert.deepEqual(walk.flat(), jobs.map(job => job.name));
  await page.getByRole("button", {name: "Newer"}).click();
  assert.deepEqual(await at("26–50 of"), walk[1]);
  await page.getByRole("button", {name: "Newer"}).click();
  assert.deepEqual(await at("1–25 of"), walk[0]);
});

test("the order by next run is that of all jobs, not of a page", async w => {
  for (let i = 0; i < 30; ++i) await w.job(`Order ${i}`, {schedule: `${i} ${(i * 7) % 24} ${1 + i % 28} ${1 + (i * 5) % 12} *`});
  const page = await w.open("#/overview");
  await page.evaluate(() => localStorage.setItem("carillon.jobs.limit", "25"));
  await page.goto(`${w.server.url}#/jobs?q=Order&sort=next_run`);
  await page.reload();
  await page.locator(".tablefoot", {hasText: "1–25 of 30"}).waitFor();
  const {jobs} = await w.alice("GET", "/jobs?q=Order&limit=100");
  const ordered = jobs.sort((a, b) => Date.parse(a.next_run_at) - Date.parse(b.next_run_at)).map(job => job.name);
  assert.deepEqual(await names(page), ordered.slice(0, 25));
  await page.getByRole("button", {name: "Name", exact: true}).or(page.locator("th button", {hasText: "Job"})).first().click();
  await until(async () => (await names(page))[0] === "Order 0" && (await names(page))[1] === "Order 1");
});

test("an address restores every page with its filter, zone and place", async w => {
  const job = await w.job("Deep");
  await w.alice("POST", `/jobs/${job.id}/pause`);
  const run = await w.ended(await w.alice("POST", `/jobs/${(await w.job("Deep too")).id}/trigger`));
  const page = await w.open("#/jobs?q=Deep&status=paused&sort=name&tz=utc");
  const check = async () => {
    await rowOf(page, "Deep").waitFor();
    assert.equal(await page.getByRole("searchbox").inputValue(), "Deep");
    assert.equal(await chip(page, "Paused").getAttribute("aria-pressed"), "true");
    assert.equal(await page.getByLabel("Order").inputValue(), "name");
    assert.equal(await page.locator("#top .seg button", {hasText: "UTC"}).getAttribute("aria-pressed"), "true");
  };
  await check();
  await page.reload();
  await check();
  for (const [hash, title] of [["#/overview", "Overview"], ["#/jobs", "Jobs"], [`#/jobs/${job.id}`, "Deep"], ["#/jobs/new", "New job"], [`#/jobs/${job.id}/edit`, "Edit Deep"],
    [`#/jobs/${job.id}/copy`, "Copy Deep"], [`#/jobs/${job.id}/explain?at=2026-06-01T00:00:00Z`, "at"], ["#/runs?status=completed", "Runs"], [`#/runs/${run.id}`, "Run of"],
    ["#/timeline?span=7d", "Timeline"], ["#/audit", "Audit"], ["#/nothing", "Not found"], ["#/jobs/01890a5d-ac96-774b-bcce-b302099a8057", "Not found"]]) {
    await page.goto("about:blank");
    await page.goto(w.server.url + hash);
    await page.locator("main h1:not(.sr)", {hasText: title}).waitFor();
  }
  await page.goto(`${w.server.url}open/jobs/${job.id}`);
  await page.locator("main h1", {hasText: "Deep"}).waitFor();
});

test("an address with a cursor comes back to its page, and a forged one to the first", async w => {
  await w.hands("many");
  const page = await w.open("#/jobs?q=Report+34&sort=name", {as: "max"});
  await page.getByRole("button", {name: "Older"}).click();
  await page.locator(".tablefoot", {hasText: "51–100 of"}).waitFor();
  const there = await names(page);
  await page.reload();
  await page.locator(".tablefoot", {hasText: "51–100 of"}).waitFor();
  assert.deepEqual(await names(page), there);
  await page.goto("about:blank");
  await page.goto(`${w.server.url}#/jobs?q=Report+34&sort=name&after=forged&page=1`);
  await page.locator(".tablefoot", {hasText: "1–50 of"}).waitFor();
});

test("Back returns to the place and the link that was followed", async w => {
  await w.hands("many");
  const page = await w.open("#/jobs?q=Report+5&sort=name", {as: "max"});
  const link = page.locator("main tbody tr:nth-child(40) a.jn");
  await link.scrollIntoViewIfNeeded();
  const name = await link.textContent();
  const y = await page.evaluate(() => scrollY);
  assert.ok(y > 500);
  await link.focus();
  await page.keyboard.press("Enter");
  await page.locator("main h1", {hasText: name}).waitFor();
  await page.goBack();
  await until(() => page.evaluate(() => document.activeElement.textContent).then(text => text === name), "the link has the focus");
  assert.ok(Math.abs(await page.evaluate(() => scrollY) - y) < 100);
});

test("the switch of zones changes every time, and UTC is always at hand", async w => {
  const job = await w.job("Zoned", {time_zone: "Asia/Tokyo"});
  await w.ended(await w.alice("POST", `/jobs/${job.id}/trigger`));
  const page = await w.open(`#/jobs/${job.id}`);
  await rowOf(page, "Completed").waitFor();
  const texts = () => page.locator("main time:not([data-tick])").evaluateAll(all => all.map(one => [one.textContent, one.title]));
  const inZone = async name => {
    await page.locator("#top .seg button", {hasText: name}).click();
    await page.locator(`#top .seg button[aria-pressed=true]`, {hasText: name}).waitFor();
    return texts();
  };
  const [own, mine, utc] = [await inZone("Job"), await inZone("Mine"), await inZone("UTC")];
  assert.ok(own.length >= 8 && own.length === mine.length && own.length === utc.length);
  own.forEach(([text, title], i) => {
    assert.match(title, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/);
    assert.notEqual(text, mine[i][0]);
    assert.notEqual(text, utc[i][0]);
    assert.equal(title.split(" ")[0], utc[i][1].split(" ")[0]);
  });
});

test("somebody in New York sees a job of Paris on either clock", async w => {
  const job = await w.job("Seen from afar", {schedule: "0 9 * * *", time_zone: "Europe/Paris"});
  const page = await w.open(`#/jobs/${job.id}`, {timezoneId: "America/New_York"});
  await page.locator("main section[aria-label='Next runs'] li", {hasText: /09:00 UTC\+[12]/}).first().waitFor();
  await page.locator("#top .seg button", {hasText: "Mine"}).click();
  await page.locator("main section[aria-label='Next runs'] li", {hasText: /0[34]:00 UTC−[45]/}).first().waitFor();
});
