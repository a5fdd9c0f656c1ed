// SPDX-License-Identifier: MIT
// pages.js - every page of the dashboard; each registers itself. Patterns are tried in this order.
import "./page_overview.js";
import "./page_jobs.js";
import "./page_runs.js";
import "./page_edit.js"; // before the page of one job, whose pattern "new" matches too
import "./page_explain.js";
import "./page_job.js";
import "./page_run.js";
import "./page_audit.js";
import "./page_timeline.js";
