// SPDX-License-Identifier: MIT
// pages.js - every page of the dashboard; each registers itself. Patterns are tried in this order.
import "./page_overview.js";
import "./page_jobs.js";
import "./page_runs.js";
import "./page_explain.js";
import "./page_job.js";
import "./page_run.js";
import "./page_audit.js";
