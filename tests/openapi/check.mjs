// SPDX-License-Identifier: MIT
// check.mjs - is the document right, and does the API keep to it? node check.mjs SERVER FOLDER [SEED] [COUNT]
//
// The document is given to a validator of others. Then COUNT requests are made of it, and every answer must have a
// status that the document lists, the type that it says, and a body that its schema accepts; none may be 5xx, but for
// a stream more than there can be.
import assert from "node:assert/strict";
import {createRequire} from "node:module";
import {resolve} from "node:path";
import {client, startServer, TOKENS} from "../browser/harness.mjs";
import {randomOf, Requests} from "./requests.mjs";

const [program, folder, seed = "1", count = "4000"] = process.argv.slice(2);
const require = createRequire(`${resolve(folder)}/`);
const {Validator} = await import(require.resolve("@seriousme/openapi-schema-validator"));
const Ajv = require("ajv/dist/2020.js").default, addFormats = require("ajv-formats").default;

const server = await startServer(resolve(program));
const base = `${server.origin}/api/v1/scheduler`;
const document = await (await fetch(`${base}/openapi.json`)).json();

const verdict = await new Validator().validate(document);
assert.ok(verdict.valid, JSON.stringify(verdict.errors, null, 1));
console.log(`ok     the document is OpenAPI ${document.openapi}: ${Object.values(document.paths).flatMap(Object.keys).length} operations`);

const ajv = new Ajv({strict: false});
addFormats(ajv);
ajv.addSchema({$id: "api", ...document});
const validators = new Map();
function isAccepted(pointer, value) {
  if (!validators.has(pointer)) validators.set(pointer, ajv.compile({$ref: `api#${pointer}`}));
  const validate = validators.get(pointer);
  assert.ok(validate(value), `${pointer} does not accept ${JSON.stringify(value).slice(0, 500)}: ${ajv.errorsText(validate.errors)}`);
}
const escaped = text => text.replaceAll("~", "~0").replaceAll("/", "~1");

// Something to find, in every state; what requests make themselves joins it.
const call = client(server.origin, TOKENS.alice);
const made = [];
for (const [name, type, schedule] of [["Quick", "quick", "@every 1s"], ["Fails", "fail", "@every 2s"], ["Waits", "gate", "0 3 * * *"], ["Once", "quick", "@at 2031-01-01T00:00:00Z"]]) {
  const job = await call("POST", "/jobs", {name, schedule, action: {type}, time_zone: "Europe/Paris"});
  made.push(job.id, (await call("POST", `/jobs/${job.id}/trigger`)).id);
}
const wrong = ["01890a5d-ac96-774b-bcce-b302099a8057", "not-an-id", ""];
const requests = new Requests(document, randomOf(Number(seed)), () => [...made.slice(-24), ...wrong]);

async function check(request) {
  const giveUp = new AbortController();
  const response = await fetch(base + request.target, {method: request.method, signal: giveUp.signal, body: request.method === "GET" ? undefined : request.body,
    headers: {Authorization: `Bearer ${TOKENS.alice}`, ...request.headers}});
  const listed = request.operation.responses[response.status];
  const type = response.headers.get("Content-Type");
  if (type === "text/event-stream") return giveUp.abort();
  const text = await response.text();
  if (response.status === 503 && request.path === "/events") return assert.ok(response.headers.has("Retry-After")); // those given up before end within a second
  assert.ok(response.status < 500, `${response.status}: ${text}`);
  assert.ok(listed, `${response.status} is not in the document: ${text}`);
  if (!listed.content) return assert.equal(text, "");
  const [[media, {schema}]] = Object.entries(listed.content);
  assert.equal(type.split(";")[0], media);
  if (!media.endsWith("json")) return;
  const body = JSON.parse(text);
  if (schema) isAccepted(`/paths/${escaped(request.path)}/${request.method.toLowerCase()}/responses/${response.status}/content/${escaped(media)}/schema`, body);
  if (body.id && response.status < 300) made.push(body.id);
  return response.status;
}

let failed = 0;
const answers = new Map();
for (let i = 0; i < Number(count) && failed < 10; ++i) {
  const request = requests.make();
  try {
    const status = await check(request) ?? 200;
    answers.set(status, (answers.get(status) ?? 0) + 1);
  } catch (error) {
    failed += 1;
    console.log(`FAILED request ${i} of seed ${seed}: ${request.method} ${request.target}\n${JSON.stringify(request.headers)}\n${request.body ?? ""}\n${error.message}`);
  }
}
console.log(`${failed ? "FAILED" : "ok    "} ${count} requests made of it with seed ${seed}: ${[...answers].sort((a, b) => a[0] - b[0]).map(([status, n]) => `${status}: ${n}`).join(", ")}`);
server.stop();
console.log(`${failed ? 1 : 2} passed, ${failed ? 1 : 0} failed`);
process.exit(failed ? 1 : 0);
