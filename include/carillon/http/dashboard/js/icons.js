// SPDX-License-Identifier: MIT
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
