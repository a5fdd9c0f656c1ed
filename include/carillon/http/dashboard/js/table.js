// SPDX-License-Identifier: MIT
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
