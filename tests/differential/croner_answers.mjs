// SPDX-License-Identifier: MIT
// croner_answers.mjs - answers the questions of questions.cpp with npm's croner.
//
//   node croner_answers.mjs FOLDER < questions      FOLDER holds node_modules/croner
//
// A question in dialect standard meets croner as it comes. For dialect extended its options are set to what is nearest:
// steps on one value are allowed, and an expression without * and / in its time fields means fixed times.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const require = createRequire(`${process.argv[2]}/`);
const { Cron } = require("croner");
const nearest = { standard: {}, extended: { sloppyRanges: true, fixedTimeRule: "no-wildcard" } };

function answer({ text, dialect, zone, at, hop, back }) {
  const times = [];
  try {
    const cron = new Cron(text, { ...nearest[dialect], timezone: zone, paused: true });
    while (times.length < 4) {
      const [found] = back ? cron.previousRuns(1, new Date(at * 1000)) : cron.nextRuns(1, new Date(at * 1000));
      if (!found) break;
      times.push(found.getTime() / 1000);
      at = back ? times.at(-1) - hop : times.at(-1) + hop;
    }
  } catch (error) {
    return { error: error.message };
  }
  return { times };
}

console.log(JSON.stringify({ tool: "croner", version: require("croner/package.json").version }));
for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(answer(JSON.parse(line))));
}
