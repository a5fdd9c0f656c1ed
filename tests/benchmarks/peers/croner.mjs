// SPDX-License-Identifier: MIT
// croner.mjs - asks croner what Carillon is asked (carillon.cpp).
import { readFileSync } from "node:fs";
import { Cron } from "croner";

const groups = new Map();
for (const line of readFileSync(0, "utf8").trimEnd().split("\n")) {
    const [zone, expression, start, answer] = line.split("\t");
    const name = `${zone}\t${expression}`;
    if (!groups.has(name)) groups.set(name, { zone, expression, starts: [], answers: [] });
    groups.get(name).starts.push(new Date(start * 1000));
    groups.get(name).answers.push(answer * 1000);
}

/** Nanoseconds a call; `pass` makes some calls and says how many. */
function nanoseconds(pass) {
    const begin = process.hrtime.bigint();
    let calls = 0;
    do calls += pass();
    while (process.hrtime.bigint() - begin < 50_000_000n);
    return Number(process.hrtime.bigint() - begin) / calls;
}

for (const [name, { zone, expression, starts, answers }] of groups) {
    const options = { timezone: zone, paused: true };
    const schedule = new Cron(expression, options);
    starts.forEach((start, i) => {
        const got = schedule.nextRun(start);
        if (got?.getTime() === answers[i]) return;
        console.error(`croner: ${expression} in ${zone} after ${start.toISOString()}: ${got?.toISOString()}, not`,
            new Date(answers[i]).toISOString());
        process.exit(1);
    });
    const next = nanoseconds(() => {
        for (const start of starts) schedule.nextRun(start);
        return starts.length;
    });
    const parse = nanoseconds(() => {
        new Cron(expression, options);
        return 1;
    });
    console.log(`${name}\t${next.toFixed(1)}\t${parse.toFixed(1)}`);
}
