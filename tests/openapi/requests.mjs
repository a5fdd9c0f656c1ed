// SPDX-License-Identifier: MIT
// requests.mjs - requests made of an OpenAPI document and a seed: most of them right, many of them wrong in one place.

/** mulberry32: the same numbers for the same seed, everywhere. */
export function randomOf(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = state + 0x6d2b79f5 >>> 0;
    let t = Math.imul(state ^ state >>> 15, state | 1);
    t ^= t + Math.imul(t ^ t >>> 7, t | 61);
    return ((t ^ t >>> 14) >>> 0) / 2 ** 32;
  };
  const below = n => Math.floor(next() * n);
  return {below, one: list => list[below(list.length)], chance: p => next() < p};
}

const schedules = ["0 9 * * *", "*/15 * * * *", "@every 90s", "@daily", "0 0 30 2 *", "0 22 L * *", "30 2 * * SUN", "@at 2031-01-01T00:00:00Z", "0 25 * * *", "", "* * * * * * * *", "@every 0s",
  "0-59/1,0-59/1,0-59/1 * * * *", "0 0 29 2 +MON#5", "\u0000", "é * * * *", "0 9 * * 1-5,,", "9".repeat(600)];
const zones = ["UTC", "Europe/Paris", "America/New_York", "Asia/Kathmandu", "Mars/Base", "", "../../etc/passwd", "europe/paris"];
const instants = ["2026-03-02T09:00:00Z", "2026-10-25T02:30:00+02:00", "1969-12-31T23:59:59.999999Z", "9999-12-31T23:59:59Z", "2026-13-40T00:00:00Z", "2026-03-02T09:00:60Z", "now", "2027-01-01T00:00:00Z"];
const durations = ["30s", "1h30m", "0s", "250ms", "876600h", "876601h", "-1s", "1", "1e9s", "99999999999999999999h"];
const texts = ["Report", "quick", "", "é\u2028\u202e", "\u0000", "<script>alert(1)</script>", "'; DROP TABLE jobs; --", "x".repeat(300), "\ud800", "a\r\nb", "%2e%2e/", "quick", "fail"];
/** Lists begin with what is right. */
const right = 2;
const numbers = [0, 1, 2, 20, 100, 1_000, 10_001, -1, 1.5, 2 ** 31, 2 ** 53, 1e308, -(2 ** 63)];
const anything = [null, true, "text", 7, [], {}, [[]], {a: {b: [1]}}];
const known = {schedule: schedules, time_zone: zones, tz: zones};

export class Requests {
  /** `ids` are those of things that exist, with others. */
  constructor(document, random, ids) {
    Object.assign(this, {document, random, ids, operations: []});
    for (const [path, methods] of Object.entries(document.paths))
      for (const [method, operation] of Object.entries(methods)) this.operations.push({path, method: method.toUpperCase(), operation});
  }

  resolve(schema) {
    while (schema.$ref) schema = schema.$ref.slice(2).split("/").reduce((at, name) => at[name], this.document);
    return schema;
  }

  /** One of a list; of its right beginning, where this request is meant to succeed. */
  one(list) { return this.random.one(this.isMild ? list.slice(0, right) : list); }

  /** A value that the schema may accept; `name` is the member's. */
  value(given, name = "") {
    const {random} = this, schema = this.resolve(given);
    if (known[name]) return this.one(known[name]);
    if ("const" in schema) return schema.const;
    if (schema.enum) return random.one(schema.enum);
    const choice = schema.anyOf ?? schema.oneOf;
    if (choice) return this.value(random.one(choice), name);
    switch (Array.isArray(schema.type) ? random.one(schema.type) : schema.type) {
      case "null": return null;
      case "boolean": return random.chance(.5);
      case "integer":
      case "number": return this.isMild || random.chance(.7) ? (schema.minimum ?? 0) + random.below(Math.min(30, (schema.maximum ?? 30) - (schema.minimum ?? 0)) + 1) : random.one(numbers);
      case "array": return Array.from({length: random.below(4)}, () => this.value(schema.items ?? {}));
      case "object": return this.object(schema);
      case "string": return this.text(schema);
      default: return random.one(anything);
    }
  }
  text(schema) {
    const {random} = this;
    if (schema.format === "uuid") return random.one(this.ids());
    if (schema.format === "date-time") return this.one(instants);
    if (schema.format === "date") return this.one(["2026-12-25", "2027-01-01", "2026-02-30", "soon"]);
    if (schema.description?.startsWith("A duration")) return this.one(durations);
    return this.one(texts);
  }
  object(schema) {
    const {random} = this, made = {};
    for (const [name, member] of Object.entries(schema.properties ?? {}))
      if (schema.required?.includes(name) || random.chance(this.isMild ? .08 : .35)) made[name] = this.value(member, name);
    if (schema.additionalProperties !== false && random.chance(.3)) made.extra = random.one(anything);
    return made;
  }

  /** Breaks one place of the value. */
  broken(value) {
    const {random} = this;
    if (value === null || typeof value !== "object" || random.chance(.2)) return random.one(anything);
    const names = Object.keys(value);
    if (!Array.isArray(value) && (names.length === 0 || random.chance(.2))) return {...value, unknown_member: 1};
    if (names.length === 0) return [random.one(anything)];
    const name = random.one(names), copy = Array.isArray(value) ? [...value] : {...value};
    if (random.chance(.2)) delete copy[name];
    else copy[name] = this.broken(copy[name]);
    return copy;
  }

  body(operation) {
    const content = operation.requestBody?.content["application/json"], {random} = this;
    if (!content) return random.chance(.05) ? "{}" : undefined;
    if (!operation.requestBody.required && random.chance(.4)) return undefined;
    const value = this.value(content.schema), text = JSON.stringify(!this.isMild && random.chance(.3) ? this.broken(value) : value);
    return random.chance(.05) ? random.one([text.slice(0, -1), `${text}x`, `[${text}]`, "[".repeat(100), '{"a":1,"a":2}', "\u00ff"]) : text;
  }

  parameters(place, operation) {
    const {random} = this;
    return (operation.parameters ?? []).filter(one => one.in === place && (one.required ? random.chance(.95) : random.chance(.3)))
      .map(one => [one.name, String(random.chance(.1) ? random.one(anything) : this.value(one.schema, one.name))]);
  }

  make() {
    const {random} = this, {path, method, operation} = random.one(this.operations);
    this.isMild = random.chance(.5);
    const query = new URLSearchParams(this.parameters("query", operation));
    if (random.chance(.05)) query.append(random.one(["unknown", "limit", "after"]), random.one(texts));
    const headers = {};
    for (const [name, value] of this.parameters("header", operation)) headers[name] = value.replace(/[^\t\x20-\x7e]/g, "?");
    if (random.chance(.1)) headers["If-Match"] = random.one(["*", '"1"', 'W/"1"', '"1", "2"', "1", '"']);
    const body = this.body(operation);
    if (body !== undefined) headers["Content-Type"] = random.chance(.95) ? "application/json" : "text/plain";
    const target = path.replace("{id}", () => encodeURIComponent(random.one(this.ids()))) + (query.size ? `?${query}` : "");
    return {path, method, operation, target, headers, body};
  }
}
