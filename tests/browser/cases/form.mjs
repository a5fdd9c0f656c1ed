// SPDX-License-Identifier: MIT
// form.mjs - a job as it is typed: explained, refused, made once.
import {assert, group, toast, until} from "../harness.mjs";

const test = group(import.meta.url);

const schedule = page => page.getByLabel("Schedule", {exact: true});
const sentence = page => page.locator(".preview p.strong");

async function fill(page, name, text = "0 9 * * *") {
  await page.getByLabel("Name", {exact: true}).fill(name);
  await schedule(page).fill(text);
  await page.getByLabel("Action type", {exact: true}).fill("quick");
}

test("a job is made by typing, with a sentence that appears while it is typed", async w => {
  const page = await w.open("#/jobs/new");
  await page.getByLabel("Name", {exact: true}).pressSequentially("Ledger");
  await schedule(page).pressSequentially("30 2 * * 1-5");
  await sentence(page).filter({hasText: /02:30/}).waitFor();
  assert.equal(await page.locator(".preview li").count(), 5);
  await page.getByRole("combobox", {name: "Time zone"}).fill("America/New_York");
  await page.locator(".preview li", {hasText: /UTC−[45]/}).first().waitFor();
  await page.getByLabel("Action type", {exact: true}).fill("quick");
  await page.getByRole("button", {name: "Create job"}).click();
  await page.locator("main h1", {hasText: "Ledger"}).waitFor();
  await toast(page, "Ledger is created.");
  const {jobs: [job]} = await w.alice("GET", "/jobs?q=Ledger");
  assert.equal(job.schedule, "30 2 * * 1-5");
  assert.equal(job.time_zone, "America/New_York");
});

test("a wrong schedule has a caret under the column that is wrong", async w => {
  const page = await w.open("#/jobs/new");
  await schedule(page).fill("30 25 * * *");
  const [text, caret] = (await page.locator("pre.caret").textContent()).split("\n");
  assert.equal(text, "30 25 * * *");
  assert.equal(caret, "   ^");
  await page.getByRole("button", {name: "Go to column 4"}).click();
  assert.deepEqual(await schedule(page).evaluate(input => [document.activeElement === input, input.selectionStart]), [true, 3]);
  await page.getByRole("button", {name: "Create job"}).click();
  assert.ok(page.url().includes("/jobs/new"));
});

test("an answer about an earlier text is ignored, however late it comes", async w => {
  const page = await w.open("#/jobs/new");
  let release, arrived;
  const held = new Promise(resolve => { arrived = resolve; });
  await page.route("**/describe", async route => {
    if (!route.request().postData().includes("0 1 * * *")) return route.continue();
    const answer = await route.fetch();
    arrived();
    await new Promise(resolve => { release = resolve; });
    await route.fulfill({response: answer}).catch(() => {}); // given up by the page
  });
  await schedule(page).fill("0 1 * * *");
  await held;
  await schedule(page).fill("0 2 * * *");
  await sentence(page).filter({hasText: "02:00"}).waitFor();
  release();
  await page.evaluate(() => new Promise(resolve => requestAnimationFrame(() => requestAnimationFrame(resolve))));
  assert.match(await sentence(page).textContent(), /02:00/);
});

test("the night on which clocks are set back in Paris has notes, and says which of two hours", async w => {
  const page = await w.open("#/jobs/new");
  await page.getByRole("combobox", {name: "Time zone"}).fill("Europe/Paris");
  await schedule(page).fill("30 2 * 10 SUNL"); // the last Sunday of October
  await page.locator(".preview .note").first().waitFor();
  assert.match(await page.locator(".preview li").first().textContent(), /Sun (2[5-9]|3[01]) Oct.*02:30 UTC\+2 \(first\)/);
  await page.getByLabel("When clocks change", {exact: true}).selectOption("wall");
  await page.locator(".preview li", {hasText: "(second)"}).first().waitFor();
});

test("a schedule that never fires is not accepted", async w => {
  const page = await w.open("#/jobs/new");
  await fill(page, "Never", "0 0 30 2 *");
  await page.locator(".preview .note.error", {hasText: "never fires"}).waitFor();
  await page.getByRole("button", {name: "Create job"}).click();
  assert.ok(page.url().includes("/jobs/new"));
  assert.equal((await w.alice("GET", "/jobs?q=Never")).total, 0);
});

test("what the API refuses is said at the field, and every field keeps its text", async w => {
  const page = await w.open("#/jobs/new");
  await fill(page, "Odd zone");
  await page.getByRole("combobox", {name: "Time zone"}).fill("Europe/Atlantis");
  await page.locator(".preview .field-error").waitFor();
  await page.getByLabel("Schedule", {exact: true}).fill("0 9 * * *");
  await page.getByRole("combobox", {name: "Time zone"}).fill("UTC");
  await sentence(page).waitFor();
  await page.getByText("When things go wrong").click();
  await page.getByLabel("Attempts", {exact: true}).fill("-3");
  await page.getByRole("button", {name: "Create job"}).click();
  await page.locator(".field", {has: page.getByLabel("Attempts", {exact: true})}).locator(".field-error").waitFor();
  assert.equal(await page.getByLabel("Name", {exact: true}).inputValue(), "Odd zone");
});

test("a double click makes one job", async w => {
  const page = await w.open("#/jobs/new");
  await fill(page, "Twice");
  await sentence(page).waitFor();
  await page.getByRole("button", {name: "Create job"}).dblclick();
  await page.locator("main h1", {hasText: "Twice"}).waitFor();
  assert.equal((await w.alice("GET", "/jobs?q=Twice")).total, 1);
});

test("what is typed is not lost without a question", async w => {
  const page = await w.open("#/jobs/new");
  await fill(page, "Half done");
  await page.locator("#top").getByRole("link", {name: "Runs"}).click();
  await page.getByRole("dialog", {name: "Leave this page?"}).getByRole("button", {name: "Cancel"}).click();
  assert.equal(await page.getByLabel("Name", {exact: true}).inputValue(), "Half done");
  await until(() => page.url().includes("/jobs/new"));
});
