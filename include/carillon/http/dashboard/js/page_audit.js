// SPDX-License-Identifier: MIT
// page_audit.js - who changed what, and when.
import {api} from "./api.js";
import {auditRow, VERB} from "./audit_list.js";
import {h} from "./dom.js";
import {jobOf} from "./names.js";
import {go, page} from "./router.js";
import {button, chips, empty, head, pager, select} from "./ui.js";

const size = 50;
const verbs = Object.keys(VERB);
const spoken = verb => `${verb.startsWith("run.") ? "Run" : "Job"} ${verb.slice(4)}`;

async function events(ctx) {
  const get = name => ctx.query.get(name);
  try {
    return await api.get("/audit", {signal: ctx.signal, query: {actor: get("actor"), verb: get("verb"), job_id: get("job"), via: get("via"),
      batch: get("batch"), request_id: get("request"), from: get("from"), to: get("to"), after: get("after"), limit: size}});
  } catch (error) {
    if (error.code !== "bad_cursor") throw error;
    ctx.setQuery({after: null, page: null}, {push: false, reload: false});
    return events(ctx);
  }
}

function filters(ctx) {
  const reset = {after: null, page: null}, get = name => ctx.query.get(name);
  const drop = (name, text) => get(name) && button(text, {icon: "close", size: "small", key: name, onclick: () => ctx.setQuery({...reset, [name]: null})});
  return h("div.tools", {key: "tools"},
    h("form.search", {role: "search", onsubmit: event => { event.preventDefault(); ctx.setQuery({...reset, actor: event.target.elements.actor.value.trim()}); }},
      h("input", {type: "search", name: "actor", placeholder: "By whom", "aria-label": "By whom, the whole name", value: get("actor") ?? "", autocomplete: "off"})),
    select({label: "What", value: get("verb") ?? "", options: [["", "Any change"], ...verbs.map(verb => [verb, spoken(verb)])], onchange: verb => ctx.setQuery({...reset, verb})}),
    chips({label: "By which way", value: get("via") ?? "", items: [{value: "", text: "All"}, {value: "dashboard", text: "Dashboard"}, {value: "api", text: "API"}], onpick: via => ctx.setQuery({...reset, via})}),
    get("job") && drop("job", `Job: ${jobOf(get("job"))?.name ?? get("job").slice(-6)}`), drop("batch", "One request"), drop("request", "One request"));
}

function pages(ctx, data) {
  const at = Number(ctx.query.get("page") ?? 0), trail = ctx.state.trail ??= [], from = at * size + 1;
  const next = data.next && (() => {
    trail[at] = ctx.query.get("after");
    ctx.setQuery({after: data.next, page: at + 1});
    scrollTo(0, 0);
  });
  const prev = at > 0 && (() => ctx.setQuery({after: at > 1 ? trail[at - 1] : null, page: at > 1 && trail[at - 1] ? at - 1 : null}));
  return pager({from, to: data.events.length ? from + data.events.length - 1 : 0, next, prev});
}

page("/audit", {
  nav: "audit",
  title: () => "Audit",
  main: "events",
  panels: {events},
  live: (hint, ctx) => ctx.query.has("after") || !["jobs", "all"].includes(hint.name) ? [] : ["events"],
  view: (ctx, {events: {data}}) => [
    head({title: "Audit", sub: "Every change of a job or a run, the latest first"}),
    filters(ctx),
    h("section.card", {key: "list", "aria-label": "Changes"},
      data.events.length ? h("ul.rows", data.events.map(event => auditRow(event))) :
        empty("No changes", ctx.query.size ? "None that match." : "Nothing has been changed yet.", ctx.query.size > 0 && button("Show all", {onclick: () => go("/audit")})),
      pages(ctx, data))],
});
