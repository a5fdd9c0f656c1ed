// SPDX-License-Identifier: MIT
// run.mjs - the dashboard in a real browser: node run.mjs SERVER FOLDER [PART OF A NAME]
// FOLDER has node_modules with playwright-core and axe-core, and gets the screenshots.
import {resolve} from "node:path";
import {runAll} from "./harness.mjs";
import "./cases/looks.mjs"; // the longest first
import "./cases/live.mjs";
import "./cases/finding.mjs";
import "./cases/form.mjs";
import "./cases/signing_in.mjs";
import "./cases/changing.mjs";
import "./cases/access.mjs";

const [program, folder, only] = process.argv.slice(2);
process.exit(await runAll({program: resolve(program), folder: resolve(folder), only}) ? 0 : 1);
