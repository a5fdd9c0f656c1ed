// SPDX-License-Identifier: MIT
// main.js - the start: somebody gets in, then the page that the address names is shown and kept up to date.
import * as keys from "./keys.js";
import * as live from "./live.js";
import * as router from "./router.js";
import * as shell from "./shell.js";
import {offlinePage, signIn} from "./signin.js";
import "./pages.js";
import {morph} from "./dom.js";
import {loading} from "./ui.js";

async function start() {
  morph(document.getElementById("main"), loading());
  try {
    await signIn();
  } catch {
    return offlinePage(start);
  }
  shell.start();
  keys.start();
  router.start();
  live.start();
}

start();
