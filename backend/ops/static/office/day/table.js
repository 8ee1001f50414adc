// The table of a day: rows are units, columns are indicators in groups. Hidden columns stay in the table, so that a view
// changes without asking again, and the print shows them all.

import { make, noFigure, number, stateWords } from "./words.js";

/** Rows without any figure say what they are before the indicators, and why once, across all of them. */
const WHY = {
  missing: "没有收到任何记录，不计入合计",
  exempt: "当日不要求上报",
  inactive: "下面还没有网格",
};
/** Names of units not in use that are told in their one row. */
const NAMED = 12;

const hasFigures = (unit) => Object.values(unit.figures).some((figure) => figure !== null && figure !== undefined);

/**
 * `table` is drawn for `page` (an answer of the reports API); `groups` are `[{name, keys}]`; `address(code)` is the link of
 * a unit; `below(code)` answers the units below it; `onUnit(event, code)` and `onFigure(unit, indicator)` are told of clicks.
 */
export const tableIn = (table, { groups, address, below, onUnit, onFigure, onFailure }) => {
  const head = table.querySelector("thead");
  const body = table.querySelector("tbody");
  let indicators = [];
  let shown = new Set();

  const draw = (page) => {
    const known = new Map(page.indicators.map((indicator) => [indicator.key, indicator]));
    const columns = groups
      .map((group) => ({ ...group, indicators: group.keys.map((key) => known.get(key)).filter(Boolean) }))
      .filter((group) => group.indicators.length);
    indicators = columns.flatMap((group) => group.indicators);
    const whole = (name, kind = "") => make("th", { scope: "col", rowspan: 2, class: kind }, name);
    head.replaceChildren(
      make("tr", {}, whole("单位"), whole("上报情况"), whole("已报 / 应报网格", "gk-num"),
        ...columns.map((group) => make("th", { scope: "colgroup", class: "gk-group", "data-keys": group.keys.join(" ") }, group.name))),
      make("tr", {}, ...columns.flatMap((group) => group.indicators.map((indicator, index) =>
        make("th", { scope: "col", class: `gk-num${index ? "" : " gk-first"}`, "data-key": indicator.key }, indicator.name, make("small", {}, indicator.unit))))),
    );
    firsts = new Set(columns.map((group) => group.indicators[0].key));
    const self = { ...page, ...page.region, figures: page.figures, has_children: page.children.length > 0 };
    body.replaceChildren(row(self, 0, true), ...rows(page.children, 1));
    fit();
  };
  let firsts = new Set();

  /** Units in use first; those not in use are one row, to be opened. */
  const rows = (units, depth) => {
    const used = units.filter((unit) => unit.state !== "inactive");
    const unused = units.filter((unit) => unit.state === "inactive");
    const made = used.map((unit) => row(unit, depth, false));
    if (unused.length > 1) made.push(unusedRow(unused, depth));
    else made.push(...unused.map((unit) => row(unit, depth, false)));
    return made;
  };

  const row = (unit, depth, open) => {
    const line = make("tr", { "data-code": unit.code, "data-depth": depth, class: unit.state === "inactive" ? "gk-unused" : "" });
    const toggle = unit.has_children
      ? twist(`${unit.name}的下级`, open, () => fold(line, depth, async () => rows(await below(unit.code), depth + 1)))
      : make("span", { class: "gk-twist-none" });
    const name = depth === 0
      ? make("b", {}, unit.name)
      : make("a", { href: address(unit.code), onclick: (event) => onUnit(event, unit.code) }, unit.name);
    line.append(make("th", { scope: "row", style: `--depth:${depth}` }, toggle, name));
    if (unit.state === "inactive") {
      line.append(span(2, make("span", { class: "gk-exempt" }, `未启用，${WHY.inactive}`)));
      return line;
    }
    line.append(
      make("td", { class: "gk-tree-word" }, stateWords(unit)),
      make("td", { class: "gk-num" }, unit.expected ? `${unit.reported} / ${unit.expected}` : unit.state === "exempt" ? "免报" : "无应报"),
    );
    if (hasFigures(unit)) line.append(...indicators.map((indicator) => cell(unit, indicator)));
    else line.append(span(0, WHY[unit.state] ? make("span", { class: "gk-exempt" }, WHY[unit.state]) : noFigure(unit)));
    return line;
  };

  const cell = (unit, indicator) => {
    const figure = unit.figures[indicator.key];
    const node = make("td", { class: `gk-num${firsts.has(indicator.key) ? " gk-first" : ""}`, "data-key": indicator.key });
    if (figure === null || figure === undefined) node.append(noFigure(unit));
    else {
      node.append(make("button", {
        type: "button", class: `gk-cell${indicator.kind === "event" && figure > 0 ? " gk-news" : ""}`,
        "aria-label": `${unit.name} ${indicator.name} ${number(figure, indicator.unit)}${indicator.unit}，看它从哪来`,
        onclick: () => onFigure(unit, indicator),
      }, number(figure, indicator.unit)));
    }
    return node;
  };

  const unusedRow = (units, depth) => {
    const line = make("tr", { "data-depth": depth, class: "gk-unused" });
    const named = units.slice(0, NAMED).map((unit) => unit.name).join("、");
    line.append(
      make("th", { scope: "row", style: `--depth:${depth}` },
        twist("未启用的单位", false, () => fold(line, depth, async () => units.map((unit) => row(unit, depth + 1, false)))),
        `未启用 ${units.length} 个`),
      span(2, make("span", { class: "gk-exempt" }, units.length > NAMED ? `${named} 等` : named)),
    );
    return line;
  };

  /** One cell across the indicators shown, and across `more` columns before them. */
  const span = (more, ...children) => make("td", { class: "gk-tree-span", "data-more": more }, ...children);

  const twist = (label, open, onclick) => make("button", { type: "button", class: "gk-twist", "aria-expanded": String(open), "aria-label": label, onclick });

  const fold = async (line, depth, unfold) => {
    const button = line.querySelector(".gk-twist");
    if (button.getAttribute("aria-expanded") === "true") {
      button.setAttribute("aria-expanded", "false");
      while (Number(line.nextElementSibling?.dataset.depth) > depth) line.nextElementSibling.remove();
      return;
    }
    button.setAttribute("aria-expanded", "true");
    button.classList.add("gk-busy");
    try {
      line.after(...(await unfold()));
      fit();
    } catch (error) {
      button.setAttribute("aria-expanded", "false");
      onFailure(error);
    } finally {
      button.classList.remove("gk-busy");
    }
  };

  /** Show the columns of `keys`; what spans several columns follows. */
  const view = (keys) => {
    shown = new Set(keys);
    fit();
  };

  const fit = () => {
    const seen = indicators.filter((indicator) => shown.has(indicator.key)).length;
    for (const node of table.querySelectorAll("[data-key]")) node.hidden = !shown.has(node.dataset.key);
    for (const node of head.querySelectorAll("[data-keys]")) {
      const width = node.dataset.keys.split(" ").filter((key) => shown.has(key)).length;
      node.hidden = width === 0;
      node.colSpan = width || 1;
    }
    for (const node of body.querySelectorAll("[data-more]")) node.colSpan = seen + Number(node.dataset.more);
  };

  const clear = () => {
    head.replaceChildren();
    body.replaceChildren();
  };

  // Arrow keys move between figures as in a sheet.
  const MOVES = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
  body.addEventListener("keydown", (event) => {
    const from = event.target.closest("td, th");
    if (!from || !(event.key in MOVES)) return;
    const [down, right] = MOVES[event.key];
    let line = from.parentElement;
    let index = from.cellIndex;
    for (;;) {
      if (down) line = down > 0 ? line.nextElementSibling : line.previousElementSibling;
      index += right;
      const next = line?.cells[index];
      if (!line || (!next && right)) return;
      const stop = next && !next.hidden ? next.querySelector("button, a") : null;
      if (stop) {
        event.preventDefault();
        stop.focus();
        return;
      }
    }
  });

  return { draw, view, clear };
};
