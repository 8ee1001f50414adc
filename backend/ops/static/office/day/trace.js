// The walk down: where a figure comes from, unit by unit to the records, at the side of the table.

import { ask } from "./source.js";
import { clock, make, noFigure, number, stateOf } from "./words.js";

const OUTCOMES = {
  seen_well: "都好", seen_unwell: "有人不适", nobody_home: "家中无人", refused: "拒绝", moved_away: "已搬走",
  empty: "空置", wrong_address: "地址有误",
};
const SYMPTOMS = {
  fever: "发热", dry_cough: "干咳", fatigue: "乏力", sore_throat: "咽痛", loss_smell_taste: "嗅（味）觉减退",
  diarrhoea: "腹泻", other: "其他不适",
};
const PAGES = {
  visit: "visits/visit", check: "health/dailycheck", returnee: "returnees/returnee", household: "residents/household",
  alert: "alerts/alert",
};
const KINDS = { visit: "走访", check: "测温", returnee: "返乡登记", household: "住户", alert: "预警" };

/** The side panel `aside` of one page: `open(units from the figure's own down, indicator, day)`, `close()`. */
export const traceIn = (aside, api) => {
  let turn = 0;
  let from = null;

  const close = () => {
    if (aside.hidden) return;
    aside.hidden = true;
    turn += 1;
    if (from?.isConnected) from.focus();
    from = null;
  };

  const closer = () => make("button", { type: "button", class: "gk-close", "aria-label": "关闭", onclick: close }, "×");

  const open = async (path, indicator, day, cursor = "") => {
    const unit = path[path.length - 1];
    const mine = ++turn;
    const query = `indicator=${indicator.key}${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`;
    if (aside.hidden) from = document.activeElement;
    aside.hidden = false;
    aside.setAttribute("aria-busy", "true");
    try {
      const [told, page] = await Promise.all([
        ask(`${api}${unit.code}/${day}/trace/?${query}`),
        cursor ? null : ask(`${api}?region=${unit.code}&day=${day}`),
      ]);
      if (mine !== turn) return;
      if (!cursor) show(told, page, path, indicator, day);
      more(told, path, indicator, day);
    } catch (error) {
      if (mine === turn) aside.replaceChildren(closer(), make("p", { class: "gk-none", role: "alert" }, error.message));
    } finally {
      if (mine === turn) aside.removeAttribute("aria-busy");
    }
  };

  const show = (told, page, path, indicator, day) => {
    const way = make("nav", { class: "gk-crumbs", "aria-label": "从哪来" });
    path.forEach((step, index) => {
      if (index) way.append(make("span", { "aria-hidden": "true" }, "›"));
      way.append(index === path.length - 1
        ? make("b", {}, step.name)
        : make("button", { type: "button", onclick: () => open(path.slice(0, index + 1), indicator, day) }, step.name));
    });
    const figure = told.figure === null ? noFigure(page) : make("b", {}, number(told.figure, indicator.unit));
    const facts = page.evidence;
    aside.replaceChildren(
      closer(), way,
      make("h2", {}, indicator.name),
      make("p", { class: "gk-trace-figure" }, figure, told.figure === null ? "" : ` ${indicator.unit}`),
      make("p", { class: "gk-trace-base" },
        `${stateOf(page)}${page.late ? "（迟报）" : ""}，${page.expected ? `${page.reported} / ${page.expected} 个网格` : "无应报网格"}`,
        told.revision ? `，第 ${told.revision} 版` : "，尚未截止",
        facts.facts ? `。依据 ${number(facts.facts)} 条记录，最近收到 ${clock(facts.last_received_at)}` : ""),
      make("ol", { class: "gk-trace-rows" }),
    );
    if (!told.rows.length) {
      aside.append(make("p", { class: "gk-none" }, told.figure === 0 ? "没有这类记录，所以是 0。" : "这个数字由其他数字计算得出。"));
    }
    aside.scrollTop = 0;
    aside.querySelector(".gk-close").focus();
  };

  const more = (told, path, indicator, day) => {
    aside.querySelector(".gk-more")?.remove();
    aside.querySelector(".gk-trace-rows").append(
      ...told.rows.map((item) => (item.kind === "unit" ? unitRow(item, path, indicator, day) : recordRow(item))),
    );
    if (told.next) {
      aside.append(make("button", {
        type: "button", class: "gk-button gk-button-plain gk-more", onclick: () => open(path, indicator, day, told.next),
      }, "再看一些"));
    }
  };

  const unitRow = (item, path, indicator, day) => make("li", {},
    make("button", { type: "button", class: "gk-row", onclick: () => open([...path, { code: item.code, name: item.name }], indicator, day) },
      make("span", { class: "gk-row-main" }, item.name),
      make("span", { class: "gk-row-end" }, item.figure === null ? make("span", { class: "gk-missing" }, "未报") : number(item.figure, indicator.unit), " ›")));

  const recordRow = (item) => {
    const said = [
      item.outcome ? OUTCOMES[item.outcome] || item.outcome : "",
      item.temperature !== undefined && item.temperature !== null ? `${item.temperature} ℃` : "",
      (item.symptoms || []).map((code) => SYMPTOMS[code] || code).join("、"),
    ].filter(Boolean).join("，");
    const place = [item.person_masked, item.place].filter(Boolean).join(" · ") || item.region_name;
    const page = PAGES[item.kind];
    return make("li", {}, make("a", { class: "gk-row", href: page ? `/admin/${page}/${item.id}/change/` : null },
      make("span", { class: "gk-row-main" }, make("b", {}, said || KINDS[item.kind] || item.kind), make("small", {}, place)),
      make("span", { class: "gk-row-end" }, item.author_name || "", make("small", {}, clock(item.observed_at)))));
  };

  return { open, close };
};
