// SPDX-License-Identifier: MIT
// live.mjs - what changes while somebody looks, and what must not change then.
import {assert, dialogOf, group, isLive, rowOf, toast, until} from "../harness.mjs";

const test = group(import.meta.url);

const pill = (page, text) => page.locator("main .head .pill", {hasText: text}).waitFor();

test("eight tabs share one stream, and none hangs", async w => {
  const first = await w.open("#/overview");
  await isLive(first);
  const tabs = await Promise.all(["overview", "jobs", "runs", "timeline", "audit", "jobs?q=x", "runs?status=failed"].map(async name => {
    const page = await w.tab(first.context());
    await page.goto(`${w.server.url}#/${name}`);
    await page.locator("main h1:not(.sr)").first().waitFor();
    return page;
  }));
  for (const page of tabs) await isLive(page);
  assert.equal(await w.hands("streams"), 1);
  const job = await w.job("Seen in every tab");
  await tabs[1].getByRole("button", {name: /newer: show|sort again/}).or(tabs[1].locator("main", {hasText: job.name})).first().waitFor();
});

test("a run is watched from pending to running to completed, by the stream", async w => {
  const job = await w.job("Watched", {action: {type: "gate"}, policies: {overlap: {policy: "queue_all"}}});
  const first = await w.alice("POST", `/jobs/${job.id}/trigger`);
  await w.running(first);
  const second = await w.alice("POST", `/jobs/${job.id}/trigger`);
  const page = await w.open(`#/runs/${second.id}`);
  await isLive(page);
  await pill(page, "Pending");
  await w.hands("pass");
  await pill(page, "Running");
  await w.hands("pass");
  await pill(page, "Completed");
  await w.ended(second);
});

test("pausing keeps the reason", async w => {
  const job = await w.job("Paused with a reason");
  const page = await w.open(`#/jobs/${job.id}`);
  await page.locator("main .head").getByRole("button", {name: "Pause"}).click();
  await dialogOf(page).getByLabel(/Reason/).fill("the ledger is closed");
  await dialogOf(page).getByRole("button", {name: "Pause"}).click();
  await pill(page, "Paused");
  await page.locator("main .head", {hasText: "the ledger is closed"}).waitFor();
  const {events} = await w.alice("GET", `/audit?job_id=${job.id}&verb=job.paused`);
  assert.equal(events[0].reason, "the ledger is closed");
  assert.equal(events[0].via, "dashboard");
  await page.getByRole("button", {name: "Undo"}).click();
  await pill(page, "Active");
});

test("what was skipped during a pause is one row of the ledger", async w => {
  const job = await w.job("Every second", {schedule: "@every 1s"});
  await w.alice("POST", `/jobs/${job.id}/pause`);
  const pausedAt = Date.now();
  const page = await w.open(`#/jobs/${job.id}`);
  await until(() => Date.now() > pausedAt + 2_500);
  await page.locator("main .head").getByRole("button", {name: "Resume"}).click();
  await toast(page, "Every second is resumed.");
  await w.alice("POST", `/jobs/${job.id}/pause`);
  const {runs} = await w.alice("GET", `/jobs/${job.id}/runs?status=skipped`);
  assert.equal(runs.length, 1);
  assert.ok(runs[0].occurrences >= 2);
  await page.locator("main", {hasText: `${runs[0].occurrences} occurrences`}).waitFor();
});

test("a run by hand leaves the next one where it is", async w => {
  const job = await w.job("By hand");
  const page = await w.open(`#/jobs/${job.id}`);
  await page.locator("main .head").getByRole("button", {name: "Run now"}).click();
  await dialogOf(page).getByText("Its next run stays").waitFor();
  await dialogOf(page).getByRole("button", {name: "Run now"}).click();
  await toast(page, "A run of By hand is due.");
  await rowOf(page, "Completed").waitFor();
  assert.equal((await w.alice("GET", `/jobs/${job.id}`)).next_run_at, job.next_run_at);
});

test("a run that goes on is cancelled", async w => {
  const job = await w.job("Cancelled", {action: {type: "gate"}});
  const run = await w.alice("POST", `/jobs/${job.id}/trigger`);
  await w.running(run);
  const page = await w.open(`#/runs/${run.id}`);
  await page.locator("main .head").getByRole("button", {name: "Cancel"}).click();
  await dialogOf(page).getByLabel(/Reason/).fill("not needed");
  await dialogOf(page).getByRole("button", {name: "Cancel the run"}).click();
  await pill(page, "Cancelled");
  assert.equal((await w.ended(run)).status, "cancelled");
});

test("updates keep an open menu, a selection, typed text and what a question is about", async w => {
  const job = await w.job("Kept row");
  const other = await w.job("Kept other");
  const page = await w.open("#/jobs?q=Kept&sort=name");
  await isLive(page);
  const touch = async () => {
    const heard = page.waitForResponse(response => response.url().includes("/jobs?"));
    await w.alice("POST", `/jobs/${other.id}/${(await w.alice("GET", `/jobs/${other.id}`)).status === "active" ? "pause" : "resume"}`);
    return heard;
  };
  await rowOf(page, "Kept row").getByRole("checkbox").check();
  await touch(); // selection does not hold updates up, and outlives them
  await rowOf(page, "Kept other").getByText("Paused").waitFor();
  assert.ok(await rowOf(page, "Kept row").getByRole("checkbox").isChecked());

  await page.getByRole("searchbox").fill("Kept r");
  await page.getByRole("searchbox").fill("Kept ");
  await until(() => page.url().includes("q=Kept&") || page.url().endsWith("q=Kept"));
  await touch();
  assert.equal(await page.getByRole("searchbox").inputValue(), "Kept ");

  await rowOf(page, "Kept row").getByRole("button", {name: "Actions for Kept row"}).click();
  await page.locator("#top button.live", {hasText: "Waiting"}).waitFor();
  await w.alice("POST", `/jobs/${other.id}/pause`);
  await page.getByRole("menuitem", {name: "Pause"}).click();
  await w.alice("POST", `/jobs/${other.id}/resume`);
  await w.job("Kept before"); // would move the row
  await dialogOf(page).getByRole("button", {name: "Pause"}).click();
  await toast(page, "Kept row is paused.");
  assert.equal((await w.alice("GET", `/jobs/${job.id}`)).status, "paused");
  assert.equal((await w.alice("GET", `/jobs/${other.id}`)).status, "active");
});

test("a stream that is cut is replaced by asking, and comes back", async w => {
  const job = await w.job("Polled");
  const page = await w.open("#/overview");
  await isLive(page);
  await page.context().route("**/events", route => route.abort());
  await page.reload();
  await page.locator("#top button.live", {hasText: "Polling 5 s"}).waitFor();
  await page.goto(`${w.server.url}#/jobs/${job.id}`);
  await w.alice("POST", `/jobs/${job.id}/pause`);
  await pill(page, "Paused"); // by the poll
  await page.context().unroute("**/events");
  await page.locator("#top button.live.live", {hasText: "Live"}).waitFor({timeout: 30_000});
});

test("live updates can be paused", async w => {
  const job = await w.job("Not live");
  const page = await w.open(`#/jobs/${job.id}`);
  await isLive(page);
  await page.keyboard.press(".");
  await page.locator("#top button.live", {hasText: "Paused"}).waitFor();
  await w.alice("POST", `/jobs/${job.id}/pause`);
  await page.keyboard.press(".");
  await pill(page, "Paused");
});
