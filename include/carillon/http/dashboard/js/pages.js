// SPDX-License-Identifier: MIT
// pages.js - every page of the dashboard; each registers itself. Patterns are tried in this order.
import "./page_overview.js";
import "./page_jobs.js";
import "./page_runs.js";
