// SPDX-License-Identifier: MIT
// changing.mjs - edits that meet other edits, deleting, and many jobs at once.
import {assert, dialogOf, group, rowOf, toast, until} from "../harness.mjs";

const test = group(import.meta.url);

const pauseLive = async page => {
  await page.keyboard.press(".");
  await page.locator("#top button.live", {hasText: "Paused"}).waitFor();
};
const choose = (page, name) => rowOf(page, name).getByRole("checkbox").check();
const bulk = (page, verb) => page.getByRole("region", {name: "Selected jobs"}).getByRole("button", {name: verb}).click();

test("an edit that meets another one is merged field by field", async w => {
  const job = await w.job("Merged");
  const page = await w.open(`#/jobs/${job.id}/edit`);
  await page.getByLabel("Schedule", {exact: true}).fill("0 7 * * *");
  await page.getByLabel("Description", {exact: true}).fill("mine");
  await w.alice("PUT", `/jobs/${job.id}`, {name: "Merged by both", description: "theirs"});
  await page.getByRole("button", {name: "Save"}).click();
  const dialog = page.getByRole("dialog", {name: "It has been changed meanwhile"});
  await dialog.getByRole("radio", {name: "Description: now"}).check();
  await dialog.getByRole("button", {name: "Save mine over revision 2"}).click();
  await toast(page, "Merged by both is saved.");
  const after = await w.alice("GET", `/jobs/${job.id}`);
  assert.deepEqual([after.name, after.schedule, after.description], ["Merged by both", "0 7 * * *", "theirs"]);
});

test("deleting counts what it ends, and the focus goes to the next row", async w => {
  const job = await w.job("Gone 1", {action: {type: "gate"}, policies: {overlap: {policy: "queue_all"}}});
  await w.job("Gone 2");
  const run = await w.alice("POST", `/jobs/${job.id}/trigger`);
  await w.running(run);
  await w.alice("POST", `/jobs/${job.id}/trigger`);
  const page = await w.open("#/jobs?q=Gone&sort=name");
  await page.getByRole("button", {name: "Actions for Gone 1"}).click();
  await page.getByRole("menuitem", {name: "Delete"}).click();
  await dialogOf(page).getByText("1 pending run is cancelled, 1 running one is asked to stop.").waitFor();
  await dialogOf(page).getByRole("button", {name: "Delete"}).click();
  await toast(page, "Gone 1 is deleted.");
  await rowOf(page, "Gone 1").waitFor({state: "detached"});
  await until(() => page.evaluate(() => document.activeElement.closest("[data-row]")?.textContent.includes("Gone 2") || document.activeElement.id === "main"));
  await w.ended(run);
});

test("a change of what somebody else has deleted says so", async w => {
  const job = await w.job("Deleted elsewhere");
  const page = await w.open("#/jobs?q=Deleted+elsewhere");
  await pauseLive(page);
  await w.alice("DELETE", `/jobs/${job.id}`);
  await page.getByRole("button", {name: "Actions for Deleted elsewhere"}).click();
  await page.getByRole("menuitem", {name: "Pause"}).click();
  await dialogOf(page).getByRole("button", {name: "Pause"}).click();
  await toast(page, "It has been deleted meanwhile.");
  await rowOf(page, "Deleted elsewhere").waitFor({state: "detached"});
});

test("three jobs are paused at once, and the one that cannot be stays selected", async w => {
  const jobs = [await w.job("Three a"), await w.job("Three b"), await w.job("Three c", {max_runs: 1, schedule: "@every 1s"})];
  await until(async () => (await w.alice("GET", `/jobs/${jobs[2].id}`)).status === "completed");
  const page = await w.open("#/jobs?q=Three&sort=name");
  for (const job of jobs) await choose(page, job.name);
  await bulk(page, "Pause");
  await dialogOf(page).getByLabel(/Reason/).fill("together");
  await dialogOf(page).getByRole("button", {name: "Pause"}).click();
  const told = page.getByRole("dialog", {name: "2 paused, 1 not"});
  await told.getByText("Three c").waitFor();
  await told.getByRole("button", {name: "Close"}).click();
  await until(async () => await page.locator("main tbody input:checked").count() === 1, "one is selected");
  assert.ok(await rowOf(page, "Three c").getByRole("checkbox").isChecked());
  const {events} = await w.alice("GET", "/audit?verb=job.paused&limit=2");
  assert.equal(events[0].reason, "together");
  assert.equal(events[0].batch, events[1].batch);
});

test("all that match are changed only while they are as many as were seen", async w => {
  for (let i = 0; i < 30; ++i) await w.job(`Crowd ${i}`);
  const page = await w.open("#/overview");
  await page.evaluate(() => localStorage.setItem("carillon.jobs.limit", "25"));
  await page.goto(`${w.server.url}#/jobs?q=Crowd`);
  await page.reload();
  await choose(page, "Crowd 11");
  await page.getByRole("button", {name: "Select all 30 that match"}).click();
  await pauseLive(page);
  await w.job("Crowd late");
  const ask = async () => {
    await bulk(page, "Pause");
    await dialogOf(page).getByLabel(/to confirm/).fill(await dialogOf(page).getByLabel(/to confirm/).evaluate(input => /\d+/.exec(input.labels[0].textContent)[0]));
    await dialogOf(page).getByRole("button", {name: "Pause"}).click();
  };
  await ask();
  await toast(page, "The filter finds 31 jobs by now, not 30.");
  assert.equal((await w.alice("GET", "/jobs?q=Crowd&status=paused")).total, 0);
  await page.locator("main .head", {hasText: "31 jobs"}).waitFor();
  await ask();
  await toast(page, "31 jobs are paused.");
  assert.equal((await w.alice("GET", "/jobs?q=Crowd&status=paused")).total, 31);
});
