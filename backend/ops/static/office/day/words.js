// How the day's tree speaks: numbers, times, states. Zero, missing and exempt are different things; none is an empty cell.

const STATES = { running: "进行中", submitted: "自动上报", confirmed: "已确认", missing: "未报", exempt: "免报", inactive: "未启用" };
const SHORT = new Intl.NumberFormat("zh-CN", { maximumFractionDigits: 1 });
const PERCENT = new Intl.NumberFormat("zh-CN", { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const MOMENT = new Intl.DateTimeFormat("zh-CN", {
  timeZone: "Asia/Shanghai", month: "numeric", day: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23",
});

/** An element with attributes (`onclick` and the like are listeners) and children; empty children are left out. */
export const make = (tag, attributes = {}, ...children) => {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "class") node.className = value;
    else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return node;
};

/** A figure in its unit's way: percents keep their decimal, so that they stand under each other. */
export const number = (value, unit = "") => (unit === "%" ? PERCENT : SHORT).format(value);

/** 11月21日 08:00, in Asia/Shanghai. */
export const clock = (text) => {
  if (!text) return "";
  const parts = Object.fromEntries(MOMENT.formatToParts(new Date(text)).map(({ type, value }) => [type, value]));
  return `${parts.month}月${parts.day}日 ${parts.hour}:${parts.minute}`;
};

export const dayOnly = (day) => `${Number(day.slice(5, 7))}月${Number(day.slice(8))}日`;
export const dayWhole = (day) => `${day.slice(0, 4)}年${dayOnly(day)}`;

/** What stands where there is no figure. */
export const noFigure = (unit) => {
  if (unit.state === "missing" || unit.value === "missing") return make("span", { class: "gk-missing" }, "未报");
  if (unit.state === "exempt" || unit.value === "exempt") return make("span", { class: "gk-exempt" }, "免报");
  if (unit.state === "inactive") return make("span", { class: "gk-exempt" }, "未启用");
  return make("span", { class: "gk-exempt" }, "尚无");
};

export const stateOf = (unit) => STATES[unit.state] || unit.state;

/** How it reported, with lateness in words. */
export const stateWords = (unit) => {
  const node = unit.state === "missing" ? make("span", { class: "gk-missing" }, stateOf(unit)) : make("span", {}, stateOf(unit));
  if (!unit.late) return node;
  const late = make("span", { class: "gk-mark gk-warn" }, make("i", { "aria-hidden": "true" }, "▲"), "迟报");
  return make("span", {}, node, " ", late);
};

/** The sentences above the table: how far the day is, what it rests on, what was corrected. */
export const summary = (page) => {
  const parts = [];
  const evidence = page.evidence;
  if (page.state === "inactive") parts.push("这里还没有启用网格，没有应报的单位。");
  else if (page.state === "running") parts.push(`${dayOnly(page.day)}还在进行，以下是截至目前的数字${page.cutoff ? `，${clock(page.cutoff)} 截止` : ""}。`);
  else if (page.is_closed) {
    parts.push(`${dayOnly(page.day)}已于 ${clock(page.cutoff)} 截止，`);
    if (page.value === "zero") parts.push(`零报告：${evidence.facts} 条记录，无异常。`);
    else parts.push(`${page.reported} / ${page.expected} 个网格计入合计。`);
  } else if (page.cutoff) parts.push(`${dayOnly(page.day)}将于 ${clock(page.cutoff)} 截止。`);
  if (evidence.facts) parts.push(`依据 ${number(evidence.facts)} 条记录（走访 ${number(evidence.visits)}，测温 ${number(evidence.checks)}），最近收到 ${clock(evidence.last_received_at)}。`);
  if (page.submitted_by) parts.push(`${page.submitted_by} ${clock(page.submitted_at)} 确认。`);
  const nodes = [make("span", {}, ...parts)];
  if (page.corrections.length) nodes.push(corrections(page));
  return nodes;
};

const corrections = (page) => {
  const names = Object.fromEntries(page.indicators.map((indicator) => [indicator.key, indicator.name]));
  const told = (figure) => (figure === null ? "未报" : number(figure));
  return make("details", { class: "gk-corrections" },
    make("summary", {}, `更正 ${page.corrections.length} 次，现为第 ${page.revision} 版`),
    make("ul", {}, ...page.corrections.map((correction) => make("li", {},
      `第 ${correction.n} 版 ${clock(correction.at)}：`,
      Object.entries(correction.changed)
        .map(([key, [before, after]]) => `${names[key] || key} ${told(before)} → ${told(after)}`)
        .join("，") || "上报情况有变",
    ))),
  );
};
