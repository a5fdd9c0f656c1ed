// SPDX-License-Identifier: MIT
// http/detail/dashboard_files.hpp - the files of http/dashboard/, made by tests/dashboard/embed.cmake: change those.
#pragma once

#include <span>
#include <string_view>

// clang-format off
namespace carillon::detail {

struct DashboardFile {
    std::string_view name;
    std::span<const std::string_view> pieces;
};

inline constexpr std::string_view dashboard_app_css[] = {
    R"carillon(/* SPDX-License-Identifier: MIT
   app.css - success is quiet verdigris, exceptions are loud and have another shape; bronze is the brand and "now". */

:root {
  color-scheme: light;
  --bg: #f4f6f7; --surface: #ffffff; --sunken: #e9edf0; --line: #d6dde2; --control: #74818d;
  --text: #14202b; --muted: #4f5e6b; --accent: #1c4d78; --on-accent: #ffffff; --focus: #0b63ce; --brand: #8c5a17;
  --completed: #1c7563; --failed: #bf2a1d; --timed_out: #8f5400; --running: #1a5bbd; --skipped: #5f6b76; --cancelled: #6d5680; --pending: #4f5e6b;
  --completed-bg: #e1f1ec; --failed-bg: #fde9e6; --timed_out-bg: #fbefd9; --running-bg: #e5eefb; --skipped-bg: #e9edf0; --cancelled-bg: #f0ebf4; --pending-bg: #f4f6f7;
  --heat0: #eef1f3; --heat1: #cfe6de; --heat2: #93c8b8; --heat3: #4d9f8a; --heat4: #1c7563;
  --shadow: 0 1px 2px rgb(20 32 43 / .06), 0 8px 24px -18px rgb(20 32 43 / .35);
  --lift: 0 2px 6px rgb(20 32 43 / .12), 0 16px 40px -12px rgb(20 32 43 / .35);
  --s1: 4px; --s2: 8px; --s3: 12px; --s4: 16px; --s5: 24px; --s6: 32px; --s7: 48px;
  --sans: system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
  --mono: ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
}
[data-theme=dark] {
  color-scheme: dark;
  --bg: #0d1318; --surface: #151c23; --sunken: #0a0f13; --line: #2a343d; --control: #71808d;
  --text: #e6ebef; --muted: #9dabb7; --accent: #93c4f2; --on-accent: #0b1a28; --focus: #7ab8ff; --brand: #dba65a;
  --completed: #5cc4a6; --failed: #ff8a7c; --timed_out: #e8b54f; --running: #84b5ff; --skipped: #98a6b2; --cancelled: #bda9d0; --pending: #9dabb7;
  --completed-bg: #12302a; --failed-bg: #3a1b18; --timed_out-bg: #32270f; --running-bg: #152a49; --skipped-bg: #222b33; --cancelled-bg: #2b2434; --pending-bg: #1a222a;
  --heat0: #1b242c; --heat1: #17372f; --heat2: #23594b; --heat3: #378a73; --heat4: #5cc4a6;
  --shadow: 0 1px 0 rgb(255 255 255 / .03) inset;
  --lift: 0 0 0 1px #2a343d, 0 16px 40px -8px rgb(0 0 0 / .7);
}

/* ---- ground */

*, ::before, ::after { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; scroll-padding-top: 120px; }
body { margin: 0; min-height: 100vh; background: var(--bg); color: var(--text); font: 14px/20px var(--sans); font-variant-numeric: tabular-nums; overflow-wrap: break-word; }
h1, h2, h3, p, ul, ol, dl, dd, figure { margin: 0; padding: 0; }
ul, ol { list-style: none; }
h1 { font-size: 24px; line-height: 30px; font-weight: 650; letter-spacing: -.012em; overflow-wrap: anywhere; }
h2 { font-size: 15px; line-height: 20px; font-weight: 650; }
h3 { font-size: 13px; line-height: 18px; font-weight: 600; }
a { color: inherit; text-decoration: none; }
a.link, td a, .rows a:not(.btn), .cards a.jn, p a { text-decoration: underline; text-decoration-color: color-mix(in srgb, currentColor 32%, transparent); text-underline-offset: 3px; text-decoration-thickness: 1px; }
a:hover { text-decoration-color: currentColor; }
:focus-visible { outline: 2px solid var(--focus); outline-offset: 2px; border-radius: 4px; }
main:focus { outline: none; }
button, input, select, textarea { font: inherit; color: inherit; letter-spacing: inherit; }
svg { display: block; flex: none; }
code, .mono, pre { font-family: var(--mono); font-size: 12.5px; }
code { overflow-wrap: anywhere; }
pre { margin: 0; line-height: 18px; background: var(--sunken); border-radius: 7px; padding: 10px var(--s3); white-space: pre-wrap; overflow-wrap: anywhere; max-height: 420px; overflow: auto; }
kbd { display: inline-block; min-width: 20px; text-align: center; font: 600 11px/18px var(--mono); border: 1px solid var(--line); border-bottom-width: 2px; border-radius: 4px; padding: 0 5px; color: var(--muted); background: var(--surface); }
hr { border: 0; border-top: 1px solid var(--line); margin: var(--s1) 0; }
.sr { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.skip { position: absolute; left: 8px; top: -60px; background: var(--accent); color: var(--on-accent); padding: 8px 12px; border-radius: 7px; z-index: 9; }
.skip:focus { top: 8px; }
.muted { color: var(--muted); } .num { text-align: right; } .nowrap { white-space: nowrap; } .strong { font-weight: 600; } .grow { flex: 1; }
.phone { display: none; }
.cut { stroke: var(--surface); fill: none; }
.c-completed, .c-active { color: var(--completed); } .c-failed, .c-disabled { color: var(--failed); } .c-timed_out, .c-paused { color: var(--timed_out); }
.c-running { color: var(--running); } .c-skipped { color: var(--skipped); } .c-cancelled { color: var(--cancelled); } .c-pending { color: var(--pending); }

/* ---- the frame */

#top { position: sticky; top: 0; z-index: 5; background: var(--surface); border-bottom: 1px solid var(--line); }
.bar { max-width: 1280px; margin: auto; padding: 0 var(--s5); height: 56px; display: flex; align-items: center; gap: var(--s4); }
.brand { display: flex; align-items: center; gap: 9px; font-weight: 700; letter-spacing: -.01em; font-size: 16px; }
.bell { color: var(--brand); }
.tenant { font-size: 12px; line-height: 16px; color: var(--muted); border-left: 1px solid var(--line); padding-left: var(--s3); max-width: 200px; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.tenant b { color: var(--text); font-weight: 600; }
nav.main { display: flex; gap: 2px; height: 100%; margin-left: var(--s2); }
nav.main a { display: flex; align-items: center; gap: 6px; padding: 0 11px; color: var(--muted); font-weight: 550; border-block: 2px solid transparent; }
nav.main a:hover { color: var(--text); }
nav.main a[aria-current] { color: var(--text); border-bottom-color: var(--brand); }
nav.main svg { display: none; }
.live { display: flex; align-items: center; gap: 7px; height: 32px; padding: 0 var(--s2); border: 0; border-radius: 7px; background: none; font-size: 12px; color: var(--muted); white-space: nowrap; cursor: pointer; }
.live:hover { background: var(--sunken); color: var(--text); }
.live i { width: 8px; height: 8px; border-radius: 50%; background: var(--completed); }
.live.polling i, .live.waiting i { background: none; border: 2px solid var(--completed); }
.live.paused i { border-radius: 1px; background: linear-gradient(90deg, var(--timed_out) 36%, transparent 36% 64%, var(--timed_out) 64%); }
.live.offline { color: var(--failed); font-weight: 600; } .live.offline i { background: var(--failed); border-radius: 1px; transform: rotate(45deg); }
.seg { display: inline-flex; border: 1px solid var(--line); border-radius: 8px; background: var(--sunken); padding: 2px; }
.seg button { border: 0; background: none; min-height: 26px; padding: 0 9px; border-radius: 6px; font-size: 12px; line-height: 18px; color: var(--muted); cursor: pointer; white-space: nowrap; }
.seg button[aria-pressed=true] { background: var(--surface); color: var(--text); font-weight: 600; box-shadow: 0 1px 2px rgb(0 0 0 / .14); }
[data-theme=dark] .seg button[aria-pressed=true] { background: var(--line); }
.progress { height: 2px; margin-bottom: -2px; overflow: hidden; visibility: hidden; }
.progress.on { visibility: visible; }
.progress::before { content: ""; display: block; width: 30%; height: 100%; background: var(--brand); animation: slide 1.2s ease-in-out infinite; }
.readonly { padding: 5px var(--s5); font-size: 12px; line-height: 16px; text-align: center; background: var(--timed_out-bg); color: var(--timed_out); }
main { max-width: 1280px; margin: auto; padding: var(--s5) var(--s5) var(--s7); display: grid; gap: var(--s4) var(--s5); grid-template-columns: minmax(0, 1fr); align-content: start; }
.head { display: flex; gap: var(--s3) var(--s4); align-items: flex-end; flex-wrap: wrap; }
.head > div:first-child { flex: 1; min-width: min(260px, 55%); }
.crumb { font-size: 12px; line-height: 16px; color: var(--muted); margin-bottom: var(--s1); }
.sub { color: var(--muted); margin-top: 2px; }
.card { position: relative; background: var(--surface); border: 1px solid var(--line); border-radius: 10px; box-shadow: var(--shadow); min-width: 0; }
.card > header { display: flex; align-items: baseline; gap: 2px var(--s3); padding: 14px var(--s4) 6px; flex-wrap: wrap; font-size: 13px; }
.card > header h2 { flex: 1; }
.card > .pad { padding: var(--s2) var(--s4) var(--s4); }
.card.old > :not(header, .stale) { filter: grayscale(.9); }
.stale { display: flex; align-items: center; gap: 7px; margin: 4px var(--s4) var(--s2); font-size: 12px; line-height: 18px; color: var(--muted); }
.stale svg { color: var(--timed_out); } .stale .btn { margin-left: auto; }
.grid { display: grid; gap: var(--s4); }
.grid > * { min-width: 0; }
.g21 { grid-template-columns: minmax(0, 2fr) minmax(0, 1fr); }
.g32 { grid-template-columns: minmax(0, 1.55fr) minmax(0, 1fr); }
.stack { display: grid; gap: var(--s4); align-content: start; grid-template-columns: minmax(0, 1fr); }

/* ---- controls */

.btn { display: inline-flex; align-items: center; justify-content: center; gap: 7px; min-height: 34px; padding: 0 13px; border-radius: 7px; border: 1px solid var(--control); background: var(--surface); font-weight: 550; cursor: pointer; white-space: nowrap; text-decoration: none; }
.btn:hover { background: var(--sunken); }
.btn.primary { background: var(--accent); border-color: var(--accent); color: var(--on-accent); }
.btn.primary:hover { background: color-mix(in srgb, var(--accent) 88%, var(--text)); }
.btn.danger { color: var(--failed); }
.btn.danger.solid { background: var(--failed); border-color: var(--failed); color: var(--surface); }
.btn.plain { border-color: transparent; background: none; }
.btn.small { min-height: 32px; padding: 0 10px; font-size: 13px; }
.btn.after { flex-direction: row-reverse; }
.btn:disabled { color: var(--muted); border-color: var(--line); background: none; cursor: default; }
.btns { display: flex; gap: var(--s2); flex-wrap: wrap; align-items: center; }
.btns.end { justify-content: flex-end; }
.icon { display: inline-grid; place-items: center; width: 32px; height: 32px; padding: 0; border-radius: 7px; border: 1px solid transparent; background: none; color: var(--muted); cursor: pointer; }
.icon:hover, .icon[aria-expanded=true] { background: var(--sunken); color: var(--text); }
select, input:not([type=checkbox], [type=radio]), textarea { width: 100%; min-height: 36px; border: 1px solid var(--control); border-radius: 8px; background: var(--surface); padding: 6px 10px; }
textarea { min-height: 96px; resize: vertical; }
::placeholder { color: var(--muted); opacity: 1; }
[aria-invalid=true] { border-color: var(--failed) !important; }
input[type=checkbox], input[type=radio] { width: 16px; height: 16px; accent-color: var(--accent); margin: 0; flex: none; }
.check { display: flex; gap: var(--s2); align-items: center; min-height: 32px; }
.field { display: grid; gap: var(--s1); min-width: 0; }
.field > label { font-size: 13px; line-height: 18px; font-weight: 600; }
.hint { font-size: 12.5px; line-height: 17px; color: var(--muted); }
.field-error { display: flex; gap: 6px; font-size: 12.5px; line-height: 17px; color: var(--failed); } .field-error:empty { display: none; }
.form { display: grid; gap: var(--s4); }
.tools { display: flex; gap: var(--s2); align-items: center; flex-wrap: wrap; }
.tools select { width: auto; max-width: 100%; } .st + .st, .jn + .st, b + .st { margin-left: var(--s2); }
.search { position: relative; flex: 1; min-width: 220px; max-width: 420px; }
.search input { padding: 0 34px; }
.search svg { position: absolute; left: 10px; top: 10px; color: var(--muted); }
.search kbd { position: absolute; right: 9px; top: 8px; }
.search input:focus ~ kbd, .search input:not(:placeholder-shown) ~ kbd { display: none; }
.chips { display: flex; gap: 6px; align-items: center; flex-wrap: wrap; }
.chip { display: inline-flex; gap: 6px; align-items: center; min-height: 32px; padding: 0 11px; border-radius: 99px; border: 1px solid var(--line); background: var(--surface); font-size: 13px; cursor: pointer; color: var(--muted); white-space: nowrap; }
.chip:hover { border-color: var(--control); color: var(--text); }
.chip b { color: var(--text); font-weight: 600; }
.chip[aria-pressed=true] { background: var(--text); border-color: var(--text); color: var(--bg); }
.chip[aria-pressed=true] b { color: var(--bg); }
.push { margin-left: auto; }

/* ---- statuses and small pieces */

.st { display: inline-flex; align-items: center; gap: 6px; font-size: 12.5px; line-height: 18px; font-weight: 550; white-space: nowrap; vertical-align: middle; }
.pill { padding: 2px 9px 2px 6px; border-radius: 99px; }
.pill.c-active, .pill.c-completed { background: var(--completed-bg); } .pill.c-paused, .pill.c-timed_out { background: var(--timed_out-bg); }
.pill.c-disabled, .pill.c-failed { background: var(--failed-bg); } .pill.c-running { background: var(--running-bg); }
.pill.c-skipped { background: var(--skipped-bg); } .pill.c-cancelled { background: var(--cancelled-bg); } .pill.c-pending { background: var(--pending-bg); }
.changing { outline: 1px dotted currentColor; outline-offset: 3px; border-radius: 4px; }
.tag { font: 12px/16px var(--mono); padding: 1px 6px; border-radius: 4px; background: var(--sunken); color: var(--muted); overflow-wrap: anywhere; }
.note { display: flex; gap: 8px; font-size: 12.5px; line-height: 17px; color: var(--timed_out); }
.note.error { color: var(--failed); } .note.info { color: var(--muted); }
.note svg { margin-top: 1px; }
.banner { display: flex; gap: var(--s3); align-items: center; padding: 9px var(--s4); border-radius: 10px; background: var(--timed_out-bg); color: var(--timed_out); border: 1px solid color-mix(in srgb, currentColor 30%, transparent); }
.banner.error { background: var(--failed-bg); color: var(--failed); } .banner.info { background: var(--running-bg); color: var(--running); }
.banner .btn { color: var(--text); }
.blank { display: grid; gap: var(--s2); justify-items: center; text-align: center; padding: var(--s6) var(--s4); }
.blank .btns { margin-top: var(--s2); justify-content: center; } .blank pre { text-align: left; max-width: 100%; }
.skeleton { display: grid; gap: var(--s4); padding: var(--s4); }
.skeleton i { height: 14px; border-radius: 5px; background: var(--sunken); } .skeleton i:nth-child(3n) { width: 72%; } .skeleton i:nth-child(3n + 1) { width: 88%; }
.skeleton.title { padding: 0; } .skeleton.title i { width: 180px; height: 26px; }
dl.def { display: grid; grid-template-columns: minmax(90px, 130px) minmax(0, 1fr); gap: 7px var(--s3); }
dl.def dt { color: var(--muted); } dl.def dd { overflow-wrap: anywhere; } dl.def dd time { white-space: normal; }
.prog { height: 6px; border-radius: 3px; background: var(--sunken); overflow: hidden; }
.prog i { display: block; height: 100%; background: var(--running); border-radius: 3px; }
.legend { display: flex; gap: 6px var(--s3); flex-wrap: wrap; font-size: 12px; line-height: 16px; color: var(--muted); align-items: center; }
.sq { display: inline-flex; gap: 4px; align-items: center; }

/* ---- lists and tables */

.rows > li, .row { display: grid; gap: 2px var(--s3); align-items: center; padding: 10px var(--s4); border-top: 1px solid var(--line); }
.rows > li:first-child { border-top: 0; }
.rows.att > li { grid-template-columns: 18px minmax(0, 1fr) auto; }
.rows.att p { color: var(--muted); font-size: 13px; line-height: 18px; }
.rows.run > li { grid-template-columns: minmax(0, 1fr) minmax(0, 150px) 92px; }
.rows.up > li { grid-template-columns: minmax(0, 1fr) auto; padding-block: 8px; }
.rows.messages > li { grid-template-columns: 18px minmax(0, 1fr) auto; padding-inline: 0; }
.jn { font-weight: 600; overflow-wrap: anywhere; }
.jd { font-size: 12.5px; line-height: 17px; color: var(--muted); overflow-wrap: anywhere; }
.tablewrap { overflow-x: clip; }
table { border-collapse: collapse; width: 100%; }
)carillon",
    R"carillon(th { position: sticky; top: 57px; z-index: 1; font-size: 12px; line-height: 16px; font-weight: 550; color: var(--muted); text-align: left; padding: 9px 10px; background: var(--surface); box-shadow: inset 0 -1px var(--line); white-space: nowrap; }
th.num { text-align: right; }
td { padding: 8px 10px; border-bottom: 1px solid var(--line); height: 52px; }
tr:last-child td { border-bottom: 0; }
th:first-child, td:first-child { padding-left: var(--s4); } th:last-child, td:last-child { padding-right: var(--s4); }
tbody tr:hover { background: color-mix(in srgb, var(--sunken) 50%, transparent); }
tbody tr.chosen, .cards > li.chosen { background: var(--running-bg); }
th button { display: inline-flex; gap: 4px; border: 0; background: none; padding: 4px 0; margin: -4px 0; min-height: 24px; font-weight: inherit; color: inherit; cursor: pointer; }
th button:hover, th[aria-sort] button { color: var(--text); } th[aria-sort] { font-weight: 650; }
.card > .tablewrap:first-child th:first-child { border-top-left-radius: 9px; } .card > .tablewrap:first-child th:last-child { border-top-right-radius: 9px; }
.pick { width: 1px; } td.pick label { display: grid; place-items: center; width: 32px; height: 32px; margin: -4px -8px; cursor: pointer; }
.acts { width: 1px; }
.when .strong { display: block; }
.cards > li { padding: var(--s3) var(--s4); border-top: 1px solid var(--line); display: grid; grid-template-columns: minmax(0, 1fr); gap: 6px; }
.cards time { white-space: normal; } .cards .icon { margin: -10px -12px -10px 0; }
.cards > li:first-child { border-top: 0; }
.l { display: flex; justify-content: space-between; gap: 10px; align-items: center; }
.l > * { min-width: 0; } .l > .nowrap { flex: none; }
.tablefoot { display: flex; justify-content: space-between; align-items: center; gap: var(--s3); padding: 10px var(--s4); border-top: 1px solid var(--line); color: var(--muted); font-size: 13px; flex-wrap: wrap; }
.bulk { display: flex; align-items: center; gap: var(--s2) var(--s3); padding: 8px var(--s4); min-height: 50px; border-bottom: 1px solid var(--line); background: var(--running-bg); border-radius: 9px 9px 0 0; flex-wrap: wrap; }
.newer { display: block; width: 100%; padding: 8px; border: 0; border-bottom: 1px solid var(--line); background: var(--running-bg); color: var(--running); font-weight: 600; cursor: pointer; border-radius: 9px 9px 0 0; }
.rows.up .all { grid-column: 1 / -1; }
.attempts .error { flex: 1; color: var(--failed); }
.audit { gap: 6px; } .diffs { display: grid; grid-template-columns: minmax(80px, max-content) minmax(0, 1fr); gap: 4px var(--s3); font-size: 12.5px; line-height: 18px; }
.diffs dd { display: grid; gap: 2px; } .diff { font-family: var(--mono); text-decoration: none; overflow-wrap: anywhere; border-radius: 4px; padding: 0 6px; white-space: pre-wrap; }
del.diff { background: var(--failed-bg); color: var(--failed); } ins.diff { background: var(--completed-bg); color: var(--completed); }
.two { grid-template-columns: 1fr 1fr; } .three { grid-template-columns: repeat(3, 1fr); } .four { grid-template-columns: repeat(4, 1fr); } .two, .three, .four { align-items: start; }
.card > .first { padding-top: var(--s4); } .fold > summary { padding: 14px var(--s4); cursor: pointer; } .fold > summary h2 { display: inline; } .fold > .pad { padding-top: 0; }
.schedule { display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: var(--s2) var(--s3); align-items: start; } .schedule select { width: auto; margin-top: 22px; } .schedule > .preview { grid-column: 1 / -1; display: grid; gap: 6px; }
.schedule .rows { border: 1px solid var(--line); border-radius: 8px; } .caret { padding-block: 4px; color: var(--failed); }
.save { position: sticky; bottom: 0; padding: var(--s3) 0; background: var(--bg); z-index: 2; }
.scroll { overflow: auto; max-height: 50vh; } .conflict th { position: static; }
.lanes > li { display: grid; grid-template-columns: minmax(120px, 240px) minmax(0, 1fr); gap: var(--s3); align-items: center; padding: 6px var(--s4); border-top: 1px solid var(--line); }
.when .rule { stroke: var(--line); } .when .tick { fill: var(--accent); }
.ask { display: grid; gap: var(--s2); } .ask label { font-size: 13px; line-height: 18px; font-weight: 600; } .ask input { width: auto; flex: 1; min-width: 190px; }
.results { max-height: 320px; overflow: auto; }

/* ---- the pulse */

.pulse { display: grid; grid-template-columns: repeat(4, minmax(128px, auto)) minmax(0, 1fr); overflow: hidden; }
.pulse a.stat { display: block; padding: 14px var(--s4) 15px; border-right: 1px solid var(--line); text-decoration: none; }
.pulse a.stat:hover { background: color-mix(in srgb, var(--sunken) 45%, transparent); }
.pulse a.stat:focus-visible { outline-offset: -3px; }
.stat b { display: block; font-size: 28px; line-height: 34px; font-weight: 620; letter-spacing: -.02em; }
.stat .lab, .tp .lab { display: flex; align-items: center; gap: 6px; font-size: 12px; line-height: 18px; color: var(--muted); }
.stat .why { font-size: 12px; line-height: 16px; color: var(--muted); margin-top: 2px; }
.tp { padding: 13px var(--s4) 8px; min-width: 0; } .tp .lab { justify-content: space-between; margin-bottom: 4px; }

/* ---- pictures */

svg text { font: 11px var(--sans); fill: var(--muted); font-variant-numeric: tabular-nums; }
.bars { width: 100%; height: 58px; overflow: visible; } .bars.low { height: 40px; }
.column { fill: var(--heat3); } .column.bad { fill: var(--failed); } .column.strong { fill: var(--brand); }
svg .base { stroke: var(--line); vector-effect: non-scaling-stroke; }
.axis { overflow: visible; } .tinted { fill: var(--running-bg); }
.strip { max-width: 100%; }
.heat { overflow-x: auto; } .heat > svg { max-width: none; overflow: visible; margin-left: auto; margin-right: auto; } .heat .legend { margin-top: var(--s2); }
.heat0 { fill: var(--heat0); } .heat1 { fill: var(--heat1); } .heat2 { fill: var(--heat2); } .heat3 { fill: var(--heat3); } .heat4 { fill: var(--heat4); }
.day-failed { fill: var(--failed); } .day-late { fill: none; stroke: var(--timed_out); stroke-width: 1.6; stroke-linecap: round; }
.day-planned { fill: none; stroke: var(--control); stroke-dasharray: 2.5 2; } .day-today { fill: none; stroke: var(--brand); stroke-width: 1.5; }
.durations { overflow: visible; } .durations .band { fill: var(--completed-bg); } .durations .middle { stroke: var(--heat3); } .durations .rule { stroke: var(--line); stroke-dasharray: 2 4; }
.lane .wait { stroke: var(--control); stroke-dasharray: 2 3; stroke-width: 2; }
.astable summary { cursor: pointer; font-size: 12.5px; color: var(--muted); min-height: 24px; } .astable { padding-top: 0; } .astable[open] { max-height: 340px; overflow: auto; } .astable td { height: 34px; padding-block: 4px; } .astable th { position: static; }
.hatch-ground { fill: var(--skipped-bg); } .hatch-line { stroke: var(--skipped); stroke-width: 2; }

/* ---- over the page */

dialog { width: min(460px, calc(100vw - 32px)); max-height: calc(100dvh - 48px); padding: 0; border: 1px solid var(--line); border-radius: 12px; background: var(--surface); color: inherit; box-shadow: var(--lift); }
dialog.wider { width: min(760px, calc(100vw - 32px)); }
dialog::backdrop { background: rgb(10 18 25 / .45); }
dialog > form { display: grid; gap: var(--s3); padding: var(--s5); }
dialog h2 { font-size: 17px; line-height: 24px; overflow-wrap: anywhere; }
dialog .body { display: grid; gap: var(--s3); min-width: 0; }
.menu { position: fixed; inset: auto; margin: 0; min-width: 210px; max-width: calc(100vw - 16px); padding: 6px; border: 1px solid var(--line); border-radius: 10px; background: var(--surface); color: inherit; box-shadow: var(--lift); }
.menu button { display: flex; gap: 10px; align-items: center; width: 100%; min-height: 34px; padding: 0 10px; border: 0; border-radius: 6px; background: none; text-align: left; cursor: pointer; }
.menu button span:not(.ico) { flex: 1; }
.menu button:hover, .menu button:focus { background: var(--sunken); outline-offset: -2px; } .menu .danger { color: var(--failed); }
.menuhead { padding: 6px 10px; font-size: 12px; line-height: 16px; color: var(--muted); max-width: 260px; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
#toasts { position: fixed; left: var(--s4); bottom: var(--s4); z-index: 8; display: grid; gap: var(--s2); width: min(400px, calc(100vw - 32px)); }
.toast { display: flex; align-items: center; gap: var(--s3); padding: 9px 8px 9px 14px; border-radius: 10px; background: var(--surface); border: 1px solid var(--line); border-left: 4px solid var(--completed); box-shadow: var(--lift); }
.toast p { flex: 1; min-width: 0; overflow-wrap: anywhere; } .toast > svg { color: var(--completed); }
.toast.error { border-left-color: var(--failed); } .toast.error > svg { color: var(--failed); }
.keys { display: grid; grid-template-columns: 1fr 1fr; gap: var(--s5); } .keys h3 { margin: 0 0 var(--s2); } .keys dl + h3 { margin-top: var(--s4); }
.keyrow { display: flex; gap: var(--s3); padding: 3px 0; } .keyrow dt { min-width: 58px; display: flex; gap: 4px; }
.outside #top { display: none; }
.gate { width: min(400px, 100%); margin: 12vh auto 0; padding: var(--s6); display: grid; gap: var(--s4); }
.gatehead { display: flex; gap: var(--s3); align-items: center; } .gatehead svg { width: 30px; height: 30px; }
.signin { display: grid; gap: var(--s3); }

/* ---- motion */

@keyframes pulse { 50% { opacity: .35; } }
@keyframes turn { to { transform: rotate(360deg); } }
@keyframes slide { from { transform: translateX(-100%); } to { transform: translateX(340%); } }
.pulsing { animation: pulse 1.8s ease-in-out infinite; }
.turn { animation: turn 2.4s linear infinite; transform-origin: center; transform-box: view-box; }
@media (prefers-reduced-motion: reduce) {
  *, ::before, ::after { animation: none !important; transition: none !important; scroll-behavior: auto !important; }
  .progress::before { width: 100%; }
}

/* ---- colours that somebody has chosen: outlines instead of fills */

@media (forced-colors: active) {
  .seg button[aria-pressed=true], .chip[aria-pressed=true], tr.chosen, .cards > li.chosen { outline: 2px solid Highlight; outline-offset: -2px; }
  nav.main a { border-color: Canvas; } nav.main a[aria-current] { border-bottom-color: Highlight; }
  .pill, .tag, .prog, .banner, .toast { border: 1px solid; }
  .prog i, .live i { forced-color-adjust: none; background: Highlight; }
  .mark, .strip g, .bars, .legend svg { forced-color-adjust: none; }
  .cut { stroke: Canvas; }
  .c-completed, .c-active, .c-failed, .c-disabled, .c-timed_out, .c-paused, .c-running, .c-skipped, .c-cancelled, .c-pending { color: CanvasText; }
  .column { fill: CanvasText; } .column.bad, .column.strong { fill: Highlight; }
}

/* ---- less room */

@media (max-width: 1099px) {
  .bar { gap: 10px; } .tenant, .opt { display: none; }
  nav.main a { padding: 0 9px; }
  .pulse { grid-template-columns: repeat(4, 1fr); } .tp { grid-column: 1 / -1; border-top: 1px solid var(--line); }
  .pulse a.stat:nth-child(4) { border-right: 0; }
}
@media (min-width: 700px) and (max-width: 1199px) { .search { max-width: none; flex-basis: 300px; } .search ~ .chips { order: 2; } }
@media (max-width: 999px) { .runs td time { white-space: normal; } .runs td:first-child { width: 24%; } .runs td:nth-child(2) { min-width: 180px; } }
@media (max-width: 899px) { .g21, .g32 { grid-template-columns: minmax(0, 1fr); } }
@media (max-width: 819px) { .live .t { display: none; } .live.offline .t { display: inline; } }
@media (max-width: 699px) {
  body { padding-bottom: calc(62px + env(safe-area-inset-bottom)); }
  .wide { display: none; } .phone { display: revert; }
  .bar { padding: 0 var(--s4); height: 52px; gap: var(--s2); }
  main { padding: var(--s4) var(--s4) var(--s6); }
  nav.main { position: fixed; inset: auto 0 0 0; height: calc(58px + env(safe-area-inset-bottom)); padding-bottom: env(safe-area-inset-bottom); background: var(--surface); border-top: 1px solid var(--line); margin: 0; z-index: 6; display: grid; grid-template-columns: repeat(5, 1fr); }
  nav.main a { flex-direction: column; gap: 2px; padding: 8px 0 0; font-size: 11px; line-height: 14px; border: 0; border-top: 2px solid transparent; }
  nav.main a[aria-current] { border-top-color: var(--brand); }
  nav.main svg { display: block; }
  .icon, .live { min-width: 44px; height: 44px; justify-content: center; } .bar .icon { width: 40px; }
  .bar .live { min-width: 32px; padding: 0; } .seg button { min-height: 38px; padding: 0 8px; }
  .btn, .btn.small, .chip { min-height: 44px; } .head .btns:has(> :nth-child(2)) { width: 100%; } .head .btns:has(> :nth-child(2)) .btn { flex: 1; }
  select, input:not([type=checkbox], [type=radio]) { min-height: 44px; font-size: 16px; }
  .search { max-width: none; flex-basis: 100%; } .search svg { top: 14px; } .search kbd { display: none; }
  .chips { flex-wrap: nowrap; overflow-x: auto; margin: 0 calc(-1 * var(--s4)); padding: 2px var(--s4); scrollbar-width: none; max-width: 100vw; }
  .tools .push { width: 100%; margin: 0; } .tools .push > select { flex: 1; }
  .tools > .chips { flex-basis: calc(100% + 2 * var(--s4)); }
  .pulse { grid-template-columns: 1fr 1fr; } .pulse a.stat:nth-child(2n) { border-right: 0; } .pulse a.stat:nth-child(n + 3) { border-top: 1px solid var(--line); }
  h1 { font-size: 21px; line-height: 27px; }
  .rows.run > li { grid-template-columns: minmax(0, 1fr) auto; } .rows.run > li .prog { grid-column: 1 / -1; grid-row: 2; }
  .two, .three, .four, .schedule { grid-template-columns: minmax(0, 1fr); } .schedule select { margin-top: 0; width: 100%; }
  .lanes > li { grid-template-columns: minmax(0, 1fr); gap: 2px; } .save { position: static; }
  .menu button { min-height: 44px; } .keys { grid-template-columns: 1fr; }
  #toasts { bottom: calc(70px + env(safe-area-inset-bottom)); }
  .tablefoot .legend { display: none; } .tablefoot .btns { width: 100%; } .tablefoot .btn { flex: 1; }
  .gate { padding: var(--s5); margin-top: 6vh; } dialog > form { padding: var(--s4); }
  .banner { flex-wrap: wrap; }
}
)carillon",
};

inline constexpr std::string_view dashboard_icon_svg[] = {
    R"carillon(<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32" fill="none" stroke="#b87a26" stroke-width="2.6" stroke-linecap="round" stroke-linejoin="round"><path d="M4 4h24M16 4.5v3"/><path d="M10.5 13.7c0-4 2.2-6.3 5.5-6.3s5.5 2.3 5.5 6.3c0 5.2 1.3 7.2 3.3 9.1H7.2c2-1.9 3.3-3.9 3.3-9.1z" fill="#b87a26" fill-opacity=".2"/><path d="M14 27.2c.6.9 1.2 1.3 2 1.3s1.4-.4 2-1.3"/></svg>
)carillon",
};

inline constexpr std::string_view dashboard_index_html[] = {
    R"carillon(<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="theme-color" content="#ffffff" media="(prefers-color-scheme: light)">
<meta name="theme-color" content="#151c23" media="(prefers-color-scheme: dark)">
<title>Carillon</title>
<link rel="icon" href="icon.svg">
<link rel="stylesheet" href="app.css">
<link rel="modulepreload" href="js/actions.js">
<link rel="modulepreload" href="js/api.js">
<link rel="modulepreload" href="js/audit_list.js">
<link rel="modulepreload" href="js/charts.js">
<link rel="modulepreload" href="js/conflict.js">
<link rel="modulepreload" href="js/definition.js">
<link rel="modulepreload" href="js/dom.js">
<link rel="modulepreload" href="js/durations.js">
<link rel="modulepreload" href="js/heatmap.js">
<link rel="modulepreload" href="js/icons.js">
<link rel="modulepreload" href="js/job_form.js">
<link rel="modulepreload" href="js/jobs_bulk.js">
<link rel="modulepreload" href="js/keys.js">
<link rel="modulepreload" href="js/live.js">
<link rel="modulepreload" href="js/names.js">
<link rel="modulepreload" href="js/overlay.js">
<link rel="modulepreload" href="js/page_audit.js">
<link rel="modulepreload" href="js/page_edit.js">
<link rel="modulepreload" href="js/page_explain.js">
<link rel="modulepreload" href="js/page_job.js">
<link rel="modulepreload" href="js/page_jobs.js">
<link rel="modulepreload" href="js/page_overview.js">
<link rel="modulepreload" href="js/page_run.js">
<link rel="modulepreload" href="js/page_runs.js">
<link rel="modulepreload" href="js/page_timeline.js">
<link rel="modulepreload" href="js/pages.js">
<link rel="modulepreload" href="js/router.js">
<link rel="modulepreload" href="js/schedule_field.js">
<link rel="modulepreload" href="js/shell.js">
<link rel="modulepreload" href="js/signin.js">
<link rel="modulepreload" href="js/state.js">
<link rel="modulepreload" href="js/table.js">
<link rel="modulepreload" href="js/time.js">
<link rel="modulepreload" href="js/ui.js">
<script type="module" src="js/main.js"></script>
</head>
<body>
<a class="skip" href="#main">Skip to content</a>
<header id="top"></header>
<main id="main" tabindex="-1" aria-busy="true"></main>
<div id="toasts" role="status" aria-live="polite" aria-label="Messages"></div>
<div id="overlays"></div>
<noscript><p>The dashboard needs JavaScript; the REST API works without it.</p></noscript>
</body>
</html>
)carillon",
};

inline constexpr std::string_view dashboard_js_actions_js[] = {
    R"carillon(// SPDX-License-Identifier: MIT
// actions.js - what people do to jobs and runs: asked first, shown at once, taken back where it fails.
import {api, newKey} from "./api.js";
import {h} from "./dom.js";
import {confirm, menu, toast} from "./overlay.js";
import {can, emit} from "./state.js";
import {relative, time} from "./time.js";
import {go} from "./router.js";

/** Ids that are being changed, with the status they are about to have. */
export const changing = new Map();
export const shownStatus = job => changing.get(job.id) ?? job.status;

async function apply(id, status, call, done, undo) {
  if (changing.has(id)) return false;
  changing.set(id, status);
  emit("redraw");
  try {
    const answer = await call();
    toast(typeof done === "function" ? done(answer) : done, {action: undo});
    return answer ?? true;
  } catch (error) {
    if (error.name === "AbortError") return false;
    toast(error.status === 404 ? "It has been deleted meanwhile." : error.text ?? String(error), {kind: "error"});
    return false;
  } finally {
    changing.delete(id);
    emit("changed");
  }
}

const verb = (job, name, reason) => api.post(`/jobs/${job.id}/${name}`, reason ? {reason} : {});

export async function pauseJob(job, {ask = true} = {}) {
  const asked = ask ? await confirm({title: `Pause ${job.name}?`, text: "It makes no runs until it is resumed. Runs that have started go on.", action: "Pause", reason: true}) : {};
  return asked && apply(job.id, "paused", () => verb(job, "pause", asked.reason), `${job.name} is paused.`,
    {text: "Undo", run: () => resumeJob(job, {isUndo: true})});
}

export function resumeJob(job, {isUndo = false} = {}) {
  return apply(job.id, "active", () => verb(job, "resume"), `${job.name} is resumed.`,
    isUndo || job.status !== "paused" ? null : {text: "Undo", run: () => pauseJob(job, {ask: false})});
}

export async function triggerJob(job) {
  const next = job.next_run_at ? ["Its next run stays ", time(job.next_run_at, {zone: job.time_zone}), ", ", relative(job.next_run_at), "."] : "It has no next run.";
  const asked = await confirm({title: `Run ${job.name} now?`, details: h("p", "One run besides its schedule. ", next), action: "Run now"});
  const key = newKey();
  const run = asked && await apply(job.id, job.status, () => api.post(`/jobs/${job.id}/trigger`, undefined, {key}), `A run of ${job.name} is due.`,
    {text: "Show", run: () => go("/runs", {job: job.id})});
  return run || false;
}

async function countOf(job, status) {
  try {
    return (await api.get("/runs", {query: {job_id: job.id, status, limit: 1}})).total;
  } catch {
    return null;
  }
}

export async function deleteJob(job) {
  const [pending, running] = await Promise.all([countOf(job, "pending"), countOf(job, "running")]);
  const runs = pending === null || running === null ? "Runs that are pending are cancelled, running ones are asked to stop." :
    `${pending} pending ${pending === 1 ? "run is" : "runs are"} cancelled, ${running} running ${running === 1 ? "one is" : "ones are"} asked to stop.`;
  const asked = await confirm({title: `Delete ${job.name}?`, text: `${runs} Its history stays for as long as runs are kept. This cannot be undone.`, action: "Delete", danger: true});
  return asked && apply(job.id, "disabled", () => api.del(`/jobs/${job.id}`, {ifMatch: job.revision}), `${job.name} is deleted.`);
}

export async function cancelRun(run, name = "this run") {
  const isRunning = run.status === "running";
  const asked = await confirm({title: `Cancel ${name}?`, action: "Cancel the run", danger: true, reason: true,
    text: isRunning ? "Its handler is asked to stop. It ends when the handler does." : "It will not start."});
  return asked && apply(run.id, run.status, () => api.post(`/runs/${run.id}/cancel`, asked.reason ? {reason: asked.reason} : {}),
    isRunning ? "The run is asked to stop." : "The run is cancelled.");
}

export async function retryRun(run, name = "this run") {
  const asked = await confirm({title: `Run ${name} again?`, text: "A new run of the job as it is now; this one stays as it ended.", action: "Run again"});
  const key = newKey();
  return asked && apply(run.id, run.status, () => api.post(`/runs/${run.id}/retry`, undefined, {key}), "A new run is due.");
}

export function jobMenu(anchor, job) {
  const isActive = job.status === "active";
  menu(anchor, [
    {heading: job.name},
    {text: "Open", icon: "right", run: () => go(`/jobs/${job.id}`)},
    can("trigger") && {text: "Run now", icon: "play", run: () => triggerJob(job)},
    can("write") && job.status !== "completed" && (isActive ? {text: "Pause", icon: "pause", run: () => pauseJob(job)} :
      {text: "Resume", icon: "play", run: () => resumeJob(job)}),
    can("write") && {text: "Edit", icon: "edit", run: () => go(`/jobs/${job.id}/edit`)},
    can("write") && {text: "Copy", icon: "copy", run: () => go(`/jobs/${job.id}/copy`)},
    {text: "Its runs", icon: "runs", run: () => go("/runs", {job: job.id})},
    can("write") && "-",
    can("write") && {text: "Delete", icon: "trash", danger: true, run: () => deleteJob(job)},
  ]);
}
)carillon",
};

inline constexpr std::string_view dashboard_js_api_js[] = {
    R"carillon(// SPDX-License-Identifier: MIT
// api.js - requests to the scheduler's API, with refusals as errors that can be read out to people.
import {heardServer} from "./time.js";
import {emit} from "./state.js";

const base = "api/v1/scheduler"; // relative: whatever prefix a proxy adds is in front already
let signInAgain = null;

/** `ask` shows the sign-in over the page and resolves to whether the same person is signed in again. */
export const onSignedOut = ask => { signInAgain = ask; };

export class ApiError extends Error {
  constructor(problem) {
    super(problem.detail || problem.title || "The request failed");
    Object.assign(this, problem);
  }
  get text() {
    if (this.offline) return "The server cannot be reached.";
    if (this.status === 429) return `Too many requests; try again in ${this.retryAfter ?? 1} s.`;
    if (this.status === 403 && this.code === "forbidden") return "You may not do that here.";
    if (this.status >= 500) return `The server failed${this.instance ? ` (request ${this.instance})` : ""}.`;
    const first = this.errors?.[0];
    const text = first?.detail ?? this.detail ?? this.title ?? `Status ${this.status}`;
    return text.charAt(0).toUpperCase() + text.slice(1) + (/[.!?]$/.test(text) ? "" : ".");
  }
}

// Numbers that a double cannot hold stay the text that was sent.
function exact(key, value, context) {
  const isInexact = typeof value === "number" && context?.source && /^-?\d+$/.test(context.source) &&
    !Number.isSafeInteger(value);
  return isInexact && JSON.rawJSON ? JSON.rawJSON(context.source) : value;
}
const parse = text => JSON.parse(text, exact);
export const pretty = value => JSON.stringify(value, null, 2) ?? "";

export const newKey = () => [...crypto.getRandomValues(new Uint8Array(16))].map(b => b.toString(16).padStart(2, "0")).join("");

function address(path, query) {
  const pairs = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {}))
    for (const one of Array.isArray(value) ? value : [value])
      if (one != null && one !== "") pairs.append(name, one);
  const text = pairs.toString();
  return path + (text ? `?${text}` : "");
}

async function problemOf(response) {
  let problem = {};
  try {
    problem = parse(await response.text());
  } catch { /* a proxy's page, not ours */ }
  const retryAfter = Number(response.headers.get("Retry-After")) || undefined;
  return new ApiError({...problem, status: response.status, retryAfter});
}

/** The bare request: resolves for every status, rejects with an ApiError where nothing answers. */
export async function request(method, url, {headers = {}, body, signal} = {}) {
  try {
    const response = await fetch(url, {
      method, signal, credentials: "same-origin", redirect: "error", cache: "no-store",
      headers: method === "GET" ? headers : {...headers, "Content-Type": "application/json"}, // with a cookie it has to be said
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    heardServer(response.headers.get("Date"));
    emit("reached", true);
    return response;
  } catch (error) {
    if (error.name === "AbortError") throw error;
    emit("reached", false);
    throw new ApiError({offline: true, status: 0, code: "offline", title: "The server cannot be reached"});
  }
}

async function send(method, path, {query, body, key, ifMatch, signal} = {}) {
  const headers = {Accept: "application/json"};
  if (key) headers["Idempotency-Key"] = key;
  if (ifMatch != null) headers["If-Match"] = ifMatch === "*" ? "*" : `"${ifMatch}"`;
  const url = address(base + path, query);
  let response = await request(method, url, {headers, body, signal});
  if (response.status === 401 && signInAgain && await signInAgain())
    response = await request(method, url, {headers, body, signal});
  if (!response.ok) throw await problemOf(response);
  const text = await response.text();
  return text ? parse(text) : null;
}

export const api = {
  get: (path, options) => send("GET", path, options),
  post: (path, body, options) => send("POST", path, {...options, body}),
  put: (path, body, options) => send("PUT", path, {...options, body}),
  del: (path, options) => send("DELETE", path, options),
  /** Null where this server has no such route. */
  async maybe(path, options) {
    try {
      return await send("GET", path, options);
    } catch (error) {
      if (error.status === 404 || error.status === 405) return null;
      throw error;
    }
  },
  stream: (query, headers, signal) => request("GET", address(`${base}/events`, query), {headers, signal}),
};

export const sessions = {
  async who(token) {
    const headers = token ? {Authorization: `Bearer ${token}`} : {};
    const response = await request("GET", "session", {headers});
    if (response.status === 401) return null;
    if (!response.ok) throw await problemOf(response);
    return response.json();
  },
  async open(token) {
    const response = await request("POST", "session", {headers: {Authorization: `Bearer ${token}`}});
    if (!response.ok) throw await problemOf(response);
  },
  async close() {
    const response = await request("DELETE", "session");
    if (!response.ok) throw await problemOf(response);
  },
};
)carillon",
};

inline constexpr std::string_view dashboard_js_audit_list_js[] = {
    R"carillon(// SPDX-License-Identifier: MIT
// audit_list.js - changes as people read them: who, what, when, and what was before and after.
import {h} from "./dom.js";
import {href} from "./router.js";
import {time} from "./time.js";
import {tag} from "./ui.js";

export const VERB = {
  "job.created": "created", "job.updated": "changed", "job.deleted": "deleted", "job.paused": "paused", "job.resumed": "resumed",
  "job.triggered": "ran by hand", "job.disabled": "disabled", "job.completed": "completed", "job.rebased": "planned anew",
  "run.cancelled": "cancelled a run of", "run.retried": "ran again a run of",
};

const unsaid = new Set(["revision", "updated_at", "created_at", "spec_fingerprint", "action_type", "id", "tenant_id"]);

function flat(value, prefix = "", into = new Map()) {
  if (value && typeof value === "object" && !Array.isArray(value))
    for (const [name, one] of Object.entries(value)) {
      if (prefix || !unsaid.has(name)) flat(one, prefix ? `${prefix}.${name}` : name, into);
    }
  else into.set(prefix, value === undefined || value === null || value === "" ? "" : typeof value === "string" ? value : JSON.stringify(value));
  return into;
}

/** [name, before, after] of each member that differs. */
export function changes({before, after}) {
  if (!before || !after) return [];
  const old = flat(before), now = flat(after);
  return [...new Set([...old.keys(), ...now.keys()])].filter(name => (old.get(name) ?? "") !== (now.get(name) ?? ""))
    .map(name => [name, old.get(name) ?? "", now.get(name) ?? ""]);
}

const side = (kind, sign, text) => text !== "" && h(`${kind}.diff`, h("span", {"aria-hidden": "true"}, `${sign} `), text);

export function diff(event) {
  const all = changes(event);
  return all.length > 0 && h("dl.diffs", all.map(([name, before, after]) => [h("dt", {key: `t-${name}`}, tag(name)), h("dd", {key: `d-${name}`}, side("del", "−", before), side("ins", "+", after))]));
}

export const who = event => event.actor ? h("b", event.actor) : h("span.muted", "the system");
export const nameOf = event => event.after?.name ?? event.before?.name ?? `job ${event.job_id.slice(-6)}`;

export const deed = (event, {withJob = true} = {}) => h("span", who(event), " ", VERB[event.verb] ?? event.verb, " ",
  withJob ? h("a", {href: href(`/jobs/${event.job_id}`)}, nameOf(event)) : "this job",
  event.run_id && [", ", h("a", {href: href(`/runs/${event.run_id}`)}, "the run")]);

export const byWhat = event => [event.via && tag(event.via), event.batch && h("a.tag", {href: href("/audit", {batch: event.batch})}, "one of many")];

export const auditRow = (event, {withJob = true, zone} = {}) => h("li.audit", {key: event.id, "data-row": event.id},
  h("div.l", deed(event, {withJob}), h("span.muted.nowrap", time(event.at, {zone, style: "seconds"}))),
  event.reason && h("p.jd", `“${event.reason}”`), diff(event));
)carillon",
};

inline constexpr std::string_view dashboard_js_charts_js[] = {
    R"carillon(// SPDX-License-Identifier: MIT
// charts.js - small pictures of many runs. Each says in a sentence what it shows.
import {s} from "./dom.js";
import {LABEL} from "./ui.js";

const bar = (x, y, w, height, props) => s("rect", {x, y, width: w, height: Math.max(0, height), rx: 1.5, ...props});
const outline = (x, y, w, height, props) =>
  bar(x + .6, y + .6, w - 1.2, height - 1.2, {fill: "none", stroke: "currentColor", "stroke-width": 1.2, ...props});

/** One outcome as a bar: its shape says what happened, its height how long it took. */
function outcomeBar({status, duration_ms: ms}, x, w, tall, most) {
  const height = ms == null ? 5 : 5 + (tall - 5) * Math.sqrt(ms / most);
  switch (status) {
    case "failed": return [bar(x, 0, w, tall, {fill: "currentColor"}),
      s("path", {d: `M${x + 1.3} 3.3l${w - 2.6} ${w - 2.6}M${x + w - 1.3} 3.3l${2.6 - w} ${w - 2.6}`, class: "cut", "stroke-width": 1.3})];
    case "timed_out": return [outline(x, 0, w, tall), bar(x, tall / 2, w, tall / 2, {fill: "currentColor"})];
    case "skipped": return outline(x, tall - 7, w, 7);
    case "cancelled": return [outline(x, tall - 12, w, 12), s("path", {d: `M${x} ${tall}l${w} -12`, stroke: "currentColor", "stroke-width": 1.2})];
    case "running": return [outline(x, tall - 12, w, 12, {class: "tinted", "stroke-dasharray": "2 1.5"}),
      s("circle", {cx: x + w / 2, cy: tall - 6, r: 1.6, fill: "currentColor", class: "pulsing"})];
    case "pending": return outline(x, tall - 7, w, 7, {"stroke-dasharray": "1.5 1.5"});
    default: return bar(x, tall - height, w, height, {fill: "currentColor", opacity: .82});
  }
}

function countText(outcomes) {
  const counts = new Map();
  for (const {status} of outcomes) counts.set(status, (counts.get(status) ?? 0) + 1);
  return [...counts].map(([status, n]) => `${n} ${LABEL[status].toLowerCase()}`).join(", ");
}

export function strip(outcomes, {w = 6, h: tall = 24, slots = outcomes.length} = {}) {
  const gap = 2, width = slots * (w + gap) - gap;
  if (!outcomes.length) return s("svg", {width: Math.max(width, 1), height: tall, role: "img", "aria-label": "No runs yet", class: "strip"});
  const most = Math.max(1, ...outcomes.map(one => one.duration_ms ?? 0));
  const label = `Last ${outcomes.length} runs: ${countText(outcomes)}; latest ${LABEL[outcomes.at(-1).status].toLowerCase()}`;
  const first = slots - outcomes.length;
  return s("svg", {width, height: tall, viewBox: `0 0 ${width} ${tall}`, role: "img", "aria-label": label, class: "strip"},
    s("title", label), outcomes.map((one, i) => s("g", {class: `c-${one.status}`}, outcomeBar(one, (first + i) * (w + gap), w, tall, most))));
}

export const sample = status => s("svg", {width: 6, height: 14, viewBox: "0 0 6 14", "aria-hidden": "true", class: `c-${status}`},
  outcomeBar({status, duration_ms: 1}, 0, 6, 14, 1));

/** Stacked bars that fill their box; `marks` are [index, text] below the base line, `strong` an index to stand out. */
export function bars({values, bad = [], label, marks = [], height = 58, strong = -1, minimum = 0}) {
  const n = values.length, step = 10;
  const most = Math.max(1, ...values.map((v, i) => v + (bad[i] ?? 0)));
  const tall = v => v === 0 ? 0 : Math.max(minimum, height * v / most);
  const columns = values.map((v, i) => {
    const ok = tall(v), no = bad[i] ? Math.max(3, height * bad[i] / most) : 0, base = Math.min(ok, height - no);
    return [bar(i * step + 1, height - base, step - 2, base, {class: i === strong ? "column strong" : "column"}),
      no > 0 && bar(i * step + 1, height - base - no, step - 2, no, {class: "column bad"})];
  });
  return [s("svg", {viewBox: `0 0 ${n * step} ${height + 1}`, preserveAspectRatio: "none", role: "img", "aria-label": label, class: "bars"},
    s("title", label), columns, s("path", {d: `M0 ${height + .5}H${n * step}`, class: "base"})),
  marks.length > 0 && axis(n, marks)];
}

// Text in a stretched picture would be stretched too: the labels are a second picture, which is not.
function axis(n, marks) {
  return s("svg", {class: "axis", width: "100%", height: 16, "aria-hidden": "true"}, marks.map(([at, text]) => {
    const share = at / n;
    return s("text", {x: `${share * 100}%`, y: 12, "text-anchor": share < .05 ? "start" : share > .95 ? "end" : "middle"}, text);
  }));
}

/** The pattern of skipped days; `id` is used as url(#id). */
export const hatch = (id = "hatch") => s("defs", s("pattern", {id, width: 5, height: 5, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)"},
  s("rect", {width: 5, height: 5, class: "hatch-ground"}), s("path", {d: "M0 0V5", class: "hatch-line"})));

/** A logarithmic scale from [low, high] to [bottom, top]. */
export function log([low, high], [bottom, top]) {
  const from = Math.log(Math.max(low, 1)), to = Math.log(Math.max(high, low + 1, 2));
  return v => bottom + (top - bottom) * (Math.log(Math.max(v, 1)) - from) / (to - from || 1);
}
)carillon",
};

inline constexpr std::string_view dashboard_js_conflict_js[] = {
    R"carillon(// SPDX-License-Identifier: MIT
// conflict.js - somebody has changed the same job meanwhile: yours, what it is now, and what it was, field by field.
import {changed, FIELDS, formOf} from "./job_form.js";
import {h} from "./dom.js";
import {dialog} from "./overlay.js";

const shown = value => value === "" ? h("span.muted", "empty") : h("span.diff", value);

function row(name, {form, before, theirs, picked}) {
  const group = `pick-${name}`, mineToo = form[name] !== before[name];
  const choice = (whose, value) => h("td", h("label.check", h("input", {type: "radio", name: group, value: whose, checked: picked[name] === whose, "aria-label": `${FIELDS[name].label}: ${whose === "mine" ? "yours" : "now"}`,
    onchange: () => { picked[name] = whose; }}), shown(value)));
  return h("tr", {key: name}, h("th", {scope: "row"}, FIELDS[name].label), mineToo ? choice("mine", form[name]) : h("td", h("span.muted", "not changed")), choice("theirs", theirs[name]), h("td", shown(before[name])));
}

/** Resolves to the form to be saved over `current`, to "theirs", or to null. */
export async function resolveConflict(form, before, current) {
  const theirs = formOf(current), picked = {};
  const names = Object.keys(FIELDS).filter(name => form[name] !== theirs[name]);
  for (const name of names) picked[name] = form[name] !== before[name] ? "mine" : "theirs";
  const pressed = await dialog({
    title: "It has been changed meanwhile", wide: true,
    body: [h("p", `Revision ${current.revision} is there now. Choose what to keep of each field that differs.`),
      h("div.tablewrap.scroll", {tabindex: 0, role: "group", "aria-label": "Fields that differ"}, h("table.conflict", h("caption.sr", "Fields that differ"),
        h("thead", h("tr", ["Field", "Yours", "Now", "Before"].map(name => h("th", {scope: "col"}, name)))), h("tbody", names.map(name => row(name, {form, before, theirs, picked})))))],
    actions: [{text: "Cancel", value: null}, {text: "Take theirs", value: "theirs"}, {text: `Save mine over revision ${current.revision}`, value: "save", kind: "primary"}],
  });
  if (pressed !== "save") return pressed;
  return {...theirs, ...Object.fromEntries(names.filter(name => picked[name] === "mine").map(name => [name, form[name]]))};
}

export const isSame = (form, job) => changed(form, formOf(job)).length === 0;
)carillon",
};

inline constexpr std::string_view dashboard_js_definition_js[] = {
    R"carillon(// SPDX-License-Identifier: MIT
// definition.js - what a job is, in words.
import {code, defs, json, plural, tag} from "./ui.js";
import {h} from "./dom.js";
import {shortDuration, time} from "./time.js";

const none = text => text == null || text === "0s" || text === "0";

const OVERLAP = {
  skip: () => "skip the new run while one is going", queue_one: () => "let one run wait for the one that is going", queue_all: () => "let runs wait their turn",
  allow: o => o.limit ? `up to ${o.limit} at a time` : "any number at a time", cancel_previous: () => "stop the one that is going",
};
const MISFIRE = {
  fire_latest: "run the latest one", fire_all: "run every one", fire_earliest: "run the earliest one", skip: "skip them",
};

function retryText({max_attempts: n, initial, factor, max_delay: most}) {
  return n <= 1 ? "one attempt" : `${plural(n, "attempt")}, after ${shortDuration(initial)}${factor === 1 ? "" : `, each pause ${factor} times the last, up to ${shortDuration(most)}`}`;
}

function timeoutText({attempt, total}) {
  return [!none(attempt) && `${shortDuration(attempt)} an attempt`, !none(total) && `${shortDuration(total)} for all`].filter(Boolean).join(", ") || "none";
}

const rows = job => {
  const {policies: p} = job;
  return [
    ["Schedule", [code(job.schedule), job.dialect !== "standard" && [" ", tag(job.dialect)]]],
    ["Time zone", job.time_zone],
    ["Action", [tag(job.action_type ?? "none")]],
    ["Overlap", [OVERLAP[p.overlap.policy]?.(p.overlap) ?? p.overlap.policy, p.overlap.concurrency_key && [" · key ", tag(p.overlap.concurrency_key)]]],
    ["Missed runs", [MISFIRE[p.misfire.policy] ?? p.misfire.policy.replaceAll("_", " "), ` within ${shortDuration(p.misfire.window)}`]],
    ["Retries", retryText(p.retry)],
    ["Timeouts", timeoutText(p.timeout)],
    p.priority !== 0 && ["Priority", String(p.priority)],
    p.delivery !== "at_least_once" && ["Delivery", p.delivery.replaceAll("_", " ")],
    p.pause_after_failures > 0 && ["Pauses itself", `after ${plural(p.pause_after_failures, "failure")} in a row`],
    !none(p.spread.within) && ["Spread", `within ${shortDuration(p.spread.within)}, ${p.spread.mode === "job" ? "always the same" : "each time another"}`],
    job.start_at && ["From", time(job.start_at, {zone: job.time_zone})],
    job.end_at && ["Until", time(job.end_at, {zone: job.time_zone})],
    job.max_runs != null && ["Runs", `${job.started_runs} of at most ${job.max_runs}`],
    job.exclude.length > 0 && ["Not on", job.exclude.join(", ")],
    job.key && ["Key", tag(job.key)],
    ["Changed", [time(job.updated_at, {zone: job.time_zone}), h("span.muted", ` · revision ${job.revision}`)]],
  ];
};

export const definition = job => h("section.card", {key: "definition", "aria-label": "Definition"}, h("header", h("h2", "Definition")),
  h("div.pad.stack", defs(rows(job)), h("h3", "Action as it is given to the handler"), json(job.action),
    Object.keys(job.metadata ?? {}).length > 0 && [h("h3", "Metadata"), json(job.metadata)]));
)carillon",
};

inline constexpr std::string_view dashboard_js_dom_js[] = {
    R"carillon(// SPDX-License-Identifier: MIT
// dom.js - how elements are made, and how a fresh tree is laid over the one on screen without replacing what somebody uses.

const svgSpace = "http://www.w3.org/2000/svg";
const meta = Symbol("carillon");
const properties = new Set(["value", "checked", "indeterminate"]);
let ids = 0;

export const uid = (prefix = "id") => `${prefix}-${++ids}`;

/** `tag` is like "div.card.wide#id"; what follows may be properties, then children. */
export function h(tag, props, ...children) {
  const parts = tag.split(/(?=[.#])/);
  const node = document.createElement(/^[.#]/.test(parts[0]) ? "div" : parts.shift());
  const classes = [];
  for (const part of parts)
    if (part[0] === "#") node.id = part.slice(1);
    else classes.push(part.slice(1));
  return build(node, classes.join(" "), props, children);
}

export function s(tag, props, ...children) {
  return build(document.createElementNS(svgSpace, tag), "", props, children);
}

function isChild(value) {
  return value instanceof Node || Array.isArray(value) || typeof value === "string" || typeof value === "number";
}

function build(node, classes, props, children) {
  if (isChild(props)) {
    children = [props, ...children];
    props = null;
  }
  const own = node[meta] = {key: null, on: {}, props: {}, css: {}, keep: false};
  const extra = props?.class;
  const all = [classes, ...(Array.isArray(extra) ? extra : [extra])].filter(Boolean).join(" ");
  if (all) node.setAttribute("class", all);
  for (const [name, value] of Object.entries(props ?? {}))
    if (name !== "class" && !properties.has(name)) give(node, own, name, value);
  append(node, children);
  for (const name of properties)
    if (props && name in props && props[name] != null) node[name] = own.props[name] = props[name];
  if (props?.ref) props.ref(node);
  return node;
}

function give(node, own, name, value) {
  if (name === "key" || name === "keep") own[name] = value;
  else if (name === "ref") return;
  else if (name === "css") setCss(node, own, value ?? {});
  else if (name.startsWith("on")) listen(node, own, name.slice(2), value);
  else if (value === false && name.startsWith("aria-")) node.setAttribute(name, "false");
  else if (value === true) node.setAttribute(name, name.startsWith("aria-") ? "true" : "");
  else if (value != null && value !== false) node.setAttribute(name, value);
}

// A style attribute is refused by the policy of the page; the object model is not.
function setCss(node, own, css) {
  for (const name of Object.keys(own.css)) if (!(name in css)) node.style.removeProperty(name);
  for (const [name, value] of Object.entries(css))
    if (own.css[name] !== value) node.style.setProperty(name, value);
  own.css = css;
}

function relay(event) {
  return this[meta].on[event.type]?.call(this, event);
}

function listen(node, own, type, handler) {
  if (!handler) return;
  if (!(type in own.on)) node.addEventListener(type, relay);
  own.on[type] = handler;
}

function append(node, children) {
  for (const child of children.flat(Infinity))
    if (child != null && child !== false && child !== true) node.append(child);
}

/** Children as `h` takes them, as nodes. */
export function nodes(...children) {
  return children.flat(Infinity).filter(child => child != null && child !== false && child !== true)
    .map(child => child instanceof Node ? child : document.createTextNode(String(child)));
}

const keyOf = node => node[meta]?.key ?? null;
const isAlike = (a, b) => a.nodeType === b.nodeType && a.nodeName === b.nodeName && keyOf(a) === keyOf(b) && a.id === b.id;

/** Makes the children of `parent` be `wanted`, keeping every node that has its like: by key, else by place and kind. */
export function morph(parent, ...wanted) {
  const list = nodes(...wanted);
  const keys = new Set(list.map(keyOf));
  const kept = new Map();
  for (const child of [...parent.childNodes]) {
    const key = keyOf(child);
    if (key === null) continue;
    if (keys.has(key)) kept.set(key, child);
    else child.remove();
  }
  let at = parent.firstChild;
  for (const next of list) {
    const key = keyOf(next);
    const found = key === null ? at : kept.get(key);
    if (found && isAlike(found, next)) {
      if (found === at) at = at.nextSibling;
      else (parent.moveBefore ?? parent.insertBefore).call(parent, found, at); // moveBefore keeps the focus
      patch(found, next);
    } else {
      parent.insertBefore(next, at);
      if (at && key === null && keyOf(at) === null) at = removed(at);
      else if (found && found !== at) found.remove();
    }
  }
  while (at) at = removed(at);
}

function removed(node) {
  const next = node.nextSibling;
  node.remove();
  return next;
}

function patch(old, next) {
  if (old === next) return;
  if (old.nodeType !== Node.ELEMENT_NODE) {
    if (old.data !== next.data) old.data = next.data;
    return;
  }
  const own = old[meta], wanted = next[meta];
  patchAttributes(old, next);
  setCss(old, own, wanted.css);
  for (const type of Object.keys(own.on)) if (!(type in wanted.on)) own.on[type] = null;
  for (const [type, handler] of Object.entries(wanted.on)) listen(old, own, type, handler);
  if (!wanted.keep) morph(old, [...next.childNodes]);
  patchProperties(old, own, wanted);
}

function patchAttributes(old, next) {
  for (const {name, value} of [...next.attributes])
    if (name !== "style" && old.getAttribute(name) !== value) old.setAttribute(name, value);
  for (const {name} of [...old.attributes])
    if (!next.hasAttribute(name) && name !== "style" && !(name === "open" && /^(DETAILS|DIALOG)$/.test(old.nodeName)))
      old.removeAttribute(name);
}

function patchProperties(old, own, wanted) {
  for (const [name, value] of Object.entries(wanted.props)) {
    const isTyped = name === "value" && (own.props.value === value || document.activeElement === old);
    if (!isTyped && old[name] !== value) old[name] = value;
  }
  own.props = wanted.props;
}
)carillon",
};

inline constexpr std::string_view dashboard_js_durations_js[] = {
    R"carillon(// SPDX-License-Identifier: MIT
// durations.js - how long the last runs of a job took: a dot for each on a logarithmic scale, with what is usual behind.
import {h, s} from "./dom.js";
import {log} from "./charts.js";
import {mark} from "./icons.js";
import {duration, time, timeText} from "./time.js";
import {LABEL, plural, status} from "./ui.js";

const height = 150, base = 128, top = 10;

/** The value below which that share of the sorted values lies. */
function quantile(sorted, share) {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
}

function statistics(runs) {
  const sorted = runs.filter(run => run.status === "completed" && run.duration_ms != null).map(run => run.duration_ms).sort((a, b) => a - b);
  return sorted.length ? {p50: quantile(sorted, .5), p95: quantile(sorted, .95), n: sorted.length} : null;
}

export function durationText(runs) {
  const found = statistics(runs);
  return found ? `p50 ${duration(found.p50)}, p95 ${duration(found.p95)}` : "";
}

function ticks(low, high) {
  const all = [1, 10, 100, 1_000, 10_000, 60_000, 600_000, 3_600_000, 21_600_000, 86_400_000];
  const inside = all.filter(ms => ms > low * 1.3 && ms < high / 1.3);
  return inside.length > 4 ? inside.filter((_, i) => i % 2 === 0) : inside;
}

function dot(run, x, y) {
  const at = `${x}%`;
  if (run.status === "completed") return s("circle", {cx: at, cy: y, r: 3, fill: "currentColor", opacity: .75});
  if (run.status === "skipped") return s("rect", {x: at, y: base - 6, width: 4, height: 6, transform: "translate(-2 0)", fill: "none", stroke: "currentColor"});
  return s("svg", {x: at, y: y - 6, width: 12, height: 12, overflow: "visible"}, s("g", {transform: "translate(-6 0)"}, mark(run.status, 12)));
}

/** `runs` come the latest first. */
export function durations(runs, zone) {
  const shown = runs.filter(run => !["pending", "running"].includes(run.status)).slice(0, 100).reverse();
  const taken = shown.filter(run => run.duration_ms != null).map(run => Math.max(1, run.duration_ms));
  if (!taken.length) return h("p.muted.pad", {key: "none"}, "No run has ended yet.");
  const low = Math.min(...taken), high = Math.max(...taken, low * 3);
  const y = log([low / 1.5, high * 1.2], [base, top]), usual = statistics(shown);
  const x = i => 2 + 96 * (shown.length === 1 ? .5 : i / (shown.length - 1));
  const bad = shown.filter(run => ["failed", "timed_out"].includes(run.status));
  const label = `${plural(shown.length, "run")}${usual ? `, typically ${duration(usual.p50)}, 95 % within ${duration(usual.p95)}` : ""}, longest ${duration(Math.max(...taken))}; ${
    bad.length ? `${bad.length} failed or timed out, the last ${timeText(bad.at(-1).scheduled_for, {zone})}` : "none failed"}`;
  return h("div.pad", {key: "durations"}, s("svg", {width: "100%", height, role: "img", "aria-label": label, class: "durations"}, s("title", label),
    usual && s("rect", {x: 0, width: "100%", y: y(usual.p95), height: Math.max(2, y(usual.p50) - y(usual.p95)), class: "band"}),
    usual && s("line", {x1: 0, x2: "100%", y1: y(usual.p50), y2: y(usual.p50), class: "middle"}),
    ticks(low, high).map(ms => [s("line", {x1: 0, x2: "100%", y1: y(ms), y2: y(ms), class: "rule"}), s("text", {x: 0, y: y(ms) - 3}, duration(ms))]),
    s("line", {x1: 0, x2: "100%", y1: base, y2: base, class: "base"}),
    shown.map((run, i) => s("g", {class: `c-${run.status}`}, s("title", `${timeText(run.scheduled_for, {zone})}: ${LABEL[run.status]}, ${duration(run.duration_ms)}`), dot(run, x(i), run.duration_ms == null ? base : y(run.duration_ms)))),
    s("text", {x: 0, y: height - 6}, timeText(shown[0].scheduled_for, {zone, style: "day"})),
    s("text", {x: "100%", y: height - 6, "text-anchor": "end"}, timeText(shown.at(-1).scheduled_for, {zone, style: "day"}))));
}

export const durationsTable = (runs, zone) => h("table", h("caption.sr", "How long each run took"),
  h("thead", h("tr", h("th", {scope: "col"}, "Scheduled for"), h("th", {scope: "col"}, "Outcome"), h("th.num", {scope: "col"}, "Duration"))),
  h("tbody", runs.slice(0, 100).map(run => h("tr", {key: run.id}, h("td", time(run.scheduled_for, {zone})), h("td", status(run.status)), h("td.num", duration(run.duration_ms))))));
)carillon",
};

inline constexpr std::string_view dashboard_js_heatmap_js[] = {
    R"carillon(// SPDX-License-Identifier: MIT
// heatmap.js - what became of a job day by day: weeks as columns, Monday first. Success is quiet, anything else has a shape.
import {h, s} from "./dom.js";
import {hatch} from "./charts.js";
import {duration} from "./time.js";
import {number, plural, REASON} from "./ui.js";

const dayMs = 86_400_000, size = 17, step = 20, left = 30, top = 18;
const dayOf = text => Date.parse(`${text}T00:00:00Z`);
const textOf = at => new Date(at).toISOString().slice(0, 10);
const sum = counts => Object.values(counts ?? {}).reduce((a, b) => a + b, 0);
const named = (text, options) => new Date(dayOf(text)).toLocaleDateString("en-GB", {timeZone: "UTC", ...options});
const long = text => named(text, {weekday: "short", day: "numeric", month: "short", year: "numeric"});

/** The Monday of the first of so many weeks, of which the last has `today` in it and `ahead` follow. */
export function firstDay(today, weeks, ahead = 0) {
  const monday = dayOf(today) - ((new Date(dayOf(today)).getUTCDay() + 6) % 7) * dayMs;
  return textOf(monday - (weeks - 1 - ahead) * 7 * dayMs);
}

// ---- one day

function shadeOf(day, most, byDuration) {
  const value = byDuration ? day.p50_ms ?? 0 : day.completed;
  if (!day.completed) return 0;
  return 1 + Math.min(3, Math.floor(4 * (byDuration ? Math.sqrt(value / most) : value / most) * .999));
}

function words(day) {
  const parts = [["completed", day.completed], ["failed", day.failed], ["timed out", day.timed_out], ["cancelled", day.cancelled]]
    .filter(([, n]) => n > 0).map(([text, n]) => `${number(n)} ${text}`);
  for (const [reason, n] of Object.entries(day.skipped)) parts.push(`${number(n)} skipped: ${REASON[reason] ?? reason}`);
  return `${long(day.day)}: ${parts.join(", ")}${day.p50_ms == null ? "" : `, typically ${duration(day.p50_ms)}`}`;
}

const rect = (x, y, props) => s("rect", {x, y, width: size, height: size, rx: 3, ...props});

function cell(day, x, y, most, byDuration) {
  const m = size / 2, shapes = [];
  if (!day.completed && sum(day.skipped) > 0) shapes.push(rect(x, y, {fill: "url(#hatch)"}));
  else shapes.push(rect(x, y, {class: `heat${shadeOf(day, most, byDuration)}`}));
  if (day.failed) shapes.push(rect(x, y, {class: "day-failed"}), s("path", {d: `M${x + 5} ${y + 5}l7 7M${x + 12} ${y + 5}l-7 7`, class: "cut", "stroke-width": 1.8}));
  else if (day.timed_out) shapes.push(s("g", {class: "day-late"}, rect(x + .75, y + .75, {width: size - 1.5, height: size - 1.5}), s("path", {d: `M${x + m} ${y + 4.5}v4.2l2.8 1.7`})));
  return s("g", s("title", words(day)), shapes);
}

// ---- the picture

function sentence(days, from, to) {
  const all = days.reduce((n, day) => ({ok: n.ok + day.completed, no: n.no + day.failed + day.timed_out, skipped: n.skipped + sum(day.skipped)}), {ok: 0, no: 0, skipped: 0});
  const bad = days.filter(day => day.failed || day.timed_out);
  const last = bad.length ? `; the last bad day was ${long(bad.at(-1).day)}` : "";
  return `${long(from)} to ${long(to)}: ${number(all.ok)} completed, ${number(all.no)} failed or timed out, ${number(all.skipped)} skipped${last}`;
}

function months(from, weeks) {
  const labels = [];
  for (let week = 0, shown = ""; week < weeks; week += 1) {
    const name = named(textOf(dayOf(from) + week * 7 * dayMs), {month: "short"});
    if (name !== shown && (week > 0 || weeks < 8 || named(textOf(dayOf(from) + 14 * dayMs), {month: "short"}) === name))
      labels.push(s("text", {x: left + week * step, y: 11}, name));
    shown = name;
  }
  return labels;
}

/** `planned` are days on which it will run. */
export function heatmap({days, from, weeks, today, planned = []}) {
  const known = new Map(days.map(day => [day.day, day])), will = new Set(planned);
  const byDuration = days.every(day => day.completed <= 1);
  const most = Math.max(1, ...days.map(day => byDuration ? day.p50_ms ?? 0 : day.completed));
  const width = left + weeks * step, height = top + 7 * step, label = sentence(days, from, today);
  const cells = [];
  for (let i = 0; i < weeks * 7; i += 1) {
    const day = textOf(dayOf(from) + i * dayMs), x = left + Math.floor(i / 7) * step, y = top + i % 7 * step;
    if (known.has(day)) cells.push(cell(known.get(day), x, y, most, byDuration));
    else if (day <= today) cells.push(rect(x, y, {class: "heat0"}));
    else if (will.has(day)) cells.push(s("g", s("title", `${long(day)}: planned`), rect(x + .75, y + .75, {width: size - 1.5, height: size - 1.5, class: "day-planned"})));
    if (day === today) cells.push(s("rect", {x: x - 1.5, y: y - 1.5, width: size + 3, height: size + 3, rx: 4, class: "day-today"}));
  }
  return h("div.pad.heat", {key: "heat"},
    s("svg", {viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": label},
      hatch(), ["Mon", "Wed", "Fri", "Sun"].map((name, i) => s("text", {x: 0, y: top + i * 2 * step + 12}, name)), months(from, weeks), cells),
    legend(byDuration));
}

const sampleOf = (shape, text) => h("span.sq", s("svg", {width: size, height: size, viewBox: `0 0 ${size} ${size}`, "aria-hidden": "true"}, shape), text);
const blank = {failed: 0, timed_out: 0, completed: 0, skipped: {}, cancelled: 0, day: "2000-01-01", p50_ms: null};

const legend = byDuration => h("div.legend", h("span.sq", byDuration ? "quick" : "few",
  s("svg", {width: 5 * size, height: size, "aria-hidden": "true"}, [0, 1, 2, 3, 4].map(i => rect(i * size + 1, 0, {width: size - 2, class: `heat${i}`}))), byDuration ? "long" : "many"),
  sampleOf(cell({...blank, failed: 1}, 0, 0, 1, false), "failed"), sampleOf(cell({...blank, timed_out: 1}, 0, 0, 1, false), "timed out"),
  sampleOf(rect(0, 0, {fill: "url(#hatch)"}), "skipped"), sampleOf(rect(.75, .75, {width: size - 1.5, height: size - 1.5, class: "day-planned"}), "planned"));

export const daysTable = days => h("table", h("caption.sr", "Day by day"),
  h("thead", h("tr", ["Day", "Completed", "Failed", "Timed out", "Skipped", "Typical"].map((name, i) => h("th", {scope: "col", class: i > 0 && "num"}, name)))),
  h("tbody", [...days].reverse().map(day => h("tr", {key: day.day}, h("td", long(day.day)),
    [day.completed, day.failed, day.timed_out, sum(day.skipped)].map(n => h("td.num", number(n))), h("td.num", duration(day.p50_ms))))));

export const daysText = days => plural(days.length, "day");
)carillon",
};

inline constexpr std::string_view dashboard_js_icons_js[] = {
    R"carillon(// SPDX-License-Identifier: MIT
// icons.js - line icons, and one shape per status, so that no status is told by its colour alone.
import {s} from "./dom.js";

const paths = {
  search: "M7 12.2A5.2 5.2 0 1 0 7 1.8a5.2 5.2 0 0 0 0 10.4zM11 11l3.4 3.4",
  play: "M4.5 2.8v10.4l8.2-5.2z", pause: "M5 3v10M11 3v10", edit: "M10.8 2.6l2.6 2.6L5.6 13l-3.2.6.6-3.2z",
  copy: "M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3", dots: "M3 8h.01M8 8h.01M13 8h.01", plus: "M8 3v10M3 8h10",
  moon: "M13.4 9.6A5.8 5.8 0 0 1 6.4 2.6a5.8 5.8 0 1 0 7 7z",
  sun: "M8 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM8 1.5v1M8 13.5v1M1.5 8h1M13.5 8h1M3.4 3.4l.7.7M11.9 11.9l.7.7M12.6 3.4l-.7.7M4.1 11.9l-.7.7",
  home: "M2 13h3V8H2zM6.5 13h3V3h-3zM11 13h3V6h-3z", jobs: "M2.5 4h11M2.5 8h11M2.5 12h7",
  runs: "M3 3v10l4-5zM9 3v10l4-5z", time: "M8 2v12M8 4h5v2.6H8M8 9H3v2.6h5", audit: "M4 2h6l3 3v9H4zM6.5 8h4M6.5 11h4",
  clock: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM8 4.8V8l2.2 1.6", close: "M3.5 3.5l9 9M12.5 3.5l-9 9",
  check: "M3 8.4l3.2 3.2L13 4.6", down: "M4 6l4 4 4-4", left: "M10 3.5L5.5 8l4.5 4.5", right: "M6 3.5L10.5 8 6 12.5",
  help: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM6.3 6.2A1.8 1.8 0 1 1 8 8.4v.8M8 11.4h.01",
  bell: "M4.2 11.2c.8-.9 1.2-1.9 1.2-4.2A2.6 2.6 0 0 1 8 4.2 2.6 2.6 0 0 1 10.6 7c0 2.3.4 3.3 1.2 4.2zM7 13.3h2M8 2.6v1.6",
  trash: "M3 4.5h10M6.5 4.5V3h3v1.5M4.5 4.5l.6 9h5.8l.6-9M6.8 7v4M9.2 7v4",
  stop: "M4 4h8v8H4z", retry: "M13 8a5 5 0 1 1-1.5-3.6M13 2.5v2.8h-2.8", filter: "M2.5 3.5h11L9.5 8.5v4l-3 1v-5z",
  link: "M6.8 9.2a2.4 2.4 0 0 0 3.4 0l2.3-2.3a2.4 2.4 0 0 0-3.4-3.4l-.9.9M9.2 6.8a2.4 2.4 0 0 0-3.4 0L3.5 9.1a2.4 2.4 0 0 0 3.4 3.4l.9-.9",
  warn: "M8 2.2l6.2 11H1.8zM8 6.5v3M8 11.4h.01", external: "M6 3.5H3v9.5h9.5V10M9 2.5h4.5V7M13 3L7.5 8.5",
  user: "M8 8a2.7 2.7 0 1 0 0-5.4A2.7 2.7 0 0 0 8 8zM2.8 13.6c.6-2.4 2.6-3.6 5.2-3.6s4.6 1.2 5.2 3.6",
};

const line = {fill: "none", stroke: "currentColor", "stroke-linecap": "round", "stroke-linejoin": "round", "aria-hidden": "true"};

export function icon(name, size = 16) {
  return s("svg", {...line, width: size, height: size, viewBox: "0 0 16 16", "stroke-width": name === "dots" ? 2.2 : 1.6, class: "ico"},
    s("path", {d: paths[name] ?? paths.help}));
}

const disc = () => s("circle", {cx: 7, cy: 7, r: 6.2, fill: "currentColor", stroke: "none"});
const octagon = () => s("path", {d: "M4.6.9h4.8l3.7 3.7v4.8l-3.7 3.7H4.6L.9 9.4V4.6z", fill: "currentColor", stroke: "none"});
const ring = props => s("circle", {cx: 7, cy: 7, r: 5.4, ...props});
const cut = d => s("path", {d, class: "cut"});
const path = (d, props) => s("path", {d, ...props});

const marks = {
  completed: () => [disc(), cut("M4.2 7.2l2 2 3.6-4.2")],
  active: () => [disc(), cut("M4.2 7.2l2 2 3.6-4.2")],
  failed: () => [octagon(), cut("M4.9 4.9l4.2 4.2M9.1 4.9L4.9 9.1")],
  disabled: () => [octagon(), cut("M4.2 7h5.6")],
  timed_out: () => [s("circle", {cx: 7, cy: 7, r: 5.6}), path("M7 3.9V7l2.1 1.6")],
  running: () => [ring({opacity: .35}), path("M7 1.6A5.4 5.4 0 0 1 12.4 7", {class: "turn"}),
    s("circle", {cx: 7, cy: 7, r: 1.7, fill: "currentColor", stroke: "none"})],
  pending: () => [ring()],
  skipped: () => [path("M2.6 3.4L6.2 7l-3.6 3.6M7.4 3.4L11 7l-3.6 3.6")],
  cancelled: () => [ring(), path("M3.4 10.6l7.2-7.2")],
  paused: () => [path("M4.6 3v8M9.4 3v8", {"stroke-width": 2.4})],
};

export function mark(status, size = 14) {
  return s("svg", {...line, width: size, height: size, viewBox: "0 0 14 14", "stroke-width": 1.7, class: "mark"},
    (marks[status] ?? marks.pending)());
}

export function bell() {
  return s("svg", {...line, width: 22, height: 22, viewBox: "0 0 22 22", "stroke-width": 1.8, class: "bell"},
    s("path", {d: "M2.5 2.5h17M11 2.8v2"}),
    s("path", {d: "M7.3 9.2C7.3 6.5 8.8 4.9 11 4.9s3.7 1.6 3.7 4.3c0 3.6.9 5 2.3 6.3H5c1.4-1.3 2.3-2.7 2.3-6.3z",
      fill: "currentColor", "fill-opacity": .16}),
    s("path", {d: "M9.6 18.6c.4.6.8.9 1.4.9s1-.3 1.4-.9"}));
}
)carillon",
};

inline constexpr std::string_view dashboard_js_job_form_js[] = {
    R"carillon(// SPDX-License-Identifier: MIT
// job_form.js - a job as a form has it: every field a text, and how the texts become a spec or a patch.
import {instantAt, localAt, mine} from "./time.js";
import {pretty} from "./api.js";

const text = value => value == null ? "" : String(value);
const count = value => value === "" ? null : Number(value);
const local = (at, zone) => at ? localAt(Date.parse(at), zone || "UTC") : "";
const instant = (value, zone) => value ? new Date(instantAt(value.length === 16 ? `${value}:00` : value, zone || "UTC")).toISOString() : null;
const parameters = action => {
  const {type: _, ...rest} = action ?? {};
  return Object.keys(rest).length ? pretty(rest) : "";
};

/** `pointer` is where a refusal points to. The order is that of the form. */
export const FIELDS = {
  name: {label: "Name", pointer: "/name", get: job => job.name},
  description: {label: "Description", pointer: "/description", get: job => text(job.description)},
  schedule: {label: "Schedule", pointer: "/schedule", get: job => job.schedule},
  time_zone: {label: "Time zone", pointer: "/time_zone", get: job => job.time_zone},
  dialect: {label: "Dialect", pointer: "/dialect", get: job => job.dialect},
  dst: {label: "When clocks change", pointer: "/dst", get: job => job.dst},
  type: {label: "Action type", pointer: "/action/type", get: job => text(job.action_type)},
  action: {label: "Parameters", pointer: "/action", get: job => parameters(job.action)},
  start_at: {label: "Not before", pointer: "/start_at", get: job => local(job.start_at, job.time_zone)},
  end_at: {label: "Not after", pointer: "/end_at", get: job => local(job.end_at, job.time_zone)},
  max_runs: {label: "At most so many runs", pointer: "/max_runs", get: job => text(job.max_runs)},
  exclude: {label: "Not on these days", pointer: "/exclude", get: job => job.exclude.join(", ")},
  metadata: {label: "Metadata", pointer: "/metadata", get: job => Object.keys(job.metadata ?? {}).length ? pretty(job.metadata) : ""},
  overlap: {label: "While a run is still going", pointer: "/policies/overlap/policy", get: job => job.policies.overlap.policy},
  limit: {label: "So many at a time", pointer: "/policies/overlap/limit", get: job => text(job.policies.overlap.limit)},
  concurrency_key: {label: "Shared with jobs of the same key", pointer: "/policies/overlap/concurrency_key", get: job => text(job.policies.overlap.concurrency_key)},
  misfire: {label: "Occurrences that were missed", pointer: "/policies/misfire/policy", get: job => job.policies.misfire.policy},
  window: {label: "Missed no longer ago than", pointer: "/policies/misfire/window", get: job => text(job.policies.misfire.window)},
  attempts: {label: "Attempts", pointer: "/policies/retry/max_attempts", get: job => text(job.policies.retry.max_attempts)},
  initial: {label: "First pause", pointer: "/policies/retry/initial", get: job => text(job.policies.retry.initial)},
  factor: {label: "Each pause so many times the last", pointer: "/policies/retry/factor", get: job => text(job.policies.retry.factor)},
  max_delay: {label: "Longest pause", pointer: "/policies/retry/max_delay", get: job => text(job.policies.retry.max_delay)},
  attempt_timeout: {label: "Time for an attempt", pointer: "/policies/timeout/attempt", get: job => text(job.policies.timeout.attempt)},
  total_timeout: {label: "Time for all attempts", pointer: "/policies/timeout/total", get: job => text(job.policies.timeout.total)},
  pause_after: {label: "Pause the job after failures in a row", pointer: "/policies/pause_after_failures", get: job => text(job.policies.pause_after_failures)},
  delivery: {label: "If a worker is lost", pointer: "/policies/delivery", get: job => job.policies.delivery},
  priority: {label: "Priority", pointer: "/policies/priority", get: job => text(job.policies.priority)},
  spread: {label: "Spread starts within", pointer: "/policies/spread/within", get: job => text(job.policies.spread.within)},
};
const NAMES = Object.keys(FIELDS);
const policies = NAMES.filter(name => FIELDS[name].pointer.startsWith("/policies/"));
const nullable = ["description", "start_at", "end_at", "max_runs"];

export const blankJob = () => ({
  name: "", schedule: "", time_zone: mine, dialect: "standard", dst: "vixie", description: null, action_type: "", action: {}, start_at: null, end_at: null,
  max_runs: null, exclude: [], metadata: {}, policies: {overlap: {policy: "skip", limit: 0}, misfire: {policy: "fire_latest", window: "24h", grace: "5s"}, delivery: "at_least_once",
    retry: {max_attempts: 1, initial: "5s", factor: 2, jitter: 0, max_delay: "15m"}, timeout: {attempt: null, total: null, grace: "10s"}, pause_after_failures: 0, priority: 0, spread: {within: "0s", mode: "occurrence"}},
});

export const formOf = job => Object.fromEntries(NAMES.map(name => [name, FIELDS[name].get(job)]));
export const changed = (form, before) => NAMES.filter(name => form[name] !== before[name]);

/** Where a text that should be JSON is wrong; null where it is an object. */
export function jsonError(value) {
  if (value.trim() === "") return null;
  try {
    const found = JSON.parse(value);
    return found && typeof found === "object" && !Array.isArray(found) ? null : "An object is expected: {…}.";
  } catch (error) {
    const place = /line (\d+) column (\d+)/.exec(error.message), at = /position (\d+)/.exec(error.message);
    const before = value.slice(0, at ? Number(at[1]) : value.length).split("\n");
    const [line, column] = place ? [place[1], place[2]] : [before.length, before.at(-1).length + 1];
    return `Line ${line}, column ${column}: ${error.message.replace(/ (in JSON )?at position.*$/, "")}.`;
  }
}

const objectOf = value => value.trim() === "" ? {} : JSON.parse(value);

function policiesOf(form, whole) {
  const {overlap, misfire, retry, timeout, spread} = whole.policies;
  return {
    overlap: {...overlap, policy: form.overlap, limit: count(form.limit) ?? 0, concurrency_key: form.concurrency_key || null},
    misfire: {...misfire, policy: form.misfire, window: form.window},
    retry: {...retry, max_attempts: count(form.attempts) ?? 1, initial: form.initial, factor: count(form.factor) ?? 1, max_delay: form.max_delay},
    timeout: {...timeout, attempt: form.attempt_timeout || null, total: form.total_timeout || null},
    spread: {...spread, within: form.spread || "0s"},
    pause_after_failures: count(form.pause_after) ?? 0, delivery: form.delivery, priority: count(form.priority) ?? 0, max_abandons: whole.policies.max_abandons,
  };
}

const members = {
  max_runs: form => count(form.max_runs),
  exclude: form => form.exclude.split(/[\s,;]+/).filter(Boolean),
  metadata: form => objectOf(form.metadata),
  start_at: form => instant(form.start_at, form.time_zone),
  end_at: form => instant(form.end_at, form.time_zone),
  description: form => form.description.trim() || null,
  name: form => form.name.trim(),
  schedule: form => form.schedule.trim(),
};

/** What differs from `before`, as the API takes it. `whole` is the job that `before` was made of. */
export function patchOf(form, before, whole) {
  const names = changed(form, before), patch = {}, clear = [];
  for (const name of names) {
    if (policies.includes(name) || name === "type" || name === "action") continue;
    const value = members[name] ? members[name](form) : form[name];
    if (value === null && nullable.includes(name)) clear.push(name);
    else patch[name] = value;
  }
  if (names.includes("type") || names.includes("action")) patch.action = {...objectOf(form.action), type: form.type.trim()};
  if (names.some(name => policies.includes(name))) patch.policies = policiesOf(form, whole);
  if (names.includes("time_zone")) for (const name of ["start_at", "end_at"]) if (form[name]) patch[name] = members[name](form); // the same hour, elsewhere
  return clear.length ? {...patch, clear} : patch;
}

export function specOf(form, before, whole) {
  const {clear: _, ...spec} = patchOf(form, before, whole);
  return {...spec, name: form.name.trim(), schedule: form.schedule.trim(), time_zone: form.time_zone, dialect: form.dialect, dst: form.dst, action: {...objectOf(form.action), type: form.type.trim()}};
}

/** The field that a refusal is about. */
export function fieldOf(pointer) {
  const all = NAMES.filter(name => pointer === FIELDS[name].pointer || pointer.startsWith(`${FIELDS[name].pointer}/`));
  return all.sort((a, b) => FIELDS[b].pointer.length - FIELDS[a].pointer.length)[0] ?? null;
}
)carillon",
};

inline constexpr std::string_view dashboard_js_jobs_bulk_js[] = {
    R"carillon(// SPDX-License-Identifier: MIT
// jobs_bulk.js - many jobs at once: by their ids, or all that match, with the number that somebody has seen.
import {api, newKey} from "./api.js";
import {h} from "./dom.js";
import {confirm, dialog, toast} from "./overlay.js";
import {can, emit, isNarrow} from "./state.js";
import {button, number, plural} from "./ui.js";
import {jobOf} from "./names.js";

const most = 1_000;
export const selectable = () => (can("write") || can("trigger")) && !isNarrow();

let last = null; // for Shift: from here to there

function pick(ctx, job, wanted, isRange) {
  const {chosen} = ctx.state, rows = ctx.panels.jobs.data.jobs.map(one => one.id);
  const [a, b] = [rows.indexOf(last), rows.indexOf(job.id)].sort((x, y) => x - y);
  for (const id of isRange && a >= 0 ? rows.slice(a, b + 1) : [job.id])
    if (wanted) chosen.add(id);
    else chosen.delete(id);
  last = job.id;
  ctx.state.all = false;
  ctx.draw();
}

export function selectBox(ctx, job) {
  const chosen = ctx.state.chosen ??= new Set();
  return h("label", h("span.sr", `Select ${job.name}`), h("input", {type: "checkbox", checked: chosen.has(job.id),
    onclick: event => pick(ctx, job, event.target.checked, event.shiftKey)}));
}

const verbs = {
  pause: {text: "Pause", icon: "pause", may: "write", say: "They make no runs until they are resumed.", done: "paused", reason: true},
  resume: {text: "Resume", icon: "play", may: "write", say: "They run again from their next occurrence on.", done: "resumed"},
  trigger: {text: "Run now", icon: "play", may: "trigger", say: "One run of each, besides their schedules.", done: "due"},
  delete: {text: "Delete", icon: "trash", may: "write", danger: true, done: "deleted",
    say: "Pending runs are cancelled, running ones are asked to stop. History stays for as long as runs are kept. This cannot be undone."},
};

/** What is sent: ids, or the filter with the number that was on screen. */
function target(ctx, data, filter) {
  const ids = [...ctx.state.chosen];
  if (!ctx.state.all) return {count: ids.length, body: {ids}};
  const given = Object.fromEntries(Object.entries(filter).filter(([, value]) => value != null && value !== ""));
  return {count: data.total, body: {filter: given, expected_count: data.total}};
}

async function change(ctx, name, data, filter) {
  const verb = verbs[name], {count, body} = target(ctx, data, filter);
  const asked = await confirm({title: `${verb.text}: ${plural(count, "job")}?`, text: verb.say, action: verb.text, danger: verb.danger, reason: verb.reason,
    typed: count > 20 ? String(count) : null});
  if (!asked) return;
  try {
    const answer = await api.post("/jobs/bulk", {verb: name, ...body, ...asked.reason ? {reason: asked.reason} : {}}, {key: newKey()});
    await told(ctx, verb, answer.results);
  } catch (error) {
    if (error.status === 404) toast("This server cannot change many jobs at once.", {kind: "error"});
    else if (error.code === "count_changed") toast(`The filter finds ${number(error.matched)} jobs by now, not ${number(count)}. Nothing was changed; look again.`, {kind: "error"});
    else toast(error.text ?? String(error), {kind: "error"});
  }
  emit("changed");
}

/** Those that failed stay selected. */
async function told(ctx, verb, results) {
  const failed = results.filter(one => !one.ok);
  ctx.state.chosen = new Set(failed.map(one => one.id));
  ctx.state.all = false;
  const done = results.length - failed.length;
  if (!failed.length) return toast(`${plural(done, "job is", "jobs are")} ${verb.done}.`);
  await dialog({title: `${number(done)} ${verb.done}, ${number(failed.length)} not`, wide: true, actions: [{text: "Close", value: null}],
    body: [h("p.muted", "Those that were not stay selected."), h("ul.rows.results", {tabindex: 0}, failed.map(one =>
      h("li", h("b.strong", jobOf(one.id)?.name ?? one.id), h("span.muted", one.problem?.detail ?? one.problem?.title ?? "It was refused."))))]});
}

export function bulkBar(ctx, data, filter) {
  const {chosen} = ctx.state, isAll = ctx.state.all, total = data.total;
  const canAll = !isAll && total > chosen.size && total <= most && !data.total_capped;
  const onPage = data.jobs.every(job => chosen.has(job.id));
  return h("div.bulk", {key: "bulk", role: "region", "aria-label": "Selected jobs"},
    h("span.strong", {role: "status"}, isAll ? `All ${number(total)} that match` : `${number(chosen.size)} selected`),
    !isAll && !onPage && button("Select this page", {kind: "plain", size: "small", onclick: () => { for (const job of data.jobs) chosen.add(job.id); ctx.draw(); }}),
    canAll && button(`Select all ${number(total)} that match`, {kind: "plain", size: "small", onclick: () => { ctx.state.all = true; ctx.draw(); }}),
    button("Clear", {kind: "plain", size: "small", onclick: () => { chosen.clear(); ctx.state.all = false; ctx.draw(); document.getElementById("main").focus(); }}),
    h("span.grow"),
    Object.entries(verbs).filter(([, verb]) => can(verb.may)).map(([name, verb]) =>
      button(verb.text, {key: name, icon: verb.icon, size: "small", class: verb.danger && "danger", disabled: !isAll && chosen.size > most, onclick: () => change(ctx, name, data, filter)})));
}
)carillon",
};

inline constexpr std::string_view dashboard_js_keys_js[] = {
    R"carillon(// SPDX-License-Identifier: MIT
// keys.js - single-letter shortcuts. They rest while somebody types, and one switch turns all of them off.
import {h} from "./dom.js";
import {dialog, isOverlayOpen} from "./overlay.js";
import {can, prefs} from "./state.js";
import {current, go} from "./router.js";
import {nextZone} from "./time.js";
import {togglePause} from "./live.js";

const pages = {o: ["/overview", "Overview"], j: ["/jobs", "Jobs"], r: ["/runs", "Runs"], t: ["/timeline", "Timeline"], a: ["/audit", "Audit"]};
let isGoing = false; // between g and the letter of a page
let timer = null;

const rows = () => [...document.querySelectorAll("main [data-row]")];
const focusable = row => row.querySelector("a.jn, a") ?? row.querySelector("button");
const currentRow = () => document.activeElement?.closest?.("[data-row]");

function step(by) {
  const all = rows(), at = all.indexOf(currentRow());
  const next = all[at < 0 ? (by > 0 ? 0 : all.length - 1) : Math.max(0, Math.min(all.length - 1, at + by))];
  if (!next) return;
  focusable(next)?.focus();
  next.scrollIntoView({block: "nearest"});
}

const global = {
  "/": ["Search", () => { const field = document.querySelector("main input[type=search]"); if (field) field.focus(); else go("/jobs"); }],
  n: ["New job", () => { if (can("write")) go("/jobs/new"); }],
  j: ["Next row", () => step(1)],
  k: ["Previous row", () => step(-1)],
  x: ["Select the row", () => currentRow()?.querySelector("input[type=checkbox]")?.click()],
  u: ["Next time zone: job, mine, UTC", nextZone],
  ".": ["Pause or go on with live updates", togglePause],
  "?": ["This list", () => help()],
};

function handle(event) {
  const {key, target} = event;
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || !prefs.get("keys", true) || isOverlayOpen()) return;
  if (key === "Escape" && target.matches("input[type=search]")) return target.blur();
  if (target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]")) return;
  const run = isGoing ? pages[key] && (() => go(pages[key][0])) : key === "g" ? startGoing : commandOf(key);
  isGoing = false;
  if (!run) return;
  event.preventDefault();
  run();
}

function commandOf(key) {
  const own = current()?.def.keys?.[key];
  return own ? () => own.run(current()) : global[key]?.[1];
}

function startGoing() {
  clearTimeout(timer);
  isGoing = true;
  timer = setTimeout(() => { isGoing = false; }, 1_500);
}

const row = (keys, text) => h("div.keyrow", h("dt", keys.map(key => h("kbd", key))), h("dd", text));

export function help() {
  const own = Object.entries(current()?.def.keys ?? {});
  const toggle = h("input", {type: "checkbox", checked: prefs.get("keys", true), onchange: event => prefs.set("keys", event.target.checked)});
  return dialog({title: "Keyboard shortcuts", wide: true, actions: [{text: "Close", value: null}], body: [
    h("div.keys",
      h("div", h("h3", "Everywhere"), h("dl", Object.entries(global).map(([key, [text]]) => row([key], text)), row(["Enter"], "Open the row"), row(["Esc"], "Close"))),
      h("div", h("h3", "Pages"), h("dl", Object.entries(pages).map(([key, [, text]]) => row(["g", key], text))),
        own.length > 0 && [h("h3", "This page"), h("dl", own.map(([key, {text}]) => row([key], text)))])),
    h("label.check", toggle, h("span", "Single-letter shortcuts are on")),
  ]});
}

export const start = () => document.addEventListener("keydown", handle);
)carillon",
};

inline constexpr std::string_view dashboard_js_live_js[] = {
    R"carillon(// SPDX-License-Identifier: MIT
// live.js - how the page hears of changes: one stream per browser, led by one tab, and polling wherever that fails.
//
// What arrives is a hint, never the truth: pages load again what they show.
import {api} from "./api.js";
import {emit, on, prefs, session} from "./state.js";
import {timeText} from "./time.js";
import * as router from "./router.js";

const pollEvery = 5_000, pollHidden = 60_000, silence = 40_000, hiddenFor = 30_000;
let isPaused = prefs.get("paused", false);
let mode = "starting"; // live, polling, offline
let offlineSince = null;
let lastId = null;
let heardAt = 0;
let pending = []; // hints that wait for a menu, a dialog or a field
let channel = null;
let streaming = null;
let isLeader = false;

export function liveState() {
  if (offlineSince) return {name: "offline", text: `Offline since ${timeText(offlineSince, {style: "clock"})}`};
  if (isPaused) return {name: "paused", text: "Paused"};
  if (router.isWaiting()) return {name: "waiting", text: "Waiting"};
  return mode === "live" ? {name: "live", text: "Live"} : {name: "polling", text: `Polling ${pollEvery / 1_000} s`};
}

function become(wanted) {
  if (mode === wanted) return;
  mode = wanted;
  emit("live");
}

export function togglePause() {
  isPaused = !isPaused;
  prefs.set("paused", isPaused);
  emit("live");
  if (!isPaused) tell({name: "all"});
}

// ---- hints reach the page a few at a time

function tell(hint) {
  if (pending.some(one => one.name === "all")) return;
  pending = hint.name === "all" ? [hint] : [...pending, hint];
  if (pending.length > 100) pending = [{name: "all"}];
}

function deliver() {
  if (!pending.length || document.hidden || isPaused || router.isWaiting()) return;
  const hints = pending;
  pending = [];
  if (hints[0].name === "all") return router.hinted(hints[0]);
  for (const name of new Set(hints.map(hint => hint.name))) router.hinted(merged(name, hints));
}

function merged(name, hints) {
  const same = hints.filter(hint => hint.name === name).map(hint => hint.data ?? {});
  const all = same.some(data => data.all);
  const list = member => [...new Set(same.flatMap(data => data[member] ?? []))];
  return {name, all, ids: list("ids"), job_ids: list("job_ids"), data: same.at(-1)};
}

/** Whether a hint may be about this id. */
export const touches = (hint, id) => hint.name === "all" || hint.all || hint.ids?.includes(id) || hint.job_ids?.includes(id);

// ---- the stream

function arrived(event) {
  if (event.id) lastId = event.id;
  if (event.name === "hello") return become("live");
  if (event.name === "bye") return streaming?.abort();
  const hint = event.name === "reset" ? {name: "all"} : {name: event.name, data: event.data};
  tell(hint);
  channel?.postMessage({hint});
}

function eventOf(block) {
  const event = {name: "message", data: "", id: null};
  for (const line of block.split("\n")) {
    const [, field, value] = /^([a-z]+): ?(.*)$/.exec(line) ?? [];
    if (field === "event") event.name = value;
    else if (field === "id") event.id = value;
    else if (field === "data") event.data += value;
  }
  try {
    event.data = event.data ? JSON.parse(event.data) : null;
  } catch {
    return null;
  }
  return event.data ? event : null;
}

async function read(body, heard) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const {done, value} = await reader.read();
    if (done) return;
    heard();
    const blocks = (text + value.replaceAll("\r", "")).split("\n\n");
    text = blocks.pop();
    for (const event of blocks.map(eventOf)) if (event) arrived(event);
  }
}

/** One stream until it ends; whether it ever spoke. */
async function listen() {
  const call = streaming = new AbortController();
  let spoke = false, guard = null;
  const heard = () => {
    spoke = true;
    heardAt = Date.now();
    channel?.postMessage({alive: true});
    clearTimeout(guard);
    guard = setTimeout(() => call.abort(), silence);
  };
  guard = setTimeout(() => call.abort(), silence);
  try {
    const response = await api.stream({}, lastId ? {"Last-Event-ID": lastId} : {}, call.signal);
    if (response.status === 404) return "absent";
    if (!response.ok) return "refused";
    tell({name: "all"}); // whatever happened in between
    await read(response.body, heard);
  } catch { /* the loop below tries again */ }
  clearTimeout(guard);
  return spoke ? "ended" : "failed";
}

const sleep = (ms, signal) => new Promise(resolve => {
  const timer = setTimeout(resolve, ms);
  signal.addEventListener("abort", () => { clearTimeout(timer); resolve(); }, {once: true});
});

async function keepListening(signal) {
  signal.addEventListener("abort", () => streaming?.abort(), {once: true});
  for (let failures = 0; !signal.aborted;) {
    const end = await listen();
    failures = end === "ended" ? 0 : failures + 1;
    if (end === "refused" || end === "absent" || failures >= 2) become("polling");
    const wait = end === "absent" ? 60_000 : Math.min(60_000, 1_000 * 2 ** failures);
    await sleep(wait * (.75 + Math.random() / 2), signal);
  }
}

// ---- who listens

/** A visible tab asks to lead; a hidden one lets go after a while, so that the stream belongs to a tab somebody sees. */
function lead() {
  let wish = null, letGo = null;
  const ask = () => {
    if (wish) return;
    wish = new AbortController();
    const {signal} = wish;
    const run = () => { isLeader = true; return keepListening(signal).finally(() => { isLeader = false; }); };
    if (navigator.locks) navigator.locks.request(`carillon ${location.pathname} ${session.tenant}`, {signal}, run).catch(() => {});
    else run();
  };
  const watch = () => {
    clearTimeout(letGo);
    if (!document.hidden) ask();
    else letGo = setTimeout(() => { wish?.abort(); wish = null; }, hiddenFor);
  };
  document.addEventListener("visibilitychange", watch);
  watch();
}

function follow() {
  channel = window.BroadcastChannel ? new BroadcastChannel(`carillon ${location.pathname} ${session.tenant}`) : null;
  channel?.addEventListener("message", ({data}) => {
    if (data.isThereOne) {
      if (isLeader && mode === "live") channel.postMessage({alive: true});
      return;
    }
    heardAt = Date.now();
    if (!isLeader) become("live");
    if (data.hint) tell(data.hint);
  });
  channel?.postMessage({isThereOne: true});
}

function poll() {
  const isHeard = Date.now() - heardAt < silence;
  if (!isHeard && mode === "live") become("polling");
  if (mode !== "live" || offlineSince) tell({name: "all"});
  setTimeout(poll, document.hidden ? pollHidden : pollEvery);
}

export function start() {
  on("reached", ok => {
    if (ok === (offlineSince === null)) return;
    offlineSince = ok ? null : Date.now();
    if (ok) tell({name: "all"});
    emit("live");
  });
  addEventListener("offline", () => emit("reached", false));
  addEventListener("online", () => tell({name: "all"}));
  for (const event of ["focusin", "focusout"]) document.addEventListener(event, () => setTimeout(() => emit("live")));
  document.addEventListener("visibilitychange", () => { if (!document.hidden) tell({name: "all"}); });
  follow();
  lead();
  setTimeout(poll, pollEvery);
  setInterval(deliver, 500);
}
)carillon",
};

inline constexpr std::string_view dashboard_js_main_js[] = {
    R"carillon(// SPDX-License-Identifier: MIT
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
)carillon",
};

inline constexpr std::string_view dashboard_js_names_js[] = {
    R"carillon(// SPDX-License-Identifier: MIT
// names.js - what the lists need to know about jobs besides their ids: their names, and their schedules in words.
import {api} from "./api.js";
import {h} from "./dom.js";
import {emit} from "./state.js";
import {href} from "./router.js";

/** Asks for each key once, a few at a time, and has everything drawn again when answers are there. */
function asker(ask, atOnce, gap = 0) {
  const known = new Map(), waiting = [];
  let busy = 0, drawn = false;
  async function next() {
    if (busy >= atOnce || !waiting.length) return;
    busy += 1;
    const [key, value] = waiting.shift();
    try {
      known.set(key, await ask(value));
    } catch (error) {
      if (error.status === 404) known.set(key, null);
      else setTimeout(() => known.delete(key), (error.retryAfter ?? 10) * 1_000); // asked again at a later look
    }
    setTimeout(() => { busy -= 1; next(); }, gap);
    if (!drawn) {
      drawn = true;
      setTimeout(() => { drawn = false; emit("redraw"); }, 60);
    }
  }
  return {
    known,
    get(key, value) {
      if (!known.has(key)) {
        known.set(key, undefined);
        waiting.push([key, value]);
        queueMicrotask(next);
      }
      return known.get(key);
    },
  };
}

// ---- jobs by id

const jobs = asker(id => api.get(`/jobs/${id}`), 6);

/** Undefined until it is known, null where it is gone. */
export const jobOf = id => jobs.get(id, id);
export const remember = list => { for (const job of list) jobs.known.set(job.id, job); };

export function jobLink(job) {
  const id = typeof job === "string" ? job : job.id;
  const found = typeof job === "string" ? jobOf(id) : job;
  return h("a.jn", {href: href(`/jobs/${id}`)}, found?.name ?? (found === null ? "Deleted job" : `Job ${id.slice(-6)}`));
}

// ---- schedules in words: the words are those of the engine that fires

const descriptions = asker(body => api.post("/describe", {...body, n: 1}), 2, 100); // the API describes 30 a second

export function scheduleWords(job) {
  const {schedule, dialect, dst, time_zone} = job;
  const answer = descriptions.get(`${dialect} ${time_zone} ${schedule}`, {schedule, dialect, dst, time_zone});
  return answer?.ok ? answer.text.replace(/ from \d{4}-.*$/, "").replace(`, ${time_zone}`, "") : null; // the zone is said beside it
}
)carillon",
};

inline constexpr std::string_view dashboard_js_overlay_js[] = {
    R"carillon(// SPDX-License-Identifier: MIT
// overlay.js - what lies over the page: dialogs, menus, messages. They live outside of <main>, so no update touches them.
import {h, uid} from "./dom.js";
import {icon} from "./icons.js";
import {emit} from "./state.js";
import {now, time} from "./time.js";

let open = 0;
export const isOverlayOpen = () => open > 0;

/** Puts the focus back; to the next row where the opener has gone. */
function returner() {
  const opener = document.activeElement;
  const row = opener?.closest?.("[data-row]");
  const next = row?.nextElementSibling ?? row?.previousElementSibling;
  return () => {
    const target = opener?.isConnected ? opener : next?.isConnected ? next.querySelector("a, button") : null;
    (target ?? document.getElementById("main"))?.focus({preventScroll: true});
  };
}

/** Resolves to the value of the action that was pressed, or null. `body` may be nodes or a function of `close`. */
export function dialog({title, body, actions = [], focus, wide, onaction}) {
  const back = returner(), id = uid("dialog");
  return new Promise(resolve => {
    let result = null;
    const close = value => { result = value ?? null; box.close(); };
    const press = async action => {
      if (await onaction?.(action.value) === false) return;
      close(action.value);
    };
    const box = h("dialog", {"aria-labelledby": id, class: wide && "wider", onclose: () => {
      open -= 1;
      box.remove();
      back();
      resolve(result);
      emit("overlay");
    }, onclick: event => { if (event.target === box) box.close(); }},
    h("form", {method: "dialog", onsubmit: event => {
      event.preventDefault();
      const main = actions.find(action => action.isDefault) ?? actions.at(-1);
      if (main) press(main);
    }},
    h("h2", {id}, title), h("div.body", typeof body === "function" ? body(close) : body),
    h("div.btns.end", actions.map(action => h("button.btn", {type: "button", class: action.kind, onclick: () => press(action)}, action.text)))));
    document.getElementById("overlays").append(box);
    open += 1;
    box.showModal();
    (focus ? box.querySelector(focus) : box.querySelector(".btns .btn"))?.focus();
  });
}

/** Resolves to {reason} or null. The focus is on Cancel; what was asked is asked again when it is pressed. */
export async function confirm({title, text, action, danger = false, reason = false, typed = null, details}) {
  const error = h("p.field-error", {role: "alert"});
  const why = reason && h("input", {type: "text", maxlength: 1000, autocomplete: "off", id: uid("reason")});
  const count = typed && h("input", {type: "text", inputmode: "numeric", autocomplete: "off", id: uid("typed")});
  const isRight = () => !typed || count.value.trim() === String(typed);
  const pressed = await dialog({
    title,
    body: [text && h("p", text), details,
      why && h("div.field", h("label", {for: why.id}, "Reason, for the audit (optional)"), why),
      count && h("div.field", h("label", {for: count.id}, `Type ${typed} to confirm`), count, error)],
    actions: [{text: "Cancel", value: null}, {text: action, value: "yes", kind: danger ? "danger solid" : "primary"}],
    onaction(value) {
      if (value !== "yes" || isRight()) return true;
      error.textContent = `This is not ${typed}.`;
      count.focus();
      return false;
    },
  });
  return pressed === "yes" ? {reason: why ? why.value.trim() || null : null} : null;
}

// ---- messages

export const messages = []; // the last ones, for the list behind the bell

export function toast(text, {kind = "ok", action} = {}) {
  messages.unshift({text, kind, at: now()});
  messages.length = Math.min(messages.length, 50);
  emit("messages");
  const box = document.getElementById("toasts");
  while (box.children.length > 2) box.firstChild.remove();
  let timer = null;
  const close = () => { clearTimeout(timer); node.remove(); };
  const wait = () => { clearTimeout(timer); if (kind !== "error") timer = setTimeout(close, 6_000); };
  const hold = () => clearTimeout(timer);
  const node = h("div.toast", {class: kind, onmouseenter: hold, onmouseleave: wait, onfocusin: hold, onfocusout: wait},
    icon(kind === "error" ? "warn" : "check"), h("p", text),
    action && h("button.btn.small", {type: "button", onclick: () => { close(); action.run(); }}, action.text),
    h("button.icon", {type: "button", "aria-label": "Dismiss", onclick: close}, icon("close", 14)));
  box.append(node);
  wait();
}

export function showMessages() {
  return dialog({title: "Messages", body: messages.length ? h("ul.rows.messages", messages.map(one =>
    h("li", h("span", {class: one.kind === "error" ? "c-failed" : "c-completed"}, icon(one.kind === "error" ? "warn" : "check")),
      h("span", one.text), h("span.muted", time(one.at, {style: "clockSeconds"}))))) : h("p.muted", "Nothing has happened yet."),
  actions: [{text: "Close", value: null}]});
}

// ---- menus

export function menu(anchor, items) {
  anchor.focus();
  const back = returner();
  const entries = items.filter(Boolean).map(item => item === "-" ? h("hr", {role: "separator"}) : item.heading ? h("p.menuhead", item.heading) :
    h("button", {type: "button", role: "menuitem", tabindex: -1, class: item.danger && "danger", onclick: () => { close(); item.run(); }},
      item.icon ? icon(item.icon) : h("span.ico"), h("span", item.text), item.hint && h("kbd", item.hint)));
  const box = h("div.menu", {role: "menu", popover: "manual", onkeydown: event => steer(event)}, entries);
  const buttons = [...box.querySelectorAll("button")];
  const away = event => { if (!box.contains(event.target)) close(); };
  function close() {
    if (!box.isConnected) return;
    open -= 1;
    document.removeEventListener("pointerdown", away, true);
    box.parentNode.remove();
    anchor.setAttribute("aria-expanded", "false");
    back();
    emit("overlay");
  }
  function steer(event) {
    const at = buttons.indexOf(document.activeElement);
    const to = {ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: buttons.length - 1}[event.key];
    if (event.key === "Escape" || event.key === "Tab") close();
    else if (to === undefined) return;
    else buttons.at(to % buttons.length)?.focus();
    event.preventDefault();
    event.stopPropagation();
  }
  const frame = h("section", {"aria-label": "Menu"}, box);
  document.getElementById("overlays").append(frame);
  open += 1;
  box.showPopover?.();
  place(box, anchor);
  anchor.setAttribute("aria-expanded", "true");
  document.addEventListener("pointerdown", away, true);
  buttons[0]?.focus();
}

function place(box, anchor) {
  const at = anchor.getBoundingClientRect(), {offsetWidth: w, offsetHeight: tall} = box;
  const below = at.bottom + 4 + tall <= innerHeight;
  box.style.setProperty("left", `${Math.max(8, Math.min(at.right - w, innerWidth - w - 8))}px`);
  box.style.setProperty("top", `${below ? at.bottom + 4 : Math.max(8, at.top - tall - 4)}px`);
}
)carillon",
};

inline constexpr std::string_view dashboard_js_page_audit_js[] = {
    R"carillon(// SPDX-License-Identifier: MIT
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
)carillon",
};

inline constexpr std::string_view dashboard_js_page_edit_js[] = {
    R"carillon(// SPDX-License-Identifier: MIT
// page_edit.js - the form of a job: a new one, one as it is, or a copy.
import {api, newKey} from "./api.js";
import {resolveConflict} from "./conflict.js";
import {h} from "./dom.js";
import {blankJob, changed, fieldOf, FIELDS, formOf, jsonError, patchOf, specOf} from "./job_form.js";
import {go, href, page} from "./router.js";
import {isRefused, scheduleField} from "./schedule_field.js";
import {can} from "./state.js";
import {toast} from "./overlay.js";
import {offsetNow, zones} from "./time.js";
import {banner, button, field, head, linkButton, missingPage, select} from "./ui.js";

const job = ctx => api.get(`/jobs/${ctx.params.id}`, {signal: ctx.signal});

/** To be chosen from while somebody types; not all there are. */
async function types(ctx) {
  const {jobs} = await api.get("/jobs", {query: {limit: 200}, signal: ctx.signal});
  return [...new Set(jobs.map(one => one.action_type).filter(Boolean))].sort();
}

// ---- state

function begin(ctx, data, kind) {
  const whole = data ?? blankJob(), form = formOf(whole);
  if (kind === "copy") form.name = `${form.name} (copy)`;
  ctx.busy = true; // what is typed is not loaded anew
  ctx.state.edit = {kind, whole, before: kind === "copy" ? formOf(blankJob()) : formOf(whole), initial: {...form}, form, enabled: true, key: newKey(), errors: {}, banner: null, isSaving: false, isSaved: false};
  return ctx.state.edit;
}

const isDirty = edit => edit && !edit.isSaved && changed(edit.form, edit.initial).length > 0;

function checked(ctx, edit) {
  const {form} = edit, errors = {};
  if (!form.name.trim()) errors.name = "A name is needed.";
  if (!form.schedule.trim()) errors.schedule = "A schedule is needed.";
  if (!form.type.trim()) errors.type = "It says which handler runs.";
  for (const name of ["action", "metadata"]) if (jsonError(form[name])) errors[name] = jsonError(form[name]);
  edit.errors = errors;
  return Object.keys(errors).length === 0 && !isRefused(ctx);
}

// ---- sending

function refused(ctx, edit, error) {
  edit.errors = {};
  edit.banner = null;
  for (const one of error.errors ?? (error.field ? [{pointer: `/${error.field.replaceAll(".", "/")}`, detail: error.detail}] : [])) {
    const name = fieldOf(one.pointer);
    if (name) edit.errors[name] = one.detail;
    else edit.banner = one.detail;
  }
  if (Object.keys(edit.errors).length === 0) edit.banner ??= error.text ?? String(error);
}

async function send(edit) {
  const {form, before, whole} = edit;
  if (edit.kind === "edit") return api.put(`/jobs/${whole.id}`, patchOf(form, before, whole), {ifMatch: whole.revision});
  const spec = specOf(form, before, edit.kind === "copy" ? whole : blankJob());
  return api.post("/jobs", edit.enabled ? spec : {...spec, enabled: false}, {key: edit.key});
}

async function settle(ctx, edit, current) {
  const chosen = await resolveConflict(edit.form, edit.before, current);
  if (chosen === null) return;
  Object.assign(edit, {whole: current, before: formOf(current), form: chosen === "theirs" ? formOf(current) : chosen});
  if (chosen === "theirs") {
    edit.initial = {...edit.form};
    return toast("The form has what is there now.");
  }
  await save(ctx, edit);
}

async function save(ctx, edit) {
  if (edit.isSaving) return;
  if (!checked(ctx, edit)) {
    ctx.draw();
    setTimeout(() => document.querySelector("main [aria-invalid=true]")?.focus());
    return;
  }
  edit.isSaving = true;
  edit.banner = null;
  ctx.draw();
  try {
    const saved = await send(edit);
    edit.isSaved = true;
    toast(edit.kind === "edit" ? `${saved.name} is saved.` : `${saved.name} is created.`);
    go(`/jobs/${saved.id}`);
  } catch (error) {
    edit.isSaving = false;
    if (error.status === 412 && error.current) await settle(ctx, edit, error.current);
    else refused(ctx, edit, error);
  } finally {
    edit.isSaving = false;
    ctx.draw();
  }
}

// ---- the form

function parts(ctx, edit) {
  const {form, errors} = edit;
  const set = (name, value) => {
    form[name] = value;
    delete errors[name];
    ctx.draw();
  };
  const put = name => event => set(name, event.target.value);
  const wrap = (name, hint, control) => field({label: FIELDS[name].label, id: `f-${name}`, hint, error: errors[name]}, control);
  return {
    set,
    line: (name, hint, props) => wrap(name, hint, h("input", {name, type: "text", value: form[name], autocomplete: "off", oninput: put(name), ...props})),
    area: (name, hint, props) => wrap(name, hint, h("textarea", {name, value: form[name], oninput: put(name), spellcheck: "false", ...props})),
    pick: (name, options, hint) => wrap(name, hint, select({name, value: form[name], label: null, options, onchange: value => set(name, value)})),
  };
}

const OVERLAP = {skip: ["Skip the new run", "It is recorded as skipped."], queue_one: ["Let one wait", "Others that become due meanwhile are skipped."], queue_all: ["Let all wait", "Each runs in its turn, however many there are."],
  allow: ["Run beside it", "As many at a time as the limit allows; 0 is no limit."], cancel_previous: ["Stop the one that is going", "It is asked to stop, and the new one starts when it has."]};
const MISFIRE = {fire_latest: ["Run the latest", "The others are recorded as skipped."], fire_earliest: ["Run the earliest", "The others are recorded as skipped."], fire_all: ["Run all of them", "One after the other, as fast as the overlap policy lets them."], skip: ["Run none", "All are recorded as skipped."]};
const DELIVERY = {at_least_once: ["Run it again", "Handlers may see the same run twice."], at_most_once: ["Give it up", "The run ends with its outcome unknown."]};
const DST = {vixie: ["Run once", "Times that clocks leave out run at the next moment; times that come twice run the first time."], ocps: ["Strict", "Times that clocks leave out do not run; times that come twice run the first time."], wall: ["As clocks show", "Times that come twice run twice."]};
const DIALECTS = ["standard", "extended", "vixie", "quartz", "spring", "eventbridge"];
const options = table => Object.entries(table).map(([value, [label]]) => [value, label]);

function whenWrong(form, {line, pick}) {
  return h("details.card.fold", {key: "wrong"}, h("summary", h("h2", "When things go wrong")), h("div.pad.form",
    h("div.grid.two", pick("overlap", options(OVERLAP), OVERLAP[form.overlap]?.[1]), form.overlap === "allow" && line("limit", null, {inputmode: "numeric"}), line("concurrency_key", "Jobs with the same key count as one.")),
    h("div.grid.two", pick("misfire", options(MISFIRE), MISFIRE[form.misfire]?.[1]), line("window", "While nothing was running: 24h, 90m.")),
    h("div.grid.four", line("attempts", Number(form.attempts) > 1 ? "In all." : "1: a failure is final.", {inputmode: "numeric"}), line("initial", "5s"), line("factor", "2 doubles it.", {inputmode: "decimal"}), line("max_delay", "15m")),
    h("div.grid.two", line("attempt_timeout", "30s; empty: none. The handler is asked to stop."), line("total_timeout", "Attempts and pauses together; empty: none.")),
    h("div.grid.two", line("pause_after", "0: never.", {inputmode: "numeric"}), pick("delivery", options(DELIVERY), DELIVERY[form.delivery]?.[1]))));
}

function more(form, {line, area}) {
  return h("details.card.fold", {key: "more"}, h("summary", h("h2", "Bounds and more")), h("div.pad.form",
    h("div.grid.two", line("start_at", `On clocks in ${form.time_zone}.`, {type: "datetime-local", step: 1}), line("end_at", "Empty: for ever.", {type: "datetime-local", step: 1})),
    h("div.grid.two", line("max_runs", "Then the job is completed; empty: any number.", {inputmode: "numeric"}), line("exclude", "2026-12-25, 2027-01-01")),
    h("div.grid.two", line("priority", "Higher ones are claimed first.", {inputmode: "numeric"}), line("spread", "0s: on time. Many jobs at one minute do not start at once.")),
    area("metadata", "JSON of your own, kept with the job.", {class: "mono"})));
}

function form(ctx, edit, known) {
  const make = parts(ctx, edit), {form: all, errors} = edit;
  return h("form.form", {key: "form", novalidate: true, onsubmit: event => { event.preventDefault(); save(ctx, edit); }},
    edit.banner && banner("error", edit.banner),
    h("section.card", {key: "what", "aria-label": "What"}, h("div.pad.form.first",
      make.line("name", null, {required: true, maxlength: 256}),
      scheduleField(ctx, all, make.set, errors.schedule),
      h("div.grid.three", make.line("time_zone", `UTC offset now: ${offsetNow(all.time_zone)}`, {list: "zones", spellcheck: "false"}),
        make.pick("dialect", DIALECTS.map(name => [name, name])), make.pick("dst", options(DST), DST[all.dst]?.[1])),
      h("div.grid.two", make.line("type", "Which handler runs it.", {list: "types", spellcheck: "false", maxlength: 256}), make.line("description", "For people.")),
      make.area("action", jsonError(all.action) ?? "JSON that the handler is given, besides the type.", {class: "mono"}))),
    whenWrong(all, make), more(all, make),
    h("datalist#zones", {key: "zones"}, zones().map(zone => h("option", {value: zone}))),
    h("datalist#types", {key: "types"}, (known ?? []).map(type => h("option", {value: type}))),
    h("div.tools.save", {key: "save"},
      edit.kind !== "edit" && h("label.check", h("input", {type: "checkbox", checked: edit.enabled, onchange: event => { edit.enabled = event.target.checked; }}), "Start enabled"),
      h("span.grow"), linkButton("Cancel", href(edit.kind === "new" ? "/jobs" : `/jobs/${edit.whole.id}`)),
      button(edit.kind === "edit" ? "Save" : "Create job", {type: "submit", kind: "primary", disabled: edit.isSaving})));
}

// ---- the pages

const TITLE = {new: "New job", edit: "Edit", copy: "Copy"};

function definePage(path, kind) {
  page(path, {
    nav: "jobs",
    main: kind === "new" ? undefined : "job",
    title: (ctx, p) => kind === "new" ? TITLE.new : `${TITLE[kind]} ${p.job.data?.name ?? "job"}`,
    panels: kind === "new" ? {types} : {job, types},
    leave: ctx => isDirty(ctx.state.edit) ? "What you have typed would be lost." : null,
    missing: () => missingPage("Not in this tenant, or deleted."),
    view: (ctx, p) => {
      if (!can("write")) return missingPage("You may read jobs here, and not change them.");
      const edit = ctx.state.edit ?? begin(ctx, p.job?.data, kind);
      return [
        head({crumb: [h("a.link", {href: href("/jobs")}, "Jobs"), kind !== "new" && [" / ", h("a.link", {href: href(`/jobs/${ctx.params.id}`)}, p.job.data.name)]],
          title: kind === "new" ? TITLE.new : `${TITLE[kind]} ${p.job.data.name}`, sub: kind === "edit" && `Revision ${edit.whole.revision}`}),
        form(ctx, edit, p.types.data)];
    },
  });
}

definePage("/jobs/new", "new");
definePage("/jobs/:id/edit", "edit");
definePage("/jobs/:id/copy", "copy");
)carillon",
};

inline constexpr std::string_view dashboard_js_page_explain_js[] = {
    R"carillon(// SPDX-License-Identifier: MIT
// page_explain.js - why a job ran at a moment, did not, or will.
import {api} from "./api.js";
import {h} from "./dom.js";
import {jobOf} from "./names.js";
import {href, page} from "./router.js";
import {duration, instantAt, localAt, relative, time, timeText, zoneFor} from "./time.js";
import {button, card, code, defs, head, link, missingPage, REASON, status} from "./ui.js";

const answer = ctx => api.get(`/jobs/${ctx.params.id}/explain`, {query: {at: ctx.query.get("at") ?? new Date().toISOString()}, signal: ctx.signal});

const VERDICT = {
  executed: ["completed", "It ran"], pending: ["pending", "It is about to run"], not_started: ["skipped", "It was not started"], skipped: ["skipped", "It was skipped"],
  ahead: ["pending", "It will run"], due: ["pending", "It is due"], inactive: ["paused", "The job was not active"], max_runs: ["skipped", "It had run as often as it may"],
  purged: ["skipped", "Nobody knows any more"], no_occurrence: ["skipped", "The schedule has nothing then"], excluded: ["skipped", "The day is excluded"],
  before_creation: ["skipped", "The job did not exist yet"], out_of_bounds: ["skipped", "Outside of its start and end"], unknown: ["failed", "Nobody knows"],
};

function ask(ctx, zone, at) {
  const submit = event => {
    event.preventDefault();
    const local = event.target.elements.at.value;
    if (local) ctx.setQuery({at: new Date(instantAt(local, zone)).toISOString()});
  };
  const move = to => to && button(["Next: ", "Before: "][to === ctx.panels.answer.data.previous ? 1 : 0] + timeText(to, {zone: jobOf(ctx.params.id)?.time_zone, style: "seconds"}), {size: "small", onclick: () => ctx.setQuery({at: to})});
  return h("section.card", {key: "ask", "aria-label": "Another moment"}, h("form.pad.ask", {onsubmit: submit},
    h("label", {for: "explain-at"}, `At, on clocks in ${zone.replaceAll("_", " ")}`),
    h("div.tools", h("input#explain-at", {key: at, name: "at", type: "datetime-local", step: 1, required: true, value: localAt(Date.parse(at), zone)}), button("Explain", {type: "submit"}),
      move(ctx.panels.answer.data.previous), move(ctx.panels.answer.data.next))));
}

const FIELD = {second: "Second", minute: "Minute", hour: "Hour", day_of_month: "Day of the month", month: "Month", day_of_week: "Day of the week", year: "Year"};

/** What the schedule asks of the clock, and what the clock says. */
function fields({fields: list}) {
  return list?.length > 0 && card("Field by field", {extra: `${list.filter(one => one.matched).length} of ${list.length} match`}, h("ul.rows.up", list.map(one =>
    h("li", {key: one.field}, h("span", FIELD[one.field] ?? one.field, " ", code(one.text)), status(one.matched ? "completed" : "skipped", {label: one.matched ? "matches" : "does not"})))));
}

function record(data, zone) {
  const {run} = data;
  return run && card("The ledger says", {pad: true, extra: link("The run", href(`/runs/${run.id}`))}, defs([
    ["Outcome", status(run.status)],
    run.reason && ["Since", REASON[run.reason]],
    ["Scheduled for", time(run.scheduled_for, {zone, style: "seconds"})],
    run.last && run.occurrences > 1 && ["Until", time(run.last, {zone, style: "seconds"})],
    run.duration_ms != null && ["Took", duration(run.duration_ms)],
    run.error && ["Error", h("span.c-failed", run.error)],
    run.blocked_by && ["Blocked by", link("this run", href(`/runs/${run.blocked_by}`))]]));
}

page("/jobs/:id/explain", {
  nav: "jobs",
  main: "answer",
  title: ctx => `Why? ${jobOf(ctx.params.id)?.name ?? "Job"}`,
  panels: {answer},
  live: {jobs: ["answer"], runs: ["answer"]},
  missing: () => missingPage("Not in this tenant, or deleted."),
  view: (ctx, p) => {
    const {data} = p.answer, job = jobOf(ctx.params.id), zone = zoneFor(job?.time_zone), [shape, title] = VERDICT[data.verdict] ?? VERDICT.unknown;
    return [
      head({crumb: [h("a.link", {href: href("/jobs")}, "Jobs"), " / ", h("a.link", {href: href(`/jobs/${ctx.params.id}`)}, job?.name ?? "…")],
        title: [title, " at ", timeText(data.at, {zone: job?.time_zone, style: "seconds"})], sub: relative(data.at),
        below: h("p.sub", status(shape === "completed" && data.run ? data.run.status : shape, {pill: true, label: data.verdict.replaceAll("_", " ")}))}),
      ask(ctx, zone, data.at),
      card("Why", {pad: true, extra: job && code(job.schedule)}, h("p", data.text)),
      fields(data),
      record(data, job?.time_zone)];
  },
});
)carillon",
};

inline constexpr std::string_view dashboard_js_page_job_js[] = {
    R"carillon(// SPDX-License-Identifier: MIT
// page_job.js - one job: what it is, what became of it, what comes next, and who changed it.
import {api} from "./api.js";
import {changing, deleteJob, jobMenu, pauseJob, resumeJob, shownStatus, triggerJob} from "./actions.js";
import {auditRow} from "./audit_list.js";
import {definition} from "./definition.js";
import {h} from "./dom.js";
import {durations, durationsTable, durationText} from "./durations.js";
import {daysTable, firstDay, heatmap} from "./heatmap.js";
import {remember, scheduleWords} from "./names.js";
import {go, href, page} from "./router.js";
import {can, isNarrow} from "./state.js";
import {due, duration, instantAt, localAt, now, occurrence, relative, since, time, zoneFor, zoneLabel} from "./time.js";
import {button, code, empty, head, iconButton, link, linkButton, missingPage, note, number, panel, plural, REASON, status, table} from "./ui.js";

const shownRuns = 10, dayMs = 86_400_000;
const weeks = () => isNarrow() ? 14 : 30;
const weeksAhead = 2;
const today = zone => localAt(now(), zoneFor(zone)).slice(0, 10);

async function job(ctx) {
  const found = await api.get(`/jobs/${ctx.params.id}`, {signal: ctx.signal});
  remember([found]);
  return found;
}
const upcoming = ctx => api.get(`/jobs/${ctx.params.id}/upcoming`, {query: {n: 100}, signal: ctx.signal});
const runs = ctx => api.get(`/jobs/${ctx.params.id}/runs`, {query: {limit: 100}, signal: ctx.signal});
const changes = ctx => api.get("/audit", {query: {job_id: ctx.params.id, limit: 8}, signal: ctx.signal});

/** In days of the zone that is shown, so that a day here is a day there. */
function calendar(ctx) {
  const to = new Date(now() + dayMs).toISOString(), from = new Date(now() - weeks() * 7 * dayMs).toISOString();
  const zone = zoneFor(ctx.panels.job.data?.time_zone);
  return api.get(`/jobs/${ctx.params.id}/calendar`, {query: {from, to, tz: ctx.panels.job.data ? zone : null}, signal: ctx.signal});
}

// ---- the head

function nextText(data) {
  if (data.status !== "active") return data.status_reason || null;
  return data.next_run_at ? [h("b", due(data.next_run_at)), " · ", time(data.next_run_at, {zone: data.time_zone})] : "No next run";
}

function buttons(data) {
  const isActive = shownStatus(data) === "active";
  return [
    can("write") && linkButton("Edit", href(`/jobs/${data.id}/edit`), {icon: "edit"}),
    can("write") && data.status !== "completed" && (isActive ? button("Pause", {icon: "pause", onclick: () => pauseJob(data)}) :
      button("Resume", {icon: "play", onclick: () => resumeJob(data)})),
    can("trigger") && button("Run now", {icon: "play", kind: "primary", onclick: () => triggerJob(data)}),
    iconButton("dots", "More actions", {"aria-haspopup": "menu", "aria-expanded": "false", onclick: event => jobMenu(event.currentTarget, data)}),
  ];
}

function header(data) {
  const words = scheduleWords(data), shown = shownStatus(data);
  return head({
    crumb: [h("a.link", {href: href("/jobs")}, "Jobs"), " / ", data.action_type ?? ""], title: data.name,
    sub: [words ?? code(data.schedule), ` · ${data.time_zone.replaceAll("_", " ")}`, words && [" · ", code(data.schedule)]],
    below: h("p.sub", h("span", {class: changing.has(data.id) && "changing"}, status(shown, {pill: true})), " ", nextText(data),
      data.consecutive_failures > 0 && [" · ", status("failed", {label: `${plural(data.consecutive_failures, "failure")} in a row`})]),
    actions: buttons(data),
  });
}

// ---- panels

const asTable = (key, what) => h("details.pad.astable", {key}, h("summary", "Show as table"), what);

function ledger(ctx, data, p) {
  const zone = data.time_zone, planned = data.status === "active" ? (p.upcoming.data?.occurrences ?? []).map(o => localAt(Date.parse(o.at), zoneFor(zone)).slice(0, 10)) : [];
  const all = weeks(), from = firstDay(today(zone), all, weeksAhead);
  return panel("Ledger", p.calendar, {retry: () => ctx.reload("calendar"), extra: () => `days in ${zoneLabel(zone)}`}, ({days, partial_before: before}) => [
    heatmap({days: days.filter(day => day.day >= from), from, weeks: all, today: today(zone), planned}),
    before && Date.parse(before) > Date.parse(from) && h("p.pad.muted", "Before ", time(before, {zone, style: "day"}), " something may be missing: it is no longer kept."),
    days.length > 0 && asTable("days", daysTable(days))]);
}

const howLong = (ctx, data, p) => panel("Duration", p.runs, {retry: () => ctx.reload("runs"), extra: all => durationText(all.runs)}, all =>
  [durations(all.runs, data.time_zone), all.runs.length > 0 && asTable("times", durationsTable(all.runs, data.time_zone))]);

const nextRuns = (ctx, data, p) => panel("Next runs", p.upcoming, {retry: () => ctx.reload("upcoming"),
  extra: data.status === "active" ? zoneLabel(data.time_zone) : "if it were active"}, ({occurrences}) => occurrences.length === 0 ? empty("None", "The schedule has no further occurrence.") :
  h("ul.rows.up", occurrences.slice(0, 5).map(one => h("li", {key: one.at}, occurrence(one, {zone: data.time_zone}), h("span.muted", relative(one.at)),
    one.notes.map(text => h("div.all", {key: text.code}, note(text.text)))))));

const why = run => run.error ?? REASON[run.reason];
const took = run => run.status === "running" ? since(run.started_at) : duration(run.duration_ms);
const columns = [{name: "at", label: "Scheduled for"}, {name: "outcome", label: "Outcome"}, {name: "try", label: "Attempt", num: true, opt: true}, {name: "took", label: "Duration", num: true}, {name: "by", label: "Worker", opt: true}];

function lastRuns(ctx, data, p) {
  const at = run => h("a.strong", {href: href(`/runs/${run.id}`)}, time(run.scheduled_for, {zone: data.time_zone, style: "seconds"}));
  const many = run => run.occurrences > 1 && h("div.jd", `${number(run.occurrences)}${run.count_is_minimum ? " or more" : ""} occurrences`);
  const outcome = run => h("div", status(run.status), why(run) && h("div.jd", why(run)), many(run));
  return panel("Runs", p.runs, {rows: 6, retry: () => ctx.reload("runs"), extra: all => link(`All ${number(all.total)}${all.total_capped ? "+" : ""}`, href("/runs", {job: data.id}))}, all => all.runs.length === 0 ?
    empty("Has not run yet", data.next_run_at ? ["Its first run is ", relative(data.next_run_at), "."] : "It has no next run.") :
    table({caption: "Last runs", columns, rows: all.runs.slice(0, shownRuns), cells: run => [at(run), outcome(run), h("span.muted", run.attempt || "–"), h("span.nowrap", took(run)), h("span.muted", run.worker ?? "–")],
      card: run => [h("div.l", at(run), h("span.nowrap", took(run))), outcome(run)]}));
}

const audit = (ctx, data, p) => panel("Audit", p.changes, {retry: () => ctx.reload("changes"), extra: link("All", href("/audit", {job: data.id}))}, ({events}) =>
  h("ul.rows", events.map(event => auditRow(event, {withJob: false, zone: data.time_zone}))));

function explain(data) {
  const zone = zoneFor(data.time_zone);
  const ask = event => {
    event.preventDefault();
    const local = event.target.elements.at.value;
    if (local) go(`/jobs/${data.id}/explain`, {at: new Date(instantAt(local, zone)).toISOString()});
  };
  return h("section.card", {key: "explain", "aria-label": "Explain an instant"}, h("header", h("h2", "Why did it run, or not?")),
    h("form.pad.ask", {onsubmit: ask}, h("label", {for: "explain-at"}, `At, on clocks in ${zone.replaceAll("_", " ")}`),
      h("div.tools", h("input#explain-at", {name: "at", type: "datetime-local", step: 1, required: true, value: localAt(now(), zone)}), button("Explain", {type: "submit"}))));
}

// ---- the page

function view(ctx, p) {
  const {data} = p.job;
  return [
    header(data),
    data.description && h("p.sub", {key: "description"}, data.description),
    h("div.grid.g32", {key: "panels"},
      h("div.stack", {key: "left"}, ledger(ctx, data, p), howLong(ctx, data, p), lastRuns(ctx, data, p)),
      h("div.stack", {key: "right"}, nextRuns(ctx, data, p), definition(data), explain(data), audit(ctx, data, p))),
  ];
}

const with_ = act => ({params}) => { const known = current(params.id); if (known) act(known); };
let shown = null;
const current = id => shown?.id === id ? shown : null;

page("/jobs/:id", {
  nav: "jobs",
  main: "job",
  title: (ctx, p) => p.job.data?.name ?? "Job",
  panels: {job, upcoming, calendar, runs, changes},
  live: (hint, ctx) => {
    const isOurs = list => hint.name === "all" || hint.data?.all || !list || list.includes(ctx.params.id);
    if (hint.name === "runs") return isOurs(hint.data?.job_ids) ? ["job", "runs", "calendar"] : [];
    if (hint.name === "jobs" || hint.name === "all") return isOurs(hint.data?.ids) ? ["job", "upcoming", "runs", "calendar", "changes"] : [];
    return [];
  },
  keys: {
    e: {text: "Edit", run: ({params}) => { if (can("write")) go(`/jobs/${params.id}/edit`); }},
    p: {text: "Pause or resume", run: with_(job => { if (can("write")) (job.status === "active" ? pauseJob : resumeJob)(job); })},
    t: {text: "Run now", run: with_(job => { if (can("trigger")) triggerJob(job); })},
    Delete: {text: "Delete", run: with_(job => { if (can("write")) deleteJob(job); })},
  },
  missing: () => missingPage("Not in this tenant, or deleted."),
  view: (ctx, p) => {
    shown = p.job.data;
    return view(ctx, p);
  },
});
)carillon",
};

inline constexpr std::string_view dashboard_js_page_jobs_js[] = {
    R"carillon(// SPDX-License-Identifier: MIT
// page_jobs.js - all jobs: found by search, chips and order, paged by cursors, changed one by one or many at once.
import {api} from "./api.js";
import {sample, strip} from "./charts.js";
import {h} from "./dom.js";
import {icon} from "./icons.js";
import {bulkBar, selectable, selectBox} from "./jobs_bulk.js";
import {jobLink, remember, scheduleWords} from "./names.js";
import {href, page} from "./router.js";
import {can, isMiddle, prefs} from "./state.js";
import {due, duration, time} from "./time.js";
import {changing, jobMenu, pauseJob, resumeJob, shownStatus, triggerJob} from "./actions.js";
import {button, chips, empty, head, iconButton, LABEL, linkButton, number, pager, plural, select, status, table} from "./ui.js";

const sorts = [["newest", "Newest"], ["name", "Name"], ["next_run", "Next run"]];
const sizes = [25, 50, 100, 250];
const pageSize = () => prefs.get("jobs.limit", 50);

// ---- what the address asks for

function filterOf(query) {
  const status = query.get("status"), failing = query.get("failing");
  return {q: query.get("q"), status: status || null, action_type: query.get("type"), failing: failing === "true" ? true : null};
}

let knowsStrips = true; // an older server refuses what it does not know

async function fetchPage(ctx, query) {
  try {
    const at = Number(ctx.query.get("page") ?? 0);
    return {...await api.get("/jobs", {query: {...query, include: knowsStrips ? "strip" : null}, signal: ctx.signal}), at};
  } catch (error) {
    if (error.code === "bad_cursor") {
      ctx.setQuery({after: null, page: null}, {push: false, reload: false});
      return fetchPage(ctx, {...query, after: null});
    }
    if (error.code !== "bad_parameter" || !knowsStrips) throw error;
    knowsStrips = false;
    return fetchPage(ctx, query);
  }
}

async function jobs(ctx) {
  const query = {...filterOf(ctx.query), sort: ctx.query.get("sort") ?? "next_run", limit: pageSize(), after: ctx.query.get("after")};
  const answer = await fetchPage(ctx, query);
  remember(answer.jobs);
  return ctx.isLive && ctx.panels.jobs.data ? settle(ctx.panels.jobs.data, answer) : answer;
}

/** What is on screen keeps its place: rows are brought up to date, new ones wait behind a button. */
function settle(before, after) {
  if (before.jobs.length === 0) return after;
  const fresh = new Map(after.jobs.map(job => [job.id, job]));
  const kept = before.jobs.map(job => fresh.get(job.id) ?? job);
  const known = new Set(before.jobs.map(job => job.id));
  const newer = after.jobs.filter(job => !known.has(job.id));
  const moved = kept.some((job, i) => after.jobs[i]?.id !== job.id);
  return {...before, jobs: kept, total: after.total, total_capped: after.total_capped, newer: newer.length, moved, latest: after};
}

const stats = ctx => api.maybe("/stats", {signal: ctx.signal});

// ---- the tools

let typing = null;
function search(ctx) {
  const type = event => {
    clearTimeout(typing);
    const q = event.target.value.trim();
    typing = setTimeout(() => ctx.setQuery({q, after: null, page: null}, {push: false}), 200);
  };
  return h("div.search", icon("search"), h("input", {type: "search", placeholder: "Part of a name", "aria-label": "Search jobs by name", maxlength: 256,
    autocomplete: "off", spellcheck: "false", value: ctx.query.get("q") ?? "", oninput: type}), h("kbd", {"aria-hidden": "true"}, "/"));
}

function statusChips(ctx, counts, total) {
  const filter = filterOf(ctx.query);
  const value = filter.failing ? "failing" : filter.status ?? "all";
  const isPlain = !filter.q && !filter.action_type; // the counters are those of all jobs
  const count = name => name === value ? total : isPlain ? counts?.[name] : null;
  const sum = counts && Object.values(counts).reduce((a, b) => a + b, 0);
  const items = [{value: "all", text: "All", count: value === "all" ? total : isPlain ? sum : null},
    ...["active", "paused", "disabled", "completed"].map(name => ({value: name, text: LABEL[name], count: count(name)})),
    {value: "failing", text: "Failing", count: value === "failing" ? total : null}];
  const pick = name => ctx.setQuery({status: name === "all" || name === "failing" ? null : name, failing: name === "failing" ? "true" : null, after: null, page: null});
  return chips({label: "Status", items: items.map(item => ({...item, count: item.count == null ? null : number(item.count)})), value, onpick: pick});
}

function typeFilter(ctx) {
  const type = ctx.query.get("type");
  return type && button(`Action: ${type}`, {icon: "close", size: "small", "aria-label": `Action ${type}: show all`, onclick: () => ctx.setQuery({type: null, after: null, page: null})});
}

// ---- a job

const typical = job => {
  const known = (job.strip ?? []).filter(one => one.status === "completed" && one.duration_ms != null).map(one => one.duration_ms).sort((a, b) => a - b);
  return known.length ? duration(known[known.length >> 1]) : "–";
};

/** Most of a row is its strip: as long as that is the same, so is its picture. */
const strips = new WeakMap();
function stripOf(job, slots, size) {
  if (!job.strip) return null;
  const known = strips.get(job.strip);
  if (known?.slots === slots) return known.node;
  const node = strip(job.strip.slice(-slots), {slots, ...size});
  strips.set(job.strip, {slots, node});
  return node;
}

const statusOf = job => h("span", {class: changing.has(job.id) && "changing"}, status(shownStatus(job), {pill: shownStatus(job) !== "active"}));

const when = job => job.next_run_at
  ? h("div.when", h("span.strong", due(job.next_run_at)), h("span.jd", time(job.next_run_at, {zone: job.time_zone})))
  : h("span.muted", job.status === "completed" ? "no more runs" : "–");

const words = job => h("div.jd", scheduleWords(job) ?? h("code", job.schedule), job.time_zone && job.time_zone !== "UTC" && ` · ${zoneName(job)}`);
const zoneName = job => job.time_zone.split("/").at(-1).replaceAll("_", " ");

const acts = job => iconButton("dots", `Actions for ${job.name}`, {"aria-haspopup": "menu", "aria-expanded": "false", onclick: event => jobMenu(event.currentTarget, job)});

function cells(ctx, job) {
  return [
    ...selectable() ? [selectBox(ctx, job)] : [],
    h("div", jobLink(job), words(job)), statusOf(job), when(job), ...knowsStrips ? [stripOf(job, isMiddle() ? 12 : 24, {}), h("span.muted.nowrap", typical(job))] : [],
    acts(job)];
}

const cardOf = job => [
  h("div.l", jobLink(job), h("div.l", shownStatus(job) !== "active" && statusOf(job), acts(job))), words(job),
  h("div.l", stripOf(job, 16, {w: 5, h: 22}) ?? h("span"), h("div.num", when(job)))];

const columns = () => [
  ...selectable() ? [{name: "pick", label: "Select", hidden: true, class: "pick"}] : [],
  {name: "name", label: "Job", sort: "name"}, {name: "status", label: "Status"}, {name: "next", label: "Next run", sort: "next_run"},
  ...knowsStrips ? [{name: "strip", label: `Last ${isMiddle() ? 12 : 24} runs`}, {name: "typical", label: "Typical", opt: true, num: true}] : [],
  {name: "acts", label: "Actions", hidden: true, class: "acts"}];

// ---- the list

const legend = () => h("div.legend", ["completed", "failed", "timed_out", "skipped", "running"].map(name => h("span.sq", sample(name), LABEL[name])));

function nothing(ctx, counts) {
  const filter = filterOf(ctx.query);
  if (Object.values(filter).some(Boolean))
    return empty("Nothing matches", null, button("Clear filters", {onclick: () => ctx.setQuery({q: null, status: null, failing: null, type: null, after: null, page: null})}));
  return empty("No jobs yet", counts ? "A job has a schedule and an action; a worker runs it." : null, can("write") && linkButton("New job", href("/jobs/new"), {kind: "primary", icon: "plus"}));
}

function newerButton(ctx, data) {
  if (!data.newer && !data.moved) return null;
  const show = () => { ctx.panels.jobs.data = data.latest; ctx.draw(); };
  return h("button.newer", {type: "button", key: "newer", onclick: show}, data.newer ? `${number(data.newer)} newer: show` : "The order has changed: sort again");
}

/** Cursors only lead on: the way back is what was walked. */
function pages(ctx, data) {
  const {at} = data, from = at * pageSize() + 1;
  const trail = ctx.state.trail ??= [];
  const next = data.next && (() => {
    trail[at] = ctx.query.get("after");
    ctx.setQuery({after: data.next, page: at + 1});
    scrollTo(0, 0);
  });
  const prev = at > 0 && (() => ctx.setQuery({after: at > 1 ? trail[at - 1] : null, page: at > 1 && trail[at - 1] ? at - 1 : null}));
  return pager({from, to: data.jobs.length ? from + data.jobs.length - 1 : 0, total: data.total, capped: data.total_capped, next, prev, legend: legend()});
}

function list(ctx, p) {
  const data = p.jobs.data;
  if (!data.jobs.length) return nothing(ctx, p.stats.data);
  const chosen = ctx.state.chosen ??= new Set();
  return [
    selectable() && chosen.size > 0 ? bulkBar(ctx, data, filterOf(ctx.query)) : newerButton(ctx, data),
    table({caption: "Jobs", class: "jobs", columns: columns(), rows: data.jobs, cells: job => cells(ctx, job), card: cardOf, selected: job => chosen.has(job.id),
      sort: ctx.query.get("sort") ?? "next_run", onsort: sort => ctx.setQuery({sort, after: null, page: null})}),
    pages(ctx, data)];
}

function sorting(ctx) {
  return h("div.tools.push",
    select({label: "Order", value: ctx.query.get("sort") ?? "next_run", options: sorts, onchange: sort => ctx.setQuery({sort, after: null, page: null})}),
    h("span.wide", select({label: "Jobs on a page", value: String(pageSize()), options: sizes.map(n => [String(n), `${n} a page`]),
      onchange: n => { prefs.set("jobs.limit", Number(n)); ctx.setQuery({after: null, page: null}, {reload: false}); ctx.reload("jobs"); }})));
}

function view(ctx, p) {
  const {data, error} = p.jobs;
  const total = data.total;
  return [
    head({title: "Jobs", sub: total == null ? "Those that match" : `${plural(total, "job")}${data.total_capped ? " or more" : ""}${Object.values(filterOf(ctx.query)).some(Boolean) ? " that match" : ""}`,
      actions: can("write") && linkButton("New job", href("/jobs/new"), {kind: "primary", icon: "plus"})}),
    h("div.tools", {key: "tools"}, search(ctx), statusChips(ctx, p.stats.data?.jobs, total), typeFilter(ctx), sorting(ctx)),
    h("section.card", {key: "list", "aria-label": "Jobs", class: error && "old"},
      error && h("div.stale", {role: "status"}, icon("warn", 14), h("span", error.text), button("Retry", {size: "small", onclick: () => ctx.reload()})),
      list(ctx, p))];
}

const focused = ctx => {
  const id = document.activeElement?.closest?.("[data-row]")?.dataset.row;
  return ctx.panels.jobs.data?.jobs.find(job => job.id === id);
};
const withJob = (permission, run) => ctx => { const job = focused(ctx); if (job && can(permission)) run(job); };

page("/jobs", {
  nav: "jobs",
  title: () => "Jobs",
  main: "jobs",
  panels: {jobs, stats},
  live: {jobs: ["jobs", "stats"], runs: ["jobs"]},
  keys: {
    p: {text: "Pause or resume the row", run: withJob("write", job => job.status === "active" ? pauseJob(job) : resumeJob(job))},
    t: {text: "Run the row now", run: withJob("trigger", triggerJob)},
    e: {text: "Edit the row", run: withJob("write", job => { location.hash = href(`/jobs/${job.id}/edit`); })},
  },
  view,
});
)carillon",
};

inline constexpr std::string_view dashboard_js_page_overview_js[] = {
    R"carillon(// SPDX-License-Identifier: MIT
// page_overview.js - is everything well: the pulse, what needs somebody, what runs, what comes.
import {api} from "./api.js";
import {bars} from "./charts.js";
import {h} from "./dom.js";
import {mark} from "./icons.js";
import {jobLink, jobOf} from "./names.js";
import {href, page} from "./router.js";
import {can, session} from "./state.js";
import {now, relative, since, spoken, time, timeText} from "./time.js";
import {pauseJob, resumeJob} from "./actions.js";
import {LABEL, button, empty, head, link, linkButton, number, panel, plural} from "./ui.js";

const minute = 60_000, hour = 60 * minute;
const stamp = ms => new Date(ms).toISOString();
const capped = (n, isCapped) => number(n) + (isCapped ? "+" : "");

// ---- loading: a server without statistics is asked for what they would say

async function stats({signal}) {
  const answer = await api.maybe("/stats", {signal});
  if (answer) return answer;
  const [all, running, disabled] = await Promise.all([
    api.get("/jobs", {query: {limit: 1}, signal}), api.get("/runs", {query: {status: "running", limit: 1}, signal}),
    api.get("/jobs", {query: {status: "disabled", limit: 20}, signal})]);
  return {total: all.total, running: running.total, attention: disabled.jobs, attention_total: disabled.total};
}

const running = ({signal}) => api.get("/runs", {query: {status: "running", limit: 12}, signal});

function nextHour({signal}) {
  const from = Math.floor(now() / minute) * minute;
  return api.get("/what-would-run", {query: {from: stamp(from), to: stamp(from + hour), limit: 1_000}, signal})
    .then(answer => ({...answer, from}));
}

// ---- the pulse

function reading(value, label, status, why, to) {
  return h("a.stat", {href: to, key: label}, h("span.lab", h("span", {class: `c-${status}`}, mark(status)), label), h("b", value), h("div.why", why));
}

function reasons(skipped) {
  const names = {overlapped: "overlap", misfired: "misfire", queue_full: "queue full"};
  const list = Object.entries(skipped).sort((a, b) => b[1] - a[1]);
  return list.slice(0, 2).map(([reason, n]) => `${number(n)} ${names[reason] ?? reason}`).join(" · ") || "none";
}

function throughput(stats) {
  const minutes = stats.minutes ?? [];
  if (!minutes.length) return null;
  const ok = minutes.map(one => one.ok), bad = minutes.map(one => one.bad);
  const sum = list => list.reduce((a, b) => a + b, 0);
  const most = minutes.reduce((a, b) => b.ok + b.bad > a.ok + a.bad ? b : a);
  const failed = sum(bad), all = sum(ok) + failed;
  const sentence = `Runs finished per minute in the last hour: ${number(all)}, of which ${number(failed)} failed. ` +
    `The busiest minute is ${timeText(most.minute, {style: "clock"})} with ${number(most.ok + most.bad)}.`;
  return h("div.tp", {key: "tp"}, h("div.lab", h("span", "Finished per minute"), h("span", `${number(all)} in the last hour${failed ? `, ${number(failed)} failed` : ""}`)),
    bars({values: ok, bad, label: sentence, minimum: 2, marks: [[0, timeText(minutes[0].minute, {style: "clock"})],
      [minutes.length / 2, timeText(minutes[minutes.length >> 1].minute, {style: "clock"})], [minutes.length, "now"]]}));
}

function pulse(stats) {
  const workers = stats.workers?.length;
  const waits = stats.oldest_due ? now() - Date.parse(stats.oldest_due) : 0;
  const skipped = Object.values(stats.skipped_24h ?? {}).reduce((a, b) => a + b, 0);
  const day = stamp(now() - 24 * hour).slice(0, 16) + ":00Z";
  return h("section.card.pulse", {key: "pulse", "aria-label": "Now"},
    reading(number(stats.running), "Running", "running", workers ? `on ${plural(workers, "worker")}` : "right now", href("/runs", {status: "running"})),
    stats.due != null && reading(capped(stats.due, stats.due_capped), "Due in 1 h", "pending",
      waits > 1_000 ? `oldest waits ${spoken(waits)}` : "none waits", href("/timeline")),
    stats.failed_24h != null && reading(capped(stats.failed_24h, stats.failed_24h_capped), "Failed, 24 h", "failed",
      stats.failed_24h ? "see which" : "none", href("/runs", {status: "failed", from: day})),
    stats.skipped_24h && reading(capped(skipped, stats.skipped_24h_capped), "Skipped, 24 h", "skipped", reasons(stats.skipped_24h),
      href("/runs", {status: "skipped", from: day})),
    throughput(stats));
}

// ---- what needs somebody

function trouble(job) {
  const failures = job.consecutive_failures;
  if (job.status === "disabled") return job.status_reason || "Disabled by the system";
  if (failures > 1) return `The last ${number(failures)} runs have failed`;
  return failures === 1 ? "The last run has failed" : job.status_reason || LABEL[job.status];
}

function attentionRow(job) {
  const shape = job.status === "disabled" ? "disabled" : job.status === "paused" ? "paused" : "failed";
  return h("li", {key: job.id, "data-row": job.id}, h("span", {class: `c-${shape}`}, mark(shape, 16), h("span.sr", LABEL[shape])),
    h("div", jobLink(job), h("p", trouble(job), job.last_run_at && [" · last run ", relative(job.last_run_at)])),
    can("write") && job.status !== "active" ? button("Resume", {size: "small", onclick: () => resumeJob(job)}) :
      can("write") ? button("Pause", {size: "small", onclick: () => pauseJob(job)}) : linkButton("Open", href(`/jobs/${job.id}`), {class: "small"}));
}

const attention = (state, retry) => panel("Needs attention", state, {retry, extra: data => data.attention_total ? capped(data.attention_total, data.attention_total_capped) : null},
  ({attention: list, attention_total: total}) => list.length === 0 ? empty("Nothing needs you.", "No job is disabled, none fails.") : [
    h("ul.rows.att", list.slice(0, 8).map(attentionRow)),
    total > 8 && h("div.tablefoot", link(`All ${number(total)}`, href("/jobs", {failing: "true"})))]);

// ---- what runs, what comes, who works

function runningRow(run) {
  const job = jobOf(run.job_id);
  return h("li", {key: run.id, "data-row": run.id}, h("div", jobLink(run.job_id), h("div.jd", [run.worker, run.attempt > 1 && `attempt ${run.attempt}`].filter(Boolean).join(" · "),
    " · started ", time(run.started_at, {zone: job?.time_zone, style: "clockSeconds"}))),
  run.stop_requested ? h("span.st.c-cancelled", mark("cancelled"), "Asked to stop") : h("span"),
  h("a.num.strong", {href: href(`/runs/${run.id}`)}, h("span.sr", `Run of ${job?.name ?? "a job"}, for `), since(run.started_at)));
}

const runningNow = (state, retry) => panel("Running now", state, {retry, extra: data => data.total ? number(data.total) : null}, ({runs, total}) =>
  runs.length === 0 ? empty("Nothing runs right now.") : [h("ul.rows.run", runs.map(runningRow)),
    total > runs.length && h("div.tablefoot", link(`All ${number(total)}`, href("/runs", {status: "running"})))]);

function comingPicture({buckets, occurrences, from, truncated}) {
  const most = Math.max(...buckets), at = buckets.indexOf(most), all = buckets.reduce((a, b) => a + b, 0);
  const clock = ms => timeText(ms, {style: "clock"});
  const label = `Occurrences per minute in the next hour: ${number(all)}${truncated ? " or more" : ""}. The busiest minute is ${clock(from + at * minute)} with ${most}.`;
  const marks = [[0, clock(from)], [60, clock(from + hour)]];
  if (most > 1 && at > 10 && at < 50) marks.push([at, `${clock(from + at * minute)} · ${most} at once`]);
  return h("div.pad", bars({values: buckets, label, marks, height: 40, strong: most > 1 ? at : -1, minimum: 2}), occurrences.length === 0 && h("p.muted", "Nothing is due."));
}

/** The next of each job: one that runs every second would hide all others. */
function firstOfEach(occurrences) {
  const seen = new Set();
  return occurrences.filter(({at, job_id: id}) => Date.parse(at) >= now() - 1_000 && !seen.has(id) && seen.add(id)).slice(0, 7);
}

const coming = (state, retry) => panel("Next hour", state, {retry, extra: link("What would run", href("/timeline"))}, data => [
  comingPicture(data),
  h("ul.rows.up", firstOfEach(data.occurrences).map(one => h("li", {key: one.job_id, "data-row": one.job_id},
    jobLink({id: one.job_id, name: one.job_name}), h("span.muted.num", time(one.at, {style: "clockSeconds"})))))]);

const workerList = list => h("ul.rows.up", list.map(one => h("li", {key: one.worker}, h("span", h("b.strong", one.worker),
  !one.ok && h("span.st.c-failed", mark("failed"), "has problems")), h("span.muted", one.started ? `${number(one.active)} running` : "not started"))));

const workers = state => state.data?.workers?.length > 0 &&
  panel("Workers", state, {extra: data => `${data.workers.filter(one => one.started).length} alive`}, data => workerList(data.workers));

// ---- the page

const program = `#include <carillon/carillon.hpp>
#include <iostream>

int main() {
    carillon::SchedulerFacade<> scheduler({.default_time_zone = "UTC"});
    scheduler.create_job("TENANT", {.name = "Hello", .schedule = "@every 10s", .action = {{"type", "hello"}}});
    carillon::Worker worker{scheduler, {.threads = 1}};
    worker.handle("hello", [](carillon::RunContext&) { return nlohmann::json("hello"); });
    worker.start();
    std::cin.get();
}`;

const firstJob = () => h("section.card", {key: "first"}, empty("No jobs yet", "Make one here, or from your program:",
  can("write") && linkButton("New job", href("/jobs/new"), {kind: "primary", icon: "plus"})), h("div.pad", h("pre", {tabindex: 0, role: "group", "aria-label": "Program"}, program.replace("TENANT", session.tenant))));

function summary({attention_total: n}) {
  return n ? `${plural(n, "job")} ${n === 1 ? "needs" : "need"} attention. Everything else goes on.` : "Everything goes on as planned.";
}

function total(stats) {
  return stats.total ?? Object.values(stats.jobs ?? {}).reduce((a, b) => a + b, 0);
}

page("/overview", {
  nav: "overview",
  title: () => "Overview",
  main: "stats",
  panels: {stats, running, coming: nextHour},
  live: {jobs: ["stats", "coming"], runs: ["stats", "running"], stats: ["stats", "running"], workers: ["stats"]},
  view: (ctx, p) => [
    head({title: "Overview", sub: summary(p.stats.data)}),
    pulse(p.stats.data),
    total(p.stats.data) === 0 ? firstJob() : h("div.grid.g21", {key: "panels"},
      h("div.stack", attention(p.stats, () => ctx.reload("stats")), runningNow(p.running, () => ctx.reload("running"))),
      h("div.stack", coming(p.coming, () => ctx.reload("coming")), workers(p.stats)))],
});

)carillon",
};

inline constexpr std::string_view dashboard_js_page_run_js[] = {
    R"carillon(// SPDX-License-Identifier: MIT
// page_run.js - one run: how it went, attempt by attempt, what it was given and what it gave back.
import {api} from "./api.js";
import {cancelRun, changing, retryRun} from "./actions.js";
import {h, s} from "./dom.js";
import {jobOf} from "./names.js";
import {href, page} from "./router.js";
import {can} from "./state.js";
import {toast} from "./overlay.js";
import {duration, now, relative, since, time, timeText} from "./time.js";
import {button, card, defs, head, iconButton, json, LABEL, link, missingPage, number, panel, plural, REASON, status, tag} from "./ui.js";

const isOver = run => !["pending", "running"].includes(run.status);
const run = ctx => api.get(`/runs/${ctx.params.id}`, {signal: ctx.signal});

/** Its job's account of the moment; nothing where the job is gone. */
async function account(ctx) {
  const known = ctx.panels.run.data ?? await run(ctx);
  try {
    return known.trigger === "schedule" ? await api.get(`/jobs/${known.job_id}/explain`, {query: {at: known.scheduled_for}, signal: ctx.signal}) : null;
  } catch (error) {
    if (error.status === 404) return null;
    throw error;
  }
}

// ---- attempts

/** Those before, and the one that is or was the last. */
function attemptsOf(data) {
  const all = data.attempts.map(one => ({...one, status: "failed"}));
  if (data.started_at) all.push({number: data.attempt, started_at: data.started_at, ended_at: data.completed_at, worker: data.worker, error: data.error, fence: data.fence, status: isOver(data) ? data.status : "running"});
  return all;
}

const millis = at => Date.parse(at);
const length = one => one.ended_at ? duration(millis(one.ended_at) - millis(one.started_at)) : since(one.started_at);

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    toast("Copied.");
  } catch {
    toast("The browser does not allow it.", {kind: "error"});
  }
}

const attemptRow = (one, zone) => h("li", {key: `n${one.number}`},
  h("div.l", h("span", h("b", `#${one.number}`), " ", status(one.status)), h("span.nowrap", length(one))),
  h("p.jd", time(one.started_at, {zone, style: "seconds"}), one.worker && [" · ", tag(one.worker)], one.fence != null && ` · fence ${one.fence}`),
  one.error && h("div.l", h("pre.error", {tabindex: 0, role: "group", "aria-label": `Error of attempt ${one.number}`}, one.error), iconButton("copy", "Copy the error", {onclick: () => copy(one.error)})));

// ---- the lane: from when it was due to when it was over

function lane(data, zone) {
  const all = attemptsOf(data), from = millis(data.scheduled_for), to = isOver(data) ? millis(data.completed_at ?? data.scheduled_for) : now();
  const span = Math.max(to - from, 1), x = at => 100 * Math.max(0, Math.min(1, (at - from) / span));
  if (!all.length) return null;
  const waited = millis(all[0].started_at) - from;
  const label = `Due ${timeText(from, {zone, style: "clockSeconds"})}, waited ${duration(waited)}, ${all.map(one => `attempt ${one.number} ${LABEL[one.status].toLowerCase()} after ${duration(millis(one.ended_at ?? new Date(to)) - millis(one.started_at))}`).join(", ")}`;
  const bars = all.map(one => {
    const a = x(millis(one.started_at)), b = one.ended_at ? x(millis(one.ended_at)) : 100;
    return s("g", {class: `c-${one.status}`}, s("title", `Attempt ${one.number}`), s("rect", {x: `${Math.min(a, 99)}%`, y: 6, width: `${Math.max(b - a, 1)}%`, height: 20, rx: 3, fill: "currentColor", opacity: .85}));
  });
  return h("div.pad", {key: "lane"}, s("svg", {width: "100%", height: 50, role: "img", "aria-label": label, class: "lane"},
    s("title", label), s("line", {x1: 0, x2: "100%", y1: 16, y2: 16, class: "wait"}), bars,
    s("text", {x: 0, y: 44}, `due ${timeText(from, {zone, style: "clockSeconds"})}`),
    s("text", {x: "100%", y: 44, "text-anchor": "end"}, isOver(data) ? `over ${timeText(to, {zone, style: "clockSeconds"})}` : "now")));
}

// ---- the page

const TRIGGER = {schedule: "by its schedule", manual: "by hand", retry: "as another run of one before"};

function facts(data, zone) {
  const to = (id, text) => id && link(text, href(`/runs/${id}`));
  return defs([
    ["Scheduled for", time(data.scheduled_for, {zone, style: "seconds"})],
    data.not_before !== data.scheduled_for && ["Not before", time(data.not_before, {zone, style: "seconds"})],
    data.started_at && ["Started", [time(data.started_at, {zone, style: "seconds"}), h("span.muted", ` · ${duration(Math.max(0, millis(data.attempts[0]?.started_at ?? data.started_at) - millis(data.scheduled_for)))} late`)]],
    data.completed_at && ["Over", time(data.completed_at, {zone, style: "seconds"})],
    ["Took", data.status === "running" ? since(data.started_at) : duration(data.duration_ms)],
    ["Made", TRIGGER[data.trigger] ?? data.trigger],
    data.occurrences > 1 && ["Stands for", `${number(data.occurrences)}${data.count_is_minimum ? " or more" : ""} occurrences until ${data.last ? timeText(data.last, {zone}) : "then"}`],
    data.missed_count > 0 && ["Makes up for", plural(data.missed_count, "missed occurrence")],
    data.blocked_by && ["Blocked by", to(data.blocked_by, "the run that was going")],
    data.retry_of && ["Runs again", to(data.retry_of, "the run before")],
    data.abandons > 0 && ["Lost", `${plural(data.abandons, "worker")} disappeared while running it`],
    data.key && ["Key", tag(data.key)],
    data.priority !== 0 && ["Priority", String(data.priority)],
    ["Delivery", data.delivery.replaceAll("_", " ")],
    data.expires_at && ["Expires", time(data.expires_at, {zone})],
    data.idempotency_key && ["Idempotency key", tag(data.idempotency_key)],
    ["Run", h("span.mono", data.id)],
  ]);
}

function header(data, job) {
  const name = job?.name ?? "the job", asked = data.stop_requested && !isOver(data);
  return head({
    crumb: [h("a.link", {href: href("/jobs")}, "Jobs"), " / ", job === null ? "Deleted job" : h("a.link", {href: href(`/jobs/${data.job_id}`)}, job?.name ?? "…")],
    title: ["Run of ", timeText(data.scheduled_for, {zone: job?.time_zone, style: "seconds"})],
    below: h("p.sub", h("span", {class: changing.has(data.id) && "changing"}, status(data.status, {pill: true, label: asked ? "Asked to stop" : null})), " ",
      data.reason && REASON[data.reason], data.reason && " · ", relative(data.completed_at ?? data.started_at ?? data.scheduled_for)),
    actions: can("trigger") && [isOver(data) ? button("Run again", {icon: "retry", kind: "primary", onclick: () => retryRun(data, name)}) :
      button("Cancel", {icon: "stop", kind: "danger", onclick: () => cancelRun(data, name)})],
  });
}

function view(ctx, p) {
  const {data} = p.run, job = jobOf(data.job_id), zone = job?.time_zone, all = attemptsOf(data);
  return [
    header(data, job),
    h("div.grid.g32", {key: "panels"},
      h("div.stack", {key: "left"},
        card("How it went", {extra: all.length > 0 && plural(all.length, "attempt")}, lane(data, zone),
          all.length ? h("ul.rows.attempts", [...all].reverse().map(one => attemptRow(one, zone))) : h("p.pad.muted", isOver(data) ? `No handler was called: ${REASON[data.reason] ?? data.status}.` : "It waits for a worker.")),
        data.status !== "skipped" && card("Result", {pad: true}, data.result == null ? h("p.muted", isOver(data) ? "It returned nothing." : "Not yet.") : json(data.result))),
      h("div.stack", {key: "right"},
        card("Facts", {pad: true}, facts(data, zone)),
        data.trigger === "schedule" && p.account.data !== null && panel("Why", p.account, {pad: true, retry: () => ctx.reload("account")}, found => h("p", found.text)),
        job && card("Action of the job", {pad: true, extra: link("Definition", href(`/jobs/${job.id}`))}, json(job.action)))),
  ];
}

page("/runs/:id", {
  nav: "runs",
  main: "run",
  title: (ctx, p) => p.run.data ? `${LABEL[p.run.data.status]} run of ${jobOf(p.run.data.job_id)?.name ?? "a job"}` : "Run",
  panels: {run, account},
  live: (hint, ctx) => {
    const known = ctx.panels.run.data;
    if (!known || isOver(known)) return [];
    if (hint.name !== "runs" && hint.name !== "all") return [];
    return hint.data?.all || !hint.data?.ids || hint.data.ids.includes(ctx.params.id) ? ["run"] : [];
  },
  keys: {t: {text: "Run again, or cancel", run: ctx => { const known = ctx.panels.run.data; if (known && can("trigger")) (isOver(known) ? retryRun : cancelRun)(known, jobOf(known.job_id)?.name); }}},
  missing: () => missingPage("Not in this tenant, or no longer kept."),
  view,
});
)carillon",
};

inline constexpr std::string_view dashboard_js_page_runs_js[] = {
    R"carillon(// SPDX-License-Identifier: MIT
// page_runs.js - the ledger across all jobs: every occurrence, with what became of it and why.
import {api} from "./api.js";
import {h} from "./dom.js";
import {icon} from "./icons.js";
import {jobLink, jobOf} from "./names.js";
import {go, href, page} from "./router.js";
import {can} from "./state.js";
import {duration, relative, since, time} from "./time.js";
import {cancelRun, changing, retryRun} from "./actions.js";
import {menu} from "./overlay.js";
import {button, chips, empty, head, iconButton, LABEL, number, pager, plural, REASON, select, status, table} from "./ui.js";

const statuses = ["running", "pending", "failed", "timed_out", "skipped", "cancelled", "completed"];
const spans = [["", "Any time"], ["1h", "Last hour"], ["24h", "Last 24 h"], ["7d", "Last 7 days"]];
const spanMs = {"1h": 3_600_000, "24h": 86_400_000, "7d": 604_800_000};
const size = 50;
const finished = run => !["pending", "running"].includes(run.status);

function queryOf(ctx) {
  const get = name => ctx.query.get(name), span = spanMs[get("span")];
  const since_ = span && (ctx.state.from?.[span] ?? (ctx.state.from = {[span]: new Date(Date.now() - span).toISOString()})[span]); // the cursor is bound to it
  return {status: get("status"), reason: get("reason"), job_id: get("job"), action_type: get("type"), from: since_ || get("from"), to: get("to"), after: get("after"), limit: size};
}

async function runs(ctx) {
  try {
    const at = Number(ctx.query.get("page") ?? 0);
    const answer = {...await api.get("/runs", {query: queryOf(ctx), signal: ctx.signal}), at};
    return ctx.isLive && ctx.panels.runs.data ? settle(ctx, ctx.panels.runs.data, answer) : answer;
  } catch (error) {
    if (error.code !== "bad_cursor") throw error;
    ctx.setQuery({after: null, page: null}, {push: false, reload: false});
    return runs(ctx);
  }
}

/** Rows on screen are brought up to date; later ones wait behind a button. */
function settle(ctx, before, after) {
  const fresh = new Map(after.runs.map(run => [run.id, run])), known = new Set(before.runs.map(run => run.id));
  const newer = after.runs.filter(run => !known.has(run.id)).length;
  if (newer === after.runs.length && before.runs.length === 0) return after;
  const gone = before.runs.some(run => !fresh.has(run.id) && !finished(run));
  return {...before, runs: before.runs.map(run => fresh.get(run.id) ?? run), total: after.total, total_capped: after.total_capped, newer: newer || gone, latest: after};
}

// ---- one run

const why = run => run.error ?? (run.status === "skipped" && run.reason === "overlapped" && run.blocked_by
  ? [REASON.overlapped, " (", h("a", {href: href(`/runs/${run.blocked_by}`)}, "which"), ")"]
  : REASON[run.reason]);

/** A skip may stand for many occurrences in a row. */
function folded(run) {
  if (run.status !== "skipped" || run.occurrences <= 1) return null;
  return h("div.jd", `${number(run.occurrences)}${run.count_is_minimum ? " or more" : ""} occurrences`, run.last && [" until ", time(run.last, {zone: jobOf(run.job_id)?.time_zone, style: "clock"})]);
}

const took = run => run.status === "running" ? since(run.started_at) : duration(run.duration_ms);
const trigger = run => run.trigger === "schedule" ? "schedule" : run.trigger === "retry" ? "run again" : "by hand";
const outcome = run => h("div", h("span", {class: changing.has(run.id) && "changing"}, status(run.status, {label: run.stop_requested && !finished(run) ? "Asked to stop" : null})),
  why(run) && h("div.jd", why(run)));

const scheduled = run => h("div", h("a.strong", {href: href(`/runs/${run.id}`)}, time(run.scheduled_for, {zone: jobOf(run.job_id)?.time_zone, style: "seconds"})), folded(run) ?? h("div.jd", relative(run.scheduled_for)));

function runMenu(anchor, run) {
  const name = jobOf(run.job_id)?.name ?? "this run";
  menu(anchor, [
    {text: "Open", icon: "right", run: () => go(`/runs/${run.id}`)},
    {text: "Its job", icon: "jobs", run: () => go(`/jobs/${run.job_id}`)},
    {text: "Runs of this job", icon: "filter", run: () => go("/runs", {job: run.job_id})},
    can("trigger") && !finished(run) && {text: "Cancel", icon: "stop", danger: true, run: () => cancelRun(run, name)},
    can("trigger") && finished(run) && {text: "Run again", icon: "retry", run: () => retryRun(run, name)},
  ]);
}

const acts = run => iconButton("dots", `Actions for the run of ${jobOf(run.job_id)?.name ?? "a job"}`, {"aria-haspopup": "menu", "aria-expanded": "false", onclick: event => runMenu(event.currentTarget, run)});

const columns = [
  {name: "at", label: "Scheduled for"}, {name: "job", label: "Job"}, {name: "outcome", label: "Outcome"}, {name: "try", label: "Attempt", num: true, opt: true},
  {name: "took", label: "Duration", num: true}, {name: "by", label: "Made by", opt: true}, {name: "worker", label: "Worker", opt: true}, {name: "acts", label: "Actions", hidden: true, class: "acts"}];

const cells = run => [scheduled(run), jobLink(run.job_id), outcome(run), h("span.muted", run.attempt || "–"), h("span.nowrap", took(run)),
  h("span.muted.nowrap", trigger(run)), h("span.muted", run.worker ?? "–"), acts(run)];

const card = run => [h("div.l", jobLink(run.job_id), acts(run)), h("div.l", outcome(run), h("span.nowrap", took(run))), scheduled(run)];

// ---- grouped by job

const grouping = ctx => ctx.query.has("group") ? ctx.query.get("group") === "1" : ctx.state.isBusy;

/** One job that makes most of the rows would hide the others. */
function judge(ctx, list) {
  if (ctx.state.isBusy !== undefined || list.length < size) return;
  const counts = new Map();
  for (const run of list) counts.set(run.job_id, (counts.get(run.job_id) ?? 0) + 1);
  const hours = (Date.parse(list[0].scheduled_for) - Date.parse(list.at(-1).scheduled_for)) / 3_600_000 || 1e-6;
  ctx.state.isBusy = !ctx.query.has("job") && counts.size > 1 && Math.max(...counts.values()) / hours > 200;
}

function groups(list) {
  const all = new Map();
  for (const run of list) {
    if (!all.has(run.job_id)) all.set(run.job_id, []);
    all.get(run.job_id).push(run);
  }
  return [...all].map(([id, own]) => ({id, runs: own}));
}

function tally(own) {
  const counts = new Map();
  for (const run of own) counts.set(run.status, (counts.get(run.status) ?? 0) + 1);
  return h("div.legend", [...counts].map(([name, n]) => h("span", {key: name}, status(name, {label: `${number(n)} ${LABEL[name].toLowerCase()}`}))));
}

const groupColumns = [{name: "job", label: "Job"}, {name: "what", label: "On this page"}, {name: "at", label: "Latest"}, {name: "n", label: "Runs", num: true}];
const latest = group => time(group.runs[0].scheduled_for, {zone: jobOf(group.id)?.time_zone, style: "seconds"});
const only = (group, text) => h("a", {href: href("/runs", {job: group.id})}, text);
const grouped = list => table({caption: "Runs by job", columns: groupColumns, rows: groups(list),
  cells: group => [jobLink(group.id), tally(group.runs), latest(group), only(group, number(group.runs.length))],
  card: group => [h("div.l", jobLink(group.id), only(group, plural(group.runs.length, "run"))), tally(group.runs), h("div.jd", latest(group))]});

// ---- the page

function filters(ctx) {
  const reset = {after: null, page: null, reason: null}, current = ctx.query.get("status") ?? "all";
  const job = ctx.query.get("job"), reasons = ctx.query.get("reason"), type = ctx.query.get("type");
  const isBounded = ctx.query.has("from") || ctx.query.has("to");
  return h("div.tools", {key: "tools"},
    chips({label: "Outcome", value: current, items: [{value: "all", text: "All"}, ...statuses.map(name => ({value: name, text: LABEL[name]}))],
      onpick: name => ctx.setQuery({...reset, status: name === "all" ? null : name})}),
    job && button(`Job: ${jobOf(job)?.name ?? job.slice(-6)}`, {icon: "close", size: "small", onclick: () => ctx.setQuery({...reset, job: null})}),
    type && button(`Action: ${type}`, {icon: "close", size: "small", onclick: () => ctx.setQuery({...reset, type: null})}),
    ["skipped", "failed", "timed_out", "cancelled"].includes(current) && select({label: "Reason", value: reasons ?? "", onchange: reason => ctx.setQuery({...reset, reason}),
      options: [["", "Any reason"], ...Object.entries(REASON).map(([name, text]) => [name, text.charAt(0).toUpperCase() + text.slice(1)])]}),
    h("div.tools.push", isBounded ? button("Any time", {icon: "close", size: "small", "aria-label": "Since a moment: show any time", onclick: () => ctx.setQuery({...reset, from: null, to: null})})
      : select({label: "Time", value: ctx.query.get("span") ?? "", options: spans, onchange: span => { ctx.state.from = null; ctx.setQuery({...reset, span}); }}),
    h("label.check", h("input", {type: "checkbox", checked: Boolean(grouping(ctx)), onchange: event => ctx.setQuery({group: event.target.checked ? "1" : "0"}, {push: false, reload: false})}), "Group by job")));
}

function pages(ctx, data) {
  const {at} = data, from = at * size + 1, trail = ctx.state.trail ??= [];
  const next = data.next && (() => {
    trail[at] = ctx.query.get("after");
    ctx.setQuery({after: data.next, page: at + 1});
    scrollTo(0, 0);
  });
  const prev = at > 0 && (() => ctx.setQuery({after: at > 1 ? trail[at - 1] : null, page: at > 1 && trail[at - 1] ? at - 1 : null}));
  return pager({from, to: data.runs.length ? from + data.runs.length - 1 : 0, total: data.total, capped: data.total_capped, next, prev});
}

function nothing(ctx) {
  const name = ctx.query.get("status");
  return empty(name ? `No ${LABEL[name]?.toLowerCase() ?? ""} runs` : "No runs", ctx.query.size ? "None that match." : "A run appears here as soon as a job is due.",
    ctx.query.size > 0 && button("Show all runs", {onclick: () => go("/runs")}));
}

function view(ctx, p) {
  const {data, error} = p.runs;
  judge(ctx, data.runs);
  const show = () => { p.runs.data = data.latest; ctx.draw(); };
  return [
    head({title: "Runs", sub: `${plural(data.total, "run")}${data.total_capped ? " or more" : ""}, the latest first`}),
    filters(ctx),
    h("section.card", {key: "list", "aria-label": "Runs", class: error && "old"},
      error && h("div.stale", {role: "status"}, icon("warn", 14), h("span", error.text), button("Retry", {size: "small", onclick: () => ctx.reload()})),
      data.newer && h("button.newer", {type: "button", key: "newer", onclick: show}, typeof data.newer === "number" ? `${number(data.newer)}${data.newer >= size ? "+" : ""} newer: show` : "Some have ended: show"),
      data.runs.length === 0 ? nothing(ctx) : [grouping(ctx) ? grouped(data.runs) : table({caption: "Runs", class: "runs", columns, rows: data.runs, cells, card}), pages(ctx, data)])];
}

page("/runs", {nav: "runs", title: () => "Runs", main: "runs", panels: {runs}, live: {runs: ["runs"]}, view});
)carillon",
};

inline constexpr std::string_view dashboard_js_page_timeline_js[] = {
    R"carillon(// SPDX-License-Identifier: MIT
// page_timeline.js - what would run: how much at a time, and which jobs when.
import {api} from "./api.js";
import {bars} from "./charts.js";
import {h, s} from "./dom.js";
import {jobLink, jobOf} from "./names.js";
import {href, page} from "./router.js";
import {now, relative, spoken, time, timeText} from "./time.js";
import {banner, button, card, empty, head, iconButton, number, plural, segmented, table} from "./ui.js";

const spans = {"1h": 3_600_000, "24h": 86_400_000, "7d": 604_800_000};
const most = 10_000, mostLanes = 40, mostRows = 200;

/** From now on where the address does not say. */
function bounds(ctx) {
  const span = spans[ctx.query.get("span")] ?? spans["24h"], given = Date.parse(ctx.query.get("from") ?? "");
  const from = Number.isFinite(given) ? given : Math.floor(now() / 60_000) * 60_000, until = Date.parse(ctx.query.get("to") ?? "");
  return {from, to: Number.isFinite(until) && until > from ? until : from + span, span};
}

async function forecast(ctx) {
  const {from, to} = bounds(ctx);
  const answer = await api.get("/what-would-run", {query: {from: new Date(from).toISOString(), to: new Date(to).toISOString(), limit: most}, signal: ctx.signal});
  return {...answer, from, to};
}

// ---- how much at a time

function peak(buckets) {
  return buckets.reduce((best, n, i) => n > buckets[best] ? i : best, 0);
}

const marksOf = ({from, to}, n) => [0, 1, 2, 3, 4].map(i => [i * n / 4, timeText(from + (to - from) * i / 4, {style: to - from > 2 * spans["24h"] ? "day" : "clock"})]);

function density(data) {
  const {buckets, occurrences, from, to} = data, at = peak(buckets), width = (to - from) / buckets.length;
  const label = `${plural(occurrences.length, "run")} in ${spoken(to - from)}; most, ${number(buckets[at])}, in the ${spoken(width)} from ${timeText(from + at * width)}`;
  return card("How much at a time", {extra: `at most ${number(buckets[at])} in ${spoken(width)}`, pad: true},
    bars({values: buckets, label, strong: buckets[at] > 1 ? at : -1, marks: marksOf(data, buckets.length), minimum: 3}));
}

// ---- which jobs when

function lanesOf(occurrences) {
  const all = new Map();
  for (const one of occurrences) {
    if (!all.has(one.job_id)) all.set(one.job_id, {id: one.job_id, name: one.job_name, at: []});
    all.get(one.job_id).at.push(Date.parse(one.at));
  }
  return [...all.values()].sort((a, b) => a.at[0] - b.at[0]);
}

function lane(one, {from, to}) {
  const share = at => 100 * (at - from) / (to - from), shown = [];
  let last = -1;
  for (const at of one.at) { // what lies closer than a line is wide is one line
    const x = share(at);
    if (x - last < .25) continue;
    shown.push(x);
    last = x;
  }
  const label = `${one.name}: ${plural(one.at.length, "run")}, first ${timeText(one.at[0])}${one.at.length > 1 ? `, last ${timeText(one.at.at(-1))}` : ""}`;
  return s("svg", {width: "100%", height: 22, role: "img", "aria-label": label, class: "when"}, s("title", label), s("line", {x1: 0, x2: "100%", y1: 11, y2: 11, class: "rule"}),
    shown.map(x => s("rect", {x: `${x}%`, y: 3, width: 2.5, height: 16, rx: 1, transform: "translate(-1 0)", class: "tick"})));
}

function lanes(data) {
  const all = lanesOf(data.occurrences);
  return card("Which jobs when", {extra: plural(all.length, "job")}, h("ul.lanes", all.slice(0, mostLanes).map(one => h("li", {key: one.id, "data-row": one.id},
    h("div", jobLink(one.id), h("div.jd", `${number(one.at.length)} ×`)), lane(one, data)))),
  all.length > mostLanes && h("p.pad.muted", `And ${plural(all.length - mostLanes, "more job", "more jobs")}: choose a shorter time to see them.`));
}

const columns = [{name: "at", label: "When"}, {name: "in", label: "In"}, {name: "job", label: "Job"}, {name: "type", label: "Action", opt: true}];
const rowId = one => `${one.job_id}-${one.at}`;
const zoneOf = one => jobOf(one.job_id)?.time_zone;
const list = data => h("details.card.fold", {key: "list"}, h("summary", h("h2", "Show as table")), table({caption: "What would run", columns, rows: data.occurrences.slice(0, mostRows), id: rowId,
  cells: one => [time(one.at, {zone: zoneOf(one), style: "seconds"}), relative(one.at), jobLink(one.job_id), h("span.muted", one.action_type)],
  card: one => [h("div.l", jobLink(one.job_id), relative(one.at)), time(one.at, {zone: zoneOf(one), style: "seconds"})]}),
data.occurrences.length > mostRows && h("p.pad.muted", `The first ${mostRows} of ${number(data.occurrences.length)}.`));

// ---- the page

function tools(ctx) {
  const {from, to, span} = bounds(ctx), length = to - from;
  const move = by => ctx.setQuery({from: new Date(from + by).toISOString(), to: new Date(to + by).toISOString()});
  return h("div.tools", {key: "tools"}, segmented({label: "How long", value: Object.keys(spans).find(name => spans[name] === length) ?? "", items: [["1h", "1 h"], ["24h", "24 h"], ["7d", "7 d"]],
    onpick: name => ctx.setQuery({span: name, to: null})}),
  iconButton("left", "Earlier", {onclick: () => move(-length)}), button("From now", {size: "small", onclick: () => ctx.setQuery({from: null, to: null, span: Object.keys(spans).find(name => spans[name] === span)})}), iconButton("right", "Later", {onclick: () => move(length)}));
}

page("/timeline", {
  nav: "timeline",
  title: () => "Timeline",
  main: "forecast",
  panels: {forecast},
  live: {jobs: ["forecast"]},
  view: (ctx, {forecast: {data}}) => [
    head({title: "Timeline", sub: ["What would run from ", time(data.from), " to ", time(data.to), ", if nothing changes"]}),
    tools(ctx),
    data.truncated && banner("warn", `Stopped at ${number(data.occurrences.length)} occurrences: choose a shorter time.`),
    data.occurrences.length === 0 ? h("section.card", {key: "none"}, empty(["Nothing is due before ", timeText(data.to)], "Paused jobs are not counted.", h("a.btn", {href: href("/jobs")}, "All jobs"))) :
      [density(data), lanes(data), list(data)]],
});
)carillon",
};

inline constexpr std::string_view dashboard_js_pages_js[] = {
    R"carillon(// SPDX-License-Identifier: MIT
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
)carillon",
};

inline constexpr std::string_view dashboard_js_router_js[] = {
    R"carillon(// SPDX-License-Identifier: MIT
// router.js - which page the address names, what it loads, and when it is drawn again. The hash is the whole state.
import {morph, nodes} from "./dom.js";
import {emit, on} from "./state.js";
import {setZone} from "./time.js";
import {errorPage, loading, missingPage} from "./ui.js";
import {confirm, isOverlayOpen} from "./overlay.js";

const routes = [];
let ctx = null;

export function page(pattern, def) {
  const names = [];
  const source = pattern.replace(/:(\w+)/g, (_, name) => (names.push(name), "([^/]+)"));
  routes.push({match: new RegExp(`^${source}$`), names, def});
}

export const current = () => ctx;

// ---- addresses

function parse(hash) {
  const [path, query = ""] = (hash.startsWith("#/") ? hash.slice(1) : "/overview").split("?");
  return {path: path === "/" ? "/overview" : path.replace(/\/$/, ""), query: new URLSearchParams(query)};
}

export function href(path, query = {}) {
  const pairs = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value != null && value !== "") pairs.set(name, value);
  const zone = parse(location.hash).query.get("tz");
  if (zone && !pairs.has("tz")) pairs.set("tz", zone);
  return `#${path}${pairs.size ? `?${pairs}` : ""}`;
}

export const go = (path, query) => visit(href(path, query));
export const back = () => history.back();

async function visit(hash, {replace = false} = {}) {
  if (!await mayLeave()) return;
  rememberPlace();
  history[replace ? "replaceState" : "pushState"](null, "", hash);
  enter();
}

// ---- leaving and coming back

const places = new Map(); // hash -> {y, focus}: where somebody was, for Back
let shown = "";

function rememberPlace() {
  if (ctx) places.set(shown, {y: scrollY, focus: document.activeElement?.getAttribute("href")});
}

async function mayLeave() {
  const question = ctx?.def.leave?.(ctx);
  return !question || Boolean(await confirm({title: "Leave this page?", text: question, action: "Leave", danger: true}));
}

async function popped() {
  if (location.hash === shown) return;
  const wanted = location.hash;
  if (ctx?.def.leave?.(ctx)) {
    history.pushState(null, "", shown);
    if (!await mayLeave()) return;
    history.replaceState(null, "", wanted);
  } else {
    rememberPlace();
  }
  enter(places.get(wanted));
}

// ---- one visit

function makeContext(def, params, path, query) {
  const made = {
    def, params, path, query, state: {}, panels: {}, alive: true, busy: false, calls: {},
    draw: () => schedule(made),
    reload: (...names) => load(made, names.length ? names : Object.keys(def.panels ?? {})),
    setQuery: (change, options) => setQuery(made, change, options),
  };
  for (const name of Object.keys(def.panels ?? {}))
    made.panels[name] = {data: undefined, error: null, at: null, loading: false};
  return made;
}

function setQuery(own, change, {push = true, reload = true} = {}) {
  const query = new URLSearchParams(own.query);
  for (const [name, value] of Object.entries(change))
    if (value == null || value === "") query.delete(name);
    else query.set(name, value);
  if (query.toString() === own.query.toString()) return;
  own.query = query;
  const hash = `#${own.path}${query.size ? `?${query}` : ""}`;
  history[push ? "pushState" : "replaceState"](null, "", hash);
  shown = location.hash;
  if (reload) own.reload();
  own.draw();
}

function find(path) {
  for (const {match, names, def} of routes) {
    const found = match.exec(path);
    if (found) return [def, Object.fromEntries(names.map((name, i) => [name, decodeURIComponent(found[i + 1])]))];
  }
  return [{title: () => "Not found", view: () => missingPage("There is no such page.")}, {}];
}

function enter(place) {
  const {path, query} = parse(location.hash);
  shown = location.hash;
  if (query.has("tz")) setZone(query.get("tz"), {remember: false});
  if (ctx && ctx.path === path) { // Back to another filter of the same page
    ctx.query = query;
    ctx.state.place = place;
    ctx.def.changed?.(ctx);
    ctx.reload();
    ctx.draw();
    return;
  }
  leave();
  const [def, params] = find(path);
  ctx = makeContext(def, params, path, query);
  ctx.state.place = place;
  const main = document.getElementById("main");
  main.replaceChildren();
  emit("route", ctx);
  ctx.reload();
  drawNow(ctx);
  scrollTo(0, 0);
  main.focus({preventScroll: true});
}

function leave() {
  if (!ctx) return;
  ctx.alive = false;
  for (const call of Object.values(ctx.calls)) call.abort();
}

// ---- loading

function load(own, names, isLive = false) {
  return Promise.all(names.map(name => loadPanel(own, name, isLive)));
}

async function loadPanel(own, name, isLive) {
  const panel = own.panels[name];
  if (isLive && panel.loading) return; // what is on its way is as new
  own.calls[name]?.abort();
  const call = own.calls[name] = new AbortController();
  panel.loading = true;
  emit("loading");
  try {
    const data = await own.def.panels[name](Object.assign(Object.create(own), {signal: call.signal, isLive}));
    if (call.signal.aborted) return;
    Object.assign(panel, {data, error: null, at: Date.now(), loading: false});
  } catch (error) {
    if (call.signal.aborted || error.name === "AbortError") return;
    if (!error.status && !error.offline) console.error(error);
    Object.assign(panel, {error, loading: false});
  }
  emit("loading");
  own.draw();
}

export const isLoading = () => Boolean(ctx && Object.values(ctx.panels).some(panel => panel.loading));

// ---- drawing

let isScheduled = false;
function schedule(own) {
  if (isScheduled || !own.alive) return;
  isScheduled = true;
  queueMicrotask(() => {
    isScheduled = false;
    if (own === ctx) drawNow(own);
  });
}

function content(own) {
  const main = own.panels[own.def.main];
  if (!main || main.data !== undefined) return own.def.view(own, own.panels);
  if (!main.error) return loading();
  if (main.error.status === 404) return own.def.missing?.(own) ?? missingPage("Not in this tenant, or deleted.");
  return errorPage(main.error, () => own.reload());
}

/** Whoever had the focus in a row that is gone has it in the next one, else on the page: never nowhere. */
function keepingFocus(element, draw) {
  const focused = element.contains(document.activeElement) ? document.activeElement : null;
  const row = focused?.closest("[data-row]"), next = row?.nextElementSibling ?? row?.previousElementSibling;
  draw();
  if (!focused || focused.isConnected) return;
  const target = next?.isConnected ? next.querySelector("a.jn, a, button") : null;
  (target ?? element).focus({preventScroll: true});
}

function drawNow(own) {
  const element = document.getElementById("main");
  keepingFocus(element, () => morph(element, nodes(content(own))));
  element.setAttribute("aria-busy", isLoading());
  document.title = `${own.def.title?.(own, own.panels) ?? "Carillon"} · Carillon`;
  const main = own.panels[own.def.main];
  if (own.state.place && (!main || main.data !== undefined)) returnTo(own);
  emit("drawn", own);
}

function returnTo(own) {
  const {y, focus} = own.state.place;
  own.state.place = null;
  scrollTo(0, y);
  if (focus) document.querySelector(`main a[href="${CSS.escape(focus)}"]`)?.focus({preventScroll: true});
}

// ---- live

/** Hints wait while somebody chooses or types: what is under a pointer or a cursor must not move. */
export const isWaiting = () => isOverlayOpen() || Boolean(ctx?.busy) ||
  Boolean(document.activeElement?.matches("main input:not([type=checkbox]):not([type=search]), main textarea, main select"));

export function hinted(hint) {
  const wanted = ctx?.def.live;
  if (!wanted) return;
  const names = typeof wanted === "function" ? wanted(hint, ctx) :
    hint.name === "all" ? [...new Set(Object.values(wanted).flat())] : wanted[hint.name] ?? [];
  if (names.length) load(ctx, names, true);
}

export function start() {
  addEventListener("popstate", popped);
  addEventListener("beforeunload", event => { if (ctx?.def.leave?.(ctx)) event.preventDefault(); });
  document.addEventListener("click", event => {
    const link = event.target.closest?.("a[href^='#/']");
    if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    if (link.getAttribute("href") !== location.hash) visit(link.getAttribute("href"));
    else ctx?.reload();
  });
  on("redraw", () => ctx?.draw());
  on("changed", () => ctx?.reload());
  history.scrollRestoration = "manual";
  enter();
}
)carillon",
};

inline constexpr std::string_view dashboard_js_schedule_field_js[] = {
    R"carillon(// SPDX-License-Identifier: MIT
// schedule_field.js - a schedule while it is typed: what it means, when it is due next, or where it is wrong.
import {api} from "./api.js";
import {h} from "./dom.js";
import {occurrence, relative, zoneLabel} from "./time.js";
import {button, field, note, select} from "./ui.js";

const quiet = 150, announceAfter = 1_000;

const templates = [["", "Templates"], ["0 * * * *", "Every hour"], ["*/15 * * * *", "Every 15 minutes"], ["0 9 * * *", "Every day at 9"], ["0 9 * * 1-5", "Every weekday at 9"],
  ["0 8 * * 1", "Every Monday at 8"], ["0 6 1 * *", "The first of the month at 6"], ["0 22 L * *", "The last of the month at 22"], ["@every 30s", "Every 30 seconds"]];

const questionOf = ({schedule, time_zone, dialect, dst}) => ({schedule, time_zone, dialect, dst, n: 5});

/** Asks for what the form has now; an answer about an earlier text is dropped. */
export function describe(ctx, form) {
  const state = ctx.state.described ??= {}, asked = JSON.stringify(questionOf(form));
  if (state.asked === asked) return state;
  state.asked = asked;
  clearTimeout(state.timer);
  state.call?.abort();
  if (form.schedule.trim() === "") Object.assign(state, {answer: null, failure: null});
  else state.timer = setTimeout(() => ask(ctx, state, asked), quiet);
  return state;
}

async function ask(ctx, state, asked) {
  const call = state.call = new AbortController();
  try {
    const answer = await api.post("/describe", JSON.parse(asked), {signal: call.signal});
    if (state.asked !== asked) return;
    Object.assign(state, {answer, failure: null});
  } catch (error) {
    if (error.name === "AbortError" || state.asked !== asked) return;
    Object.assign(state, {answer: null, failure: error});
    if (error.status === 429) setTimeout(() => { if (state.asked === asked) ask(ctx, state, asked); }, 1_000 * (error.retryAfter ?? 1));
  }
  ctx.draw();
  clearTimeout(state.speaker);
  state.speaker = setTimeout(() => announce(ctx, state), announceAfter);
}

/** To those who hear the page: once for each text, when typing has stopped. */
function announce(ctx, state) {
  const words = state.answer?.ok ? state.answer.text : state.answer?.error?.message;
  if (!words || words === state.spoken) return;
  state.spoken = words;
  ctx.draw();
}

export const errorOf = state => state.answer && !state.answer.ok ? state.answer.error : null;
const isNever = state => state.answer?.ok && state.answer.never_fires;

function caret(text, column) {
  return column > 0 && h("pre.caret", {"aria-hidden": "true"}, `${text}\n${" ".repeat(Math.min(column, text.length + 1) - 1)}^`);
}

function goTo(column) {
  const input = document.querySelector("main input[name=schedule]");
  input.focus();
  input.setSelectionRange(column - 1, column);
}

function wrong(state, form) {
  const {column, message} = errorOf(state);
  return [caret(form.schedule, column), h("div.tools", h("p.field-error", message), column > 0 && button(`Go to column ${column}`, {size: "small", onclick: () => goTo(column)}))];
}

function meaning({answer}, form) {
  return [h("p.strong", answer.text),
    answer.warnings.map(one => h("div", {key: one.code}, note(one.text))),
    isNever({answer}) ? note("It never fires, and would not be accepted.", "error") :
      h("ul.rows.up.preview", {"aria-label": `Next runs in ${zoneLabel(form.time_zone)}`}, answer.next.map(one => h("li", {key: one.at}, occurrence(one, {zone: form.time_zone}), h("span.muted", relative(one.at)),
        one.notes.map(text => h("div.all", {key: text.code}, note(text.text))))))];
}

/** `set(name, value)` changes the form; `error` is what the API has said of it when it was sent. */
export function scheduleField(ctx, form, set, error) {
  const state = describe(ctx, form), bad = errorOf(state);
  const input = h("input.mono", {name: "schedule", type: "text", value: form.schedule, spellcheck: "false", autocomplete: "off", autocapitalize: "off", required: true, maxlength: 512,
    placeholder: "0 9 * * 1-5", oninput: event => set("schedule", event.target.value), "aria-invalid": bad ? "true" : null});
  return h("div.schedule", {key: "schedule"},
    field({label: "Schedule", id: "schedule-field", error, hint: "Five fields: minute, hour, day of the month, month, day of the week; or @every 90s, @at 2027-01-01T09:00:00Z"}, input),
    select({label: "Templates", value: "", options: templates, onchange: text => { if (text) set("schedule", text); }}),
    h("div.preview", {key: "preview"}, bad ? wrong(state, form) : state.answer ? meaning(state, form) : state.failure ? h("p.field-error", state.failure.text) : null),
    h("p.sr", {key: "spoken", role: "status"}, state.spoken ?? ""));
}

/** Whether it is known that it would not be accepted. */
export const isRefused = ctx => Boolean(errorOf(ctx.state.described ?? {}) || isNever(ctx.state.described ?? {}));
)carillon",
};

inline constexpr std::string_view dashboard_js_shell_js[] = {
    R"carillon(// SPDX-License-Identifier: MIT
// shell.js - what stands around every page: brand, navigation, the state of live updates, time zone, theme, menu.
import {h, morph} from "./dom.js";
import {bell, icon} from "./icons.js";
import {iconButton, segmented} from "./ui.js";
import {menu, messages, showMessages, toast} from "./overlay.js";
import {can, on, prefs, session} from "./state.js";
import {mine, setZone, zoneMode} from "./time.js";
import {liveState, togglePause} from "./live.js";
import {current, href, isLoading} from "./router.js";
import {help} from "./keys.js";
import {signOut} from "./signin.js";

const sections = [["overview", "Overview", "home"], ["jobs", "Jobs", "jobs"], ["runs", "Runs", "runs"], ["timeline", "Timeline", "time"], ["audit", "Audit", "audit"]];

// ---- theme

const dark = matchMedia("(prefers-color-scheme: dark)");
const isDark = () => (prefs.get("theme", null) ?? (dark.matches ? "dark" : "light")) === "dark";

function showTheme() {
  document.documentElement.dataset.theme = isDark() ? "dark" : "light";
}

function toggleTheme() {
  const wanted = isDark() ? "light" : "dark";
  prefs.set("theme", wanted === (dark.matches ? "dark" : "light") ? null : wanted); // what the system says needs no keeping
  showTheme();
  draw();
}

// ---- the header

async function leave() {
  try {
    await signOut();
  } catch (error) {
    toast(error.text ?? "Signing out has failed.", {kind: "error"});
  }
}

function accountMenu(event) {
  const failed = messages.filter(one => one.kind === "error").length;
  menu(event.currentTarget, [
    {heading: `${session.tenant}${session.actor ? ` as ${session.actor}` : ""}`},
    {text: `Messages (${messages.length}${failed ? `, ${failed} failed` : ""})`, icon: "bell", run: showMessages},
    {text: "Keyboard shortcuts", icon: "help", hint: "?", run: help},
    {text: isDark() ? "Light theme" : "Dark theme", icon: isDark() ? "sun" : "moon", run: toggleTheme},
    "-",
    {text: "Sign out", icon: "external", run: leave},
  ]);
}

function live() {
  const {name, text} = liveState();
  return h("button.live", {type: "button", class: name, onclick: togglePause, title: name === "paused" ? "Go on with live updates" : "Pause live updates",
    "aria-label": `${text}. ${name === "paused" ? "Go on with" : "Pause"} live updates`},
  h("i", {class: name === "live" && "pulsing", "aria-hidden": "true"}), h("span.t", text));
}

function bar() {
  const section = current()?.def.nav;
  return [
    h("div.bar",
      h("a.brand", {href: href("/overview"), "aria-label": "Carillon, overview"}, bell(), h("span", "Carillon")),
      h("span.tenant", h("b", session.tenant), session.actor && ` as ${session.actor}`),
      h("nav.main", {"aria-label": "Main"}, sections.map(([name, text, shape]) =>
        h("a", {key: name, href: href(`/${name}`), "aria-current": section === name ? "page" : null}, icon(shape, 18), h("span", text)))),
      h("span.grow"),
      live(),
      segmented({label: "Time zone", value: zoneMode(), onpick: setZone,
        items: [["job", "Job", "Each job's own time zone"], ["mine", "Mine", mine], ["utc", "UTC", "UTC"]]}),
      iconButton(isDark() ? "sun" : "moon", isDark() ? "Light theme" : "Dark theme", {onclick: toggleTheme, class: "wide"}),
      h("button.icon", {type: "button", "aria-label": "Menu", title: "Menu", "aria-haspopup": "menu", "aria-expanded": "false", onclick: accountMenu}, icon("user"))),
    h("div.progress", {class: isSlow && "on", "aria-hidden": "true"}),
    !can("write") && !can("trigger") && h("p.readonly", {role: "note"}, "Read only: you may look at everything and change nothing."),
  ];
}

let slow = null, isSlow = false;
function watchLoading() {
  if (isLoading() && !slow) slow = setTimeout(() => { isSlow = isLoading(); draw(); }, 150);
  if (isLoading()) return;
  clearTimeout(slow);
  slow = null;
  if (isSlow) {
    isSlow = false;
    draw();
  }
}

function draw() {
  morph(document.getElementById("top"), bar());
}

export function start() {
  for (const topic of ["route", "live", "zone", "session", "overlay", "messages"]) on(topic, draw);
  on("loading", watchLoading);
  dark.addEventListener("change", () => { showTheme(); draw(); });
  draw();
}

showTheme();
)carillon",
};

inline constexpr std::string_view dashboard_js_signin_js[] = {
    R"carillon(// SPDX-License-Identifier: MIT
// signin.js - how somebody gets in: by the host's own session, by an address with a token in its fragment, by a form.
import {ApiError, onSignedOut, sessions} from "./api.js";
import {h, morph, uid} from "./dom.js";
import {bell, icon} from "./icons.js";
import {confirm, dialog} from "./overlay.js";
import {session, setSession} from "./state.js";

const shared = window.BroadcastChannel ? new BroadcastChannel(`carillon session ${location.pathname}`) : null;

async function enterWith(token) {
  await sessions.open(token);
  const answer = await sessions.who();
  if (!answer) throw new ApiError({status: 401});
  return answer;
}

const refusal = error => error.status === 401 ? "This does not let you in." :
  error.status === 429 ? `Too many attempts; try again in ${error.retryAfter ?? 60} s.` : error.text ?? String(error);

/** The form; `done` gets the session. */
function form(done, {text} = {}) {
  const id = uid("token");
  const error = h("p.field-error", {role: "alert", id: `${id}-error`});
  const input = h("input", {type: "password", id, autocomplete: "current-password", spellcheck: "false", autocapitalize: "off", required: true, "aria-describedby": `${id}-error`});
  const submit = h("button.btn.primary", {type: "submit"}, "Sign in");
  const node = h("form.signin", {novalidate: true, onsubmit: async event => {
    event.preventDefault();
    const token = input.value.trim();
    error.textContent = token ? "" : "Enter the token.";
    if (!token) return input.focus();
    submit.disabled = true;
    try {
      done(await enterWith(token));
    } catch (failed) {
      error.textContent = refusal(failed);
      input.setAttribute("aria-invalid", "true");
      input.select();
    } finally {
      submit.disabled = false;
    }
  }}, text && h("p.muted", text), h("div.field", h("label", {for: id}, "Token"), input, error), submit);
  return node;
}

function page(resolve) {
  document.body.classList.add("outside");
  document.title = "Sign in · Carillon";
  const main = document.getElementById("main");
  main.removeAttribute("aria-busy");
  morph(main, h("section.card.gate", h("div.gatehead", bell(), h("h1", "Carillon")),
    form(answer => {
      document.body.classList.remove("outside");
      main.replaceChildren();
      resolve(answer);
    }, {text: "Sign in with a token of this scheduler."})));
  main.querySelector("input").focus();
}

async function fromFragment() {
  const [, token] = /^#token=(.+)$/.exec(location.hash) ?? [];
  if (!token) return null;
  history.replaceState(null, "", location.pathname + location.search); // before anything else can copy the address
  const known = await sessions.who();
  if (known) {
    const next = await sessions.who(decodeURIComponent(token));
    if (next && next.tenant === known.tenant && next.actor === known.actor) return known;
    const asked = await confirm({title: "Sign in as somebody else?", action: "Replace the session",
      text: `You are signed in to ${known.tenant} as ${known.actor || "nobody in particular"}. The address that you have opened carries another token.`});
    if (!asked) return known;
  }
  return enterWith(decodeURIComponent(token));
}

/** Resolves when somebody is in. */
export async function signIn() {
  let answer = null;
  try {
    answer = await fromFragment() ?? await sessions.who();
  } catch (error) {
    if (error.offline) throw error;
  }
  setSession(answer ?? await new Promise(page));
  onSignedOut(again);
  shared?.addEventListener("message", ({data}) => { if (data === "out") again(); });
}

// ---- signed out over a page that stays as it is

let asking = null;

function again() {
  asking ??= ask().finally(() => { asking = null; });
  return asking;
}

async function ask() {
  const who = session.actor, tenant = session.tenant;
  const answer = await dialog({title: "Signed out", focus: "input", body: close => [
    h("p", "The session has ended. What you see and what you have typed stays."), h("div", form(close))]});
  if (!answer) return false;
  if (answer.tenant !== tenant || answer.actor !== who) {
    location.reload();
    return false;
  }
  setSession(answer);
  return true;
}

export async function signOut() {
  await sessions.close();
  shared?.postMessage("out");
  location.hash = "#/overview";
  location.reload();
}

export const offlinePage = retry => morph(document.getElementById("main"), h("section.card.gate",
  h("div.gatehead", bell(), h("h1", "Carillon")), h("p", {role: "alert"}, icon("warn"), " The server cannot be reached."),
  h("button.btn", {type: "button", onclick: retry}, "Try again")));
)carillon",
};

inline constexpr std::string_view dashboard_js_state_js[] = {
    R"carillon(// SPDX-License-Identifier: MIT
// state.js - who is signed in, what this browser prefers, and a bus between modules that do not know each other.

export const session = {tenant: "", actor: "", permissions: {}, signedIn: false};

/** Whether to offer something. The API decides again; this keeps buttons away that could only fail. */
export const can = permission => Boolean(session.permissions[permission]);

export function setSession(answer) {
  Object.assign(session, {tenant: "", actor: "", permissions: {}}, answer, {signedIn: Boolean(answer)});
  emit("session", session);
}

const listeners = new Map();

export function on(topic, listener) {
  if (!listeners.has(topic)) listeners.set(topic, new Set());
  listeners.get(topic).add(listener);
  return () => listeners.get(topic).delete(listener);
}

export function emit(topic, value) {
  for (const listener of [...listeners.get(topic) ?? []]) listener(value);
}

// Private windows of some browsers throw on any use of the storage: then a preference lasts as long as the page.
const volatile = new Map();

export const prefs = {
  get(name, fallback) {
    try {
      return JSON.parse(localStorage.getItem(`carillon.${name}`)) ?? fallback;
    } catch {
      return volatile.get(name) ?? fallback;
    }
  },
  set(name, value) {
    volatile.set(name, value);
    try {
      localStorage.setItem(`carillon.${name}`, JSON.stringify(value));
    } catch { /* kept above */ }
  },
};

const narrow = matchMedia("(max-width: 699px)");
const middle = matchMedia("(max-width: 999px)");
for (const query of [narrow, middle]) query.addEventListener("change", () => emit("redraw"));
export const isNarrow = () => narrow.matches;
export const isMiddle = () => middle.matches;
)carillon",
};

inline constexpr std::string_view dashboard_js_table_js[] = {
    R"carillon(// SPDX-License-Identifier: MIT
// table.js - rows as a table where there is room, as cards where there is not.
import {h} from "./dom.js";
import {isNarrow} from "./state.js";

function heading(column, sort, onsort) {
  const order = column.sort && column.sort === sort ? column.descending ? "descending" : "ascending" : null;
  const label = column.hidden ? h("span.sr", column.label) : column.label;
  return h("th", {key: column.name, scope: "col", class: [column.class, column.num && "num", column.opt && "opt"], "aria-sort": order},
    column.sort && onsort ? h("button", {type: "button", onclick: () => onsort(column.sort)}, label,
      h("span.arrow", {"aria-hidden": "true"}, order === "descending" ? "↓" : order ? "↑" : "")) : label);
}

/** `rows` have an id, or `id(row)` makes one; `cells(row)` has a node for each column, `card(row)` is the narrow form. */
export function table({caption, columns, rows, id = row => row.id, cells, card, sort, onsort, selected, class: extra}) {
  if (card && isNarrow())
    return h("ul.cards", {key: "cards", "aria-label": caption}, rows.map(row =>
      h("li", {key: id(row), "data-row": id(row), "aria-current": selected?.(row) ? "true" : null, class: selected?.(row) && "chosen"}, card(row))));
  const classes = columns.map(column => [column.class, column.num && "num", column.opt && "opt"]);
  return h("div.tablewrap", {key: "table"}, h("table", {class: extra}, h("caption.sr", caption),
    h("thead", h("tr", columns.map(column => heading(column, sort, onsort)))),
    h("tbody", rows.map(row => h("tr", {key: id(row), "data-row": id(row), class: selected?.(row) && "chosen"},
      cells(row).map((cell, i) => h("td", {class: classes[i]}, cell)))))));
}
)carillon",
};

inline constexpr std::string_view dashboard_js_time_js[] = {
    R"carillon(// SPDX-License-Identifier: MIT
// time.js - what time it is, and how instants and durations are written: always with an offset, UTC always at hand.
import {h} from "./dom.js";
import {emit, prefs} from "./state.js";

// ---- the clock: the server's, carried on by a steady one

let origin = Date.now() - performance.now();
export const now = () => origin + performance.now();

/** `Date` has whole seconds, so that smaller differences mean nothing. */
export function heardServer(date) {
  const server = Date.parse(date ?? "");
  if (Number.isFinite(server) && Math.abs(server + 500 - now()) > 2_000) origin = server + 500 - performance.now();
}

// ---- whose zone

const modes = ["job", "mine", "utc"];
let mode = prefs.get("zone", "job");
export const zoneMode = () => mode;
export const mine = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";

export function setZone(wanted, {remember = true} = {}) {
  if (!modes.includes(wanted) || wanted === mode) return;
  mode = wanted;
  if (remember) prefs.set("zone", wanted);
  emit("zone", mode);
  emit("redraw");
}
export const nextZone = () => setZone(modes[(modes.indexOf(mode) + 1) % modes.length]);

/** What belongs to no job, or to many, is told by the viewer's own clock. */
export const zoneFor = zone => mode === "utc" ? "UTC" : mode === "mine" ? mine : zone || mine;
export const zoneLabel = zone => zoneFor(zone).replaceAll("_", " ");

const formats = new Map();
function format(zone, options) {
  const name = zone + JSON.stringify(options);
  let made = formats.get(name);
  if (!made) {
    try {
      made = new Intl.DateTimeFormat("en-GB", {timeZone: zone, hourCycle: "h23", ...options});
    } catch { // a zone that this browser does not know
      made = new Intl.DateTimeFormat("en-GB", {timeZone: "UTC", hourCycle: "h23", ...options});
    }
    formats.set(name, made);
  }
  return made;
}

const clock = {hour: "2-digit", minute: "2-digit"};
const clockSeconds = {...clock, second: "2-digit"};
const dayOptions = {weekday: "short", day: "numeric", month: "short"};

function offsetText(at, zone) {
  const part = format(zone, {timeZoneName: "shortOffset"}).formatToParts(at).find(p => p.type === "timeZoneName");
  return (part?.value ?? "GMT").replace("GMT", "UTC").replace(/^UTC[+-]0$/, "UTC").replace("-", "−");
}
export const offsetNow = zone => offsetText(now(), zone || "UTC");

/** When clocks are set back an hour comes twice: which of the two this is. */
function repeated(at, zone) {
  const options = {...dayOptions, ...clock}, here = format(zone, options).format(at);
  if (offsetText(at + 3_600_000, zone) !== offsetText(at, zone) && format(zone, options).format(at + 3_600_000) === here)
    return " (first)";
  if (offsetText(at - 3_600_000, zone) !== offsetText(at, zone) && format(zone, options).format(at - 3_600_000) === here)
    return " (second)";
  return "";
}

function dayText(at, zone) {
  const isThisYear = format(zone, {year: "numeric"}).format(at) === format(zone, {year: "numeric"}).format(now());
  return format(zone, isThisYear ? dayOptions : {...dayOptions, year: "numeric"}).format(at).replaceAll(",", "");
}

// A page has hundreds of instants, is drawn often, and Intl takes its time.
const texts = new Map();
function textOf(at, zone, style) {
  const name = `${at} ${zone} ${style}`;
  let text = texts.get(name);
  if (text === undefined) {
    if (texts.size > 5_000) texts.clear();
    texts.set(name, text = makeText(at, zone, style));
  }
  return text;
}

function makeText(at, zone, style) {
  if (style === "day") return dayText(at, zone);
  if (style === "clock") return format(zone, clock).format(at);
  if (style === "clockSeconds") return format(zone, clockSeconds).format(at);
  const hours = format(zone, style === "seconds" ? clockSeconds : clock).format(at);
  return `${dayText(at, zone)} ${hours} ${offsetText(at, zone)}${repeated(at, zone)}`;
}

const utcTitle = at => new Date(at).toISOString().replace(".000Z", "Z");
const millis = at => typeof at === "number" ? at : Date.parse(at);

/** An instant (RFC 3339 or ms) in the zone of the switch. */
export function time(at, {zone = null, style = "full"} = {}) {
  const ms = millis(at);
  if (!Number.isFinite(ms)) return h("span.muted", "–");
  const here = zoneFor(zone);
  return h("time.nowrap", {datetime: utcTitle(ms), title: `${utcTitle(ms)} · ${textOf(ms, here, "seconds")}`}, textOf(ms, here, style));
}
export const timeText = (at, {zone = null, style = "full"} = {}) => textOf(millis(at), zoneFor(zone), style);

/** An occurrence as the server wrote it: its table of zones is the one that fires. */
export function occurrence(o, {zone = null, style = "full"} = {}) {
  if (mode !== "job" || !o.local) return time(o.at, {zone, style});
  const [date, hours] = o.local.split(/[T ]/);
  const noon = Date.parse(`${date}T12:00:00Z`);
  const offset = o.offset === "+00:00" ? "UTC" : "UTC" + o.offset.replace(/^([+-])0/, "$1").replace(/:00$/, "").replace("-", "−");
  const shown = hours.slice(0, style === "seconds" || !hours.endsWith(":00") ? 8 : 5);
  const text = style === "clock" ? hours.slice(0, 5) : style === "day" ? dayText(noon, "UTC") :
    `${dayText(noon, "UTC")} ${shown} ${offset}${repeated(millis(o.at), zone || "UTC")}`;
  return h("time.nowrap", {datetime: utcTitle(millis(o.at)), title: `${utcTitle(millis(o.at))} · ${o.abbr}`}, text);
}

/** The instant that clocks in the zone show as `local`, "2026-10-25T02:30"; the first of two. */
export function instantAt(local, zone) {
  const shown = at => Date.parse(`${format(zone, {year: "numeric", month: "2-digit", day: "2-digit", ...clockSeconds}).format(at).replace(/^(\d+)\/(\d+)\/(\d+), /, "$3-$2-$1T")}Z`);
  const wanted = Date.parse(`${local}Z`), found = [];
  for (const guess of [wanted - 86_400_000, wanted + 86_400_000]) {
    const at = wanted - (shown(guess) - guess);
    if (shown(at) === wanted) found.push(at);
  }
  return Math.min(...found, ...found.length ? [] : [wanted - (shown(wanted - 86_400_000) - (wanted - 86_400_000))]);
}
/** What clocks in the zone show then, as a field for dates and times has it. */
export function localAt(at, zone) {
  const parts = Object.fromEntries(format(zone, {year: "numeric", month: "2-digit", day: "2-digit", ...clockSeconds}).formatToParts(at).map(p => [p.type, p.value]));
  return `${parts.year}-${parts.month}-${parts.day}T${parts.hour}:${parts.minute}:${parts.second}`;
}

// ---- how long

export function duration(ms) {
  if (ms == null || !Number.isFinite(ms)) return "–";
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(Math.floor(ms / 100) / 10).toFixed(1)} s`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, "0")} s`;
  return `${Math.floor(seconds / 3_600)} h ${String(Math.floor(seconds % 3_600 / 60)).padStart(2, "0")} min`;
}

/** Two units at most. */
export function spoken(ms) {
  const all = [["d", 86_400_000], ["h", 3_600_000], ["min", 60_000], ["s", 1_000]];
  let left = Math.abs(ms);
  if (left < 1_000) return "0 s";
  const first = all.findIndex(([, size]) => left >= size);
  const parts = [];
  for (const [unit, size] of all.slice(first, first + (first < 2 ? 2 : 1))) {
    const n = Math.floor(left / size);
    left -= n * size;
    if (n > 0) parts.push(`${n} ${unit}`);
  }
  return parts.join(" ");
}

const units = {ns: 1e-6, us: 1e-3, ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000};
export function parseDuration(text) {
  if (!text || !/^(\d+(\.\d+)?(ns|us|ms|s|m|h|d|w))+$/.test(text)) return text === "0" ? 0 : null;
  return [...text.matchAll(/(\d+(?:\.\d+)?)(ns|us|ms|s|m|h|d|w)/g)].reduce((sum, [, n, unit]) => sum + Number(n) * units[unit], 0);
}
export const shortDuration = text =>
  text == null ? "–" : text.replace(/(\d)([a-z]+)/g, (_, n, unit) => `${n} ${unit === "m" ? "min" : unit} `).trim();

// ---- texts that change by themselves

function relativeText(at, kind) {
  const left = at - now();
  if (kind === "since") return duration(Math.max(0, Math.floor(-left / 1_000) * 1_000));
  if (kind === "due" && left < 1_000) return left > -5_000 ? "due now" : `due for ${spoken(left)}`;
  if (Math.abs(left) < 1_000) return "now";
  return left > 0 ? `in ${spoken(left)}` : `${spoken(left)} ago`;
}

function ticking(at, kind) {
  const ms = millis(at);
  if (!Number.isFinite(ms)) return h("span.muted", "–");
  return h("time.nowrap", {datetime: utcTitle(ms), title: utcTitle(ms), "data-tick": kind, "data-at": ms}, relativeText(ms, kind));
}
export const relative = at => ticking(at, "relative");
/** For what should happen at that time: it is late rather than ago. */
export const due = at => ticking(at, "due");
export const since = at => ticking(at, "since");

setInterval(() => {
  if (document.hidden) return;
  for (const node of document.querySelectorAll("time[data-tick]")) {
    const text = relativeText(Number(node.dataset.at), node.dataset.tick);
    if (node.firstChild?.data !== text) node.firstChild.data = text;
  }
}, 1_000);

export function zones() {
  const all = Intl.supportedValuesOf?.("timeZone") ?? [];
  return [...new Set([mine, "UTC", ...all])];
}
)carillon",
};

inline constexpr std::string_view dashboard_js_ui_js[] = {
    R"carillon(// SPDX-License-Identifier: MIT
// ui.js - the pieces that pages are made of. Each returns a fresh tree; none keeps anything.
import {h, nodes, uid} from "./dom.js";
import {icon, mark} from "./icons.js";
import {pretty} from "./api.js";
import {timeText} from "./time.js";
export {table} from "./table.js";

export const LABEL = {
  completed: "Completed", failed: "Failed", timed_out: "Timed out", running: "Running", skipped: "Skipped",
  cancelled: "Cancelled", pending: "Pending", active: "Active", paused: "Paused", disabled: "Disabled",
};

export const REASON = {
  misfired: "missed while nothing ran", overlapped: "the previous run was still going", queue_full: "the queue was full",
  paused: "the job was paused", disabled: "the job was disabled", edited: "the schedule was changed",
  deleted: "the job was deleted", abandoned: "its worker was lost", outcome_unknown: "the outcome is unknown",
  no_attempt_left: "no attempt was left", permanent: "the failure was permanent",
  cancel_previous: "a newer run took its place", requested: "somebody asked for it",
  attempt_timeout: "an attempt took too long", total_timeout: "all attempts took too long",
};

export const number = n => Number(n ?? 0).toLocaleString("en-US");
export const plural = (n, one, many = `${one}s`) => `${number(n)} ${n === 1 ? one : many}`;

// ---- small things

export const status = (name, {pill = false, label} = {}) =>
  h("span.st", {class: [`c-${name}`, pill && "pill"]}, mark(name), h("span", label ?? LABEL[name] ?? name));
export const tag = text => h("span.tag", text);
export const code = text => h("code", text);
export const link = (text, to, props) => h("a.link", {href: to, ...props}, text);
export const json = value => h("pre", {tabindex: 0, role: "group", "aria-label": "JSON"}, pretty(value));
export const sr = text => h("span.sr", text);

export function button(label, {icon: shape, kind, size, class: extra, ...props} = {}) {
  return h("button.btn", {type: "button", class: [kind, size, extra], ...props}, shape && icon(shape, 14), label && h("span", label));
}
export const linkButton = (label, to, {icon: shape, kind, ...props} = {}) =>
  h("a.btn", {href: to, class: kind, ...props}, shape && icon(shape, 14), h("span", label));
export const iconButton = (shape, label, props) =>
  h("button.icon", {type: "button", "aria-label": label, title: label, ...props}, icon(shape));

export const note = (text, kind = "warn") => h("p.note", {class: kind}, icon(kind === "info" ? "help" : "warn", 15), h("span", text));
export const banner = (kind, text, ...actions) =>
  h("div.banner", {class: kind, role: kind === "error" ? "alert" : "status"}, icon(kind === "info" ? "help" : "warn"), h("p", text), h("span.grow"), actions);
export const empty = (title, text, ...actions) =>
  h("div.blank", h("p.strong", title), text && h("p.muted", text), actions.length > 0 && h("div.btns", actions));
export const defs = pairs => h("dl.def", pairs.filter(Boolean).map(([term, what]) => [h("dt", term), h("dd", what)]));

// ---- the frame of a page

export const head = ({crumb, title, sub, below, actions}) =>
  h("div.head", h("div", crumb && h("p.crumb", crumb), h("h1", title), sub && h("p.sub", sub), below),
    actions && nodes(actions).length > 0 && h("div.btns", actions));

export function card(title, {extra, key, pad = false, class: more} = {}, ...kids) {
  return h("section.card", {key: key ?? title, class: more, "aria-label": title},
    h("header", h("h2", title), extra && h("span.muted", extra)), pad ? h("div.pad", kids) : kids);
}

const skeleton = n => h("div.skeleton", {"aria-hidden": "true"}, Array.from({length: n}, () => h("i")));
export const loading = () => [h("h1.sr", "Loading"), h("div.head", h("div.skeleton.title", h("i"))), h("section.card", skeleton(6))];

/** A card with its own data: it keeps the last of it when it cannot be had anew. */
export function panel(title, state, {extra, key, pad, class: more, rows = 3, retry} = {}, draw) {
  const has = state.data !== undefined && state.data !== null;
  const stale = state.error && h("div.stale", {role: "status"}, icon("warn", 14),
    h("span", state.error.text ?? "It could not be loaded.", has && state.at && ` As of ${timeText(state.at, {style: "clock"})}.`),
    retry && button("Retry", {size: "small", onclick: retry}));
  const shown = has ? draw(state.data) : state.error || state.data === null ? null : skeleton(rows);
  const note_ = typeof extra === "function" ? has && extra(state.data) : extra;
  return card(title, {extra: note_, key, pad, class: [more, state.error && has && "old"]}, stale, shown);
}

export function missingPage(text, ...actions) {
  return [head({title: "Not found"}), h("section.card", empty(text, "It may have been deleted, or the address is not whole.", h("a.btn", {href: "#/jobs"}, "Search the jobs"), actions))];
}

export function errorPage(error, retry) {
  const title = error.offline ? "The server cannot be reached" : error.status === 403 ? "Not for you" : "This did not work";
  return [head({title}), h("section.card", {role: "alert"}, empty(error.text ?? "The page failed.", error.instance && `Request ${error.instance}`,
    button("Try again", {icon: "retry", onclick: retry})))];
}

// ---- controls

export function chips({label, items, value, onpick}) {
  return h("div.chips", {role: "group", "aria-label": label}, items.map(({value: own, text, count}) =>
    h("button.chip", {key: `chip-${own}`, type: "button", "aria-pressed": own === value, onclick: () => onpick(own)},
      text, count != null && h("b", count))));
}

export function segmented({label, items, value, onpick, class: extra}) {
  return h("div.seg", {role: "group", "aria-label": label, class: extra}, items.map(([own, text, title]) =>
    h("button", {type: "button", key: own, title, "aria-pressed": own === value, onclick: () => onpick(own)}, text)));
}

export function select({value, options, label, onchange, ...props}) {
  return h("select", {value, "aria-label": label, onchange: event => onchange(event.target.value), ...props},
    options.map(([own, text]) => h("option", {value: own}, text)));
}

const fieldIds = new Map();
const fieldId = name => fieldIds.get(name) ?? fieldIds.set(name, uid("field")).get(name);

/** A label, its control, what it means and what is wrong with it. The control must not have an id of its own. */
export function field({label, hint, error, id = fieldId(label), class: extra}, control) {
  const described = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(" ");
  control.id = id;
  if (described) control.setAttribute("aria-describedby", described);
  if (error) control.setAttribute("aria-invalid", "true");
  return h("div.field", {key: id, class: extra}, h("label", {for: id}, label), control,
    hint && h("p.hint", {id: `${id}-hint`}, hint), error && h("p.field-error", {id: `${id}-error`}, icon("warn", 14), h("span", error)));
}

export function pager({from, to, total, capped, prev, next, legend}) {
  const of = total == null ? "" : ` of ${number(total)}${capped ? "+" : ""}`;
  return h("div.tablefoot", h("span", {role: "status"}, to ? `${number(from)}–${number(to)}${of}` : "None"), legend,
    h("div.btns", button("Newer", {icon: "left", size: "small", disabled: !prev, onclick: prev}),
      button("Older", {icon: "right", size: "small", class: "after", disabled: !next, onclick: next})));
}
)carillon",
};

inline constexpr DashboardFile dashboard_files[] = {
    {"app.css", dashboard_app_css},
    {"icon.svg", dashboard_icon_svg},
    {"index.html", dashboard_index_html},
    {"js/actions.js", dashboard_js_actions_js},
    {"js/api.js", dashboard_js_api_js},
    {"js/audit_list.js", dashboard_js_audit_list_js},
    {"js/charts.js", dashboard_js_charts_js},
    {"js/conflict.js", dashboard_js_conflict_js},
    {"js/definition.js", dashboard_js_definition_js},
    {"js/dom.js", dashboard_js_dom_js},
    {"js/durations.js", dashboard_js_durations_js},
    {"js/heatmap.js", dashboard_js_heatmap_js},
    {"js/icons.js", dashboard_js_icons_js},
    {"js/job_form.js", dashboard_js_job_form_js},
    {"js/jobs_bulk.js", dashboard_js_jobs_bulk_js},
    {"js/keys.js", dashboard_js_keys_js},
    {"js/live.js", dashboard_js_live_js},
    {"js/main.js", dashboard_js_main_js},
    {"js/names.js", dashboard_js_names_js},
    {"js/overlay.js", dashboard_js_overlay_js},
    {"js/page_audit.js", dashboard_js_page_audit_js},
    {"js/page_edit.js", dashboard_js_page_edit_js},
    {"js/page_explain.js", dashboard_js_page_explain_js},
    {"js/page_job.js", dashboard_js_page_job_js},
    {"js/page_jobs.js", dashboard_js_page_jobs_js},
    {"js/page_overview.js", dashboard_js_page_overview_js},
    {"js/page_run.js", dashboard_js_page_run_js},
    {"js/page_runs.js", dashboard_js_page_runs_js},
    {"js/page_timeline.js", dashboard_js_page_timeline_js},
    {"js/pages.js", dashboard_js_pages_js},
    {"js/router.js", dashboard_js_router_js},
    {"js/schedule_field.js", dashboard_js_schedule_field_js},
    {"js/shell.js", dashboard_js_shell_js},
    {"js/signin.js", dashboard_js_signin_js},
    {"js/state.js", dashboard_js_state_js},
    {"js/table.js", dashboard_js_table_js},
    {"js/time.js", dashboard_js_time_js},
    {"js/ui.js", dashboard_js_ui_js},
};

} // namespace carillon::detail
// clang-format on
