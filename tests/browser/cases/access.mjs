// SPDX-License-Identifier: MIT
// access.mjs - who sees and may do what, and where the page may live.
import {createServer, request} from "node:http";
import {assert, group, isLive, startServer, TOKENS} from "../harness.mjs";

const test = group(import.meta.url);

test("who may only read is offered nothing else, and refused it", async w => {
  const job = await w.job("Read only");
  const page = await w.open(`#/jobs/${job.id}`, {as: "rita"});
  await page.locator("#top .readonly").waitFor();
  for (const hash of [`#/jobs/${job.id}`, "#/jobs", "#/runs", "#/overview"]) {
    await page.goto(w.server.url + hash);
    await page.locator("main h1:not(.sr)").first().waitFor();
    for (const name of ["New job", "Edit", "Pause", "Resume", "Run now", "Delete", "Cancel", "Run again"])
      assert.equal(await page.locator("main").getByRole("button", {name, exact: true}).or(page.locator("main").getByRole("link", {name, exact: true})).count(), 0, `${name} at ${hash}`);
  }
  await page.goto(`${w.server.url}#/jobs/${job.id}/edit`);
  await page.locator("main", {hasText: "You may read jobs here"}).waitFor();
  const direct = await page.evaluate(id => fetch(`api/v1/scheduler/jobs/${id}/pause`, {method: "POST", headers: {"Content-Type": "application/json"}, body: "{}"}).then(r => r.status), job.id);
  assert.equal(direct, 403);
  assert.equal((await w.alice("GET", `/jobs/${job.id}`)).status, "active");
});

test("a tenant sees nothing of another", async w => {
  const job = await w.job("Secret of acme", {action: {type: "gate"}});
  const run = await w.alice("POST", `/jobs/${job.id}/trigger`);
  await w.running(run);
  const page = await w.open("#/overview", {as: "bob"});
  await isLive(page);
  for (const hash of ["#/overview", "#/jobs", "#/jobs?q=Secret", "#/runs", "#/timeline?span=7d", "#/audit"]) {
    await page.goto(w.server.url + hash);
    await page.locator("main[aria-busy=false] h1:not(.sr)").first().waitFor();
    assert.ok(!(await page.locator("body").innerText()).includes("Secret"), hash);
  }
  for (const hash of [`#/jobs/${job.id}`, `#/jobs/${job.id}/edit`, `#/jobs/${job.id}/explain`, `#/runs/${run.id}`]) {
    await page.goto(w.server.url + hash);
    await page.locator("main h1", {hasText: "Not found"}).waitFor();
  }
  await w.hands("pass");
  await w.ended(run);
});

/** A proxy that serves `outer` from `inner` of another server, and lets what is streamed through at once. */
function proxy(origin, outer, inner) {
  const server = createServer((incoming, outgoing) => {
    if (!incoming.url.startsWith(outer)) return outgoing.writeHead(404).end();
    const forwarded = request(origin + inner + incoming.url.slice(outer.length), {method: incoming.method, headers: incoming.headers}, answer => {
      outgoing.writeHead(answer.statusCode, answer.headers);
      outgoing.flushHeaders();
      answer.pipe(outgoing);
    });
    forwarded.on("error", () => outgoing.destroy());
    outgoing.on("close", () => forwarded.destroy());
    incoming.pipe(forwarded);
  });
  return new Promise(resolve => server.listen(0, "127.0.0.1", () => resolve({origin: `http://127.0.0.1:${server.address().port}`, close: () => { server.closeAllConnections(); server.close(); }})));
}

async function visit(w, address) {
  const page = await w.tab(await w.context());
  const answer = await fetch(address.replace(/\/$/, ""), {redirect: "manual"});
  assert.equal(answer.status, 308);
  assert.equal(answer.headers.get("location"), "carillon/");
  await page.goto(address.replace(/\/$/, ""));
  assert.equal(page.url(), address);
  await page.getByLabel("Token").fill(TOKENS.alice);
  await page.getByRole("button", {name: "Sign in"}).click();
  await page.locator("main h1", {hasText: "Overview"}).waitFor();
  await isLive(page);
  assert.equal((await page.context().cookies())[0].path, "/ops/carillon");
  await page.locator("#top").getByRole("link", {name: "Jobs"}).click();
  await page.locator("main h1", {hasText: "Jobs"}).waitFor();
  await page.reload();
  await page.locator("main h1", {hasText: "Jobs"}).waitFor();
}

test("behind a prefix that a proxy takes off", async w => {
  const front = await proxy(w.server.origin, "/ops", "");
  try {
    await visit(w, `${front.origin}/ops/carillon/`);
  } finally {
    front.close();
  }
});

test("at a prefix of its own", async w => {
  const server = await startServer(w.files.program, "/ops/carillon");
  try {
    await visit(w, `${server.origin}/ops/carillon/`);
  } finally {
    server.stop();
  }
});

test("texts with markup are shown as the texts that they are, on every page", async w => {
  const evil = what => `<img src=x onerror=alert('${what}')><script>alert('${what}')</script>`;
  const spec = {description: evil("description"), metadata: {[evil("key")]: evil("metadata")}};
  const job = await w.job(evil("name"), {...spec, action: {type: "fail", error: evil("error"), [evil("member")]: evil("action")}}, "eve"); // of a tenant, and by somebody, with such names
  const other = await w.job("Result", {...spec, action: {type: "quick", result: {[evil("result")]: evil("value")}}}, "eve");
  const run = await w.eve("POST", `/jobs/${job.id}/trigger`), good = await w.eve("POST", `/jobs/${other.id}/trigger`);
  await w.ended(run, "eve");
  await w.ended(good, "eve");
  await w.eve("POST", `/jobs/${job.id}/pause`, {reason: evil("reason")});
  const page = await w.open("#/overview", {as: "eve"});
  page.on("dialog", dialog => { w.complaints.push(dialog.message()); dialog.dismiss(); });
  for (const hash of ["#/overview", "#/jobs", `#/jobs?q=${encodeURIComponent(evil("name"))}`, `#/jobs/${job.id}`, `#/jobs/${job.id}/edit`, `#/jobs/${job.id}/explain?at=2026-06-01T00:00:00Z`,
    "#/runs", `#/runs/${run.id}`, `#/runs/${good.id}`, "#/timeline?span=7d", "#/audit", `#/jobs?type=${encodeURIComponent(evil("type"))}`]) {
    await page.goto(w.server.url + hash);
    await page.locator("main[aria-busy=false] h1:not(.sr)").first().waitFor();
    assert.equal(await page.locator("body img, body script").count(), 0, hash);
  }
  await page.goto(`${w.server.url}#/runs/${run.id}`);
  await page.locator("pre.error", {hasText: evil("error")}).waitFor();
  await page.locator("#top .tenant", {hasText: "<img src=x onerror=alert(1)> as <script>alert(2)</script>"}).waitFor();
  await page.locator("main", {hasText: "worker <b>1</b>"}).waitFor();
  await page.goto(`${w.server.url}#/jobs/${job.id}`);
  await page.locator("main h1", {hasText: evil("name")}).waitFor();
  await page.getByRole("button", {name: "More actions"}).click();
  await page.getByRole("menuitem", {name: "Delete"}).click();
  await page.getByRole("dialog", {name: /Delete <img/}).waitFor();
});
