// SPDX-License-Identifier: MIT
// signing_in.mjs - how somebody gets in, is thrown out, and comes back.
import {assert, dialogOf, group, toast, TOKENS, until} from "../harness.mjs";

const test = group(import.meta.url);

const heading = (page, text) => page.locator("main h1", {hasText: text}).waitFor();

test("an address with a token in its fragment signs in, and keeps no trace of it", async w => {
  const page = await w.tab(await w.context());
  await page.goto(`${w.server.url}#token=${TOKENS.alice}`);
  await heading(page, "Overview");
  assert.ok(!page.url().includes("token"));
  await page.locator("#top .tenant", {hasText: "acme as alice"}).waitFor();
  const kept = await page.evaluate(() => JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie, history.length]));
  assert.ok(!kept.includes("0123456789abcdef"));
  const [cookie] = await page.context().cookies();
  assert.equal(cookie.httpOnly, true);
  assert.equal(cookie.sameSite, "Strict");
  assert.equal(cookie.path, "/carillon");
});

test("a foreign fragment asks before it replaces the session of somebody else", async w => {
  const page = await w.open("#/overview");
  await page.goto("about:blank");
  await page.goto(`${w.server.url}#token=${TOKENS.bob}`);
  await dialogOf(page).getByRole("button", {name: "Cancel"}).click();
  await page.locator("#top .tenant", {hasText: "acme as alice"}).waitFor();
  await page.goto("about:blank");
  await page.goto(`${w.server.url}#token=${TOKENS.bob}`);
  await dialogOf(page).getByRole("button", {name: "Replace the session"}).click();
  await page.locator("#top .tenant", {hasText: "beta as bob"}).waitFor();
});

test("the form signs in", async w => {
  const page = await w.tab(await w.context());
  await page.goto(w.server.url);
  await page.getByLabel("Token").fill(TOKENS.alice);
  await page.keyboard.press("Enter");
  await heading(page, "Overview");
});

test("a wrong token is refused, whichever part of it was wrong", async w => {
  const page = await w.tab(await w.context());
  await page.goto(w.server.url);
  const said = [];
  for (const token of ["alice-0123456789abcdeX", "Xlice-0123456789abcdef", "x"]) {
    await page.getByLabel("Token").fill(token);
    const answered = page.waitForResponse(response => response.url().endsWith("/session"));
    await page.getByRole("button", {name: "Sign in"}).click();
    await answered;
    await page.locator("form.signin input[aria-invalid=true]").waitFor();
    said.push(await page.locator(".field-error").textContent());
  }
  assert.deepEqual(said, Array(3).fill("This does not let you in."));
  await page.getByLabel("Token").fill("");
  await page.getByRole("button", {name: "Sign in"}).click();
  await page.locator(".field-error", {hasText: "Enter the token."}).waitFor();
});

test("a session that ends in between is asked for again, and what was begun goes on", async w => {
  const job = await w.job("Expires");
  const page = await w.open(`#/jobs/${job.id}`);
  await page.keyboard.press("."); // an update would notice first
  await page.context().clearCookies();
  await page.locator("main .head").getByRole("button", {name: "Pause"}).click();
  await dialogOf(page).getByLabel(/Reason/).fill("holidays");
  await dialogOf(page).getByRole("button", {name: "Pause"}).click();
  const ask = page.getByRole("dialog", {name: "Signed out"});
  await ask.getByLabel("Token").fill(TOKENS.alice);
  await ask.getByRole("button", {name: "Sign in"}).click();
  await toast(page, "Expires is paused.");
  assert.equal((await w.alice("GET", `/jobs/${job.id}`)).status_reason, "holidays");
});

test("signing out in one tab signs out in the other", async w => {
  const first = await w.open("#/jobs");
  const second = await w.tab(first.context());
  await second.goto(`${w.server.url}#/runs`);
  await second.locator("main h1", {hasText: "Runs"}).waitFor();
  await first.getByRole("button", {name: "Menu", exact: true}).click();
  await first.getByRole("menuitem", {name: "Sign out"}).click();
  await first.getByLabel("Token").waitFor();
  await second.getByRole("dialog", {name: "Signed out"}).waitFor();
  assert.equal((await first.context().cookies()).length, 0);
  await until(() => second.evaluate(() => fetch("session").then(response => response.status === 401)));
});
