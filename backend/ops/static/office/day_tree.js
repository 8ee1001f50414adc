// The day's tree: rows are units, columns are indicators; a click on a figure walks down to the records at the side,
// without losing the place. Everything comes from the reports API. See docs/office.md.
"use strict";

(() => {
  const root = document.getElementById("gk-tree");
  if (!root) return;
  const start = JSON.parse(document.getElementById("gk-tree-start").textContent);
  const crumbs = root.querySelector(".gk-crumbs");
  const dayInput = root.querySelector("input[type=date]");
  const stateLine = root.querySelector(".gk-tree-state");
  const head = root.querySelector("thead");
  const body = root.querySelector("tbody");
  const aside = root.querySelector(".gk-trace");

  const STATES = { running: "进行中", submitted: "自动上报", confirmed: "已确认", missing: "未报", exempt: "免报", inactive: "未启用" };
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
  const SHORT = new Intl.NumberFormat("zh-CN", { maximumFractionDigits: 1 });

  let here = { region: start.region, day: start.day };
  let turn = 0;

  // -- small tools ------------------------------------------------------------------------------------------------
  const make = (tag, attributes = {}, ...children) => {
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

  const ask = async (url) => {
    const answer = await fetch(url, { headers: { Accept: "application/json" }, credentials: "same-origin" });
    if (answer.status === 401) {
      location.assign(`/admin/login/?next=${encodeURIComponent(location.pathname + location.search)}`);
      throw new Error("登录已失效");
    }
    const told = await answer.json().catch(() => ({ message: "服务器没有给出可读的回答，请稍后重试。" }));
    if (!answer.ok) throw new Error(told.message);
    return told;
  };
  const dayOf = (region, day) => ask(`${start.api}?region=${region}&day=${day}`);

  const clock = (text) => {
    if (!text) return "";
    const moment = new Date(text);
    const parts = new Intl.DateTimeFormat("zh-CN", {
      timeZone: "Asia/Shanghai", month: "numeric", day: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23",
    }).formatToParts(moment);
    const part = (type) => parts.find((p) => p.type === type).value;
    return `${part("month")}月${part("day")}日 ${part("hour")}:${part("minute")}`;
  };
  const dayOnly = (day) => `${Number(day.slice(5, 7))}月${Number(day.slice(8))}日`;
  const number = (value) => SHORT.format(value);

  const step = (day, by) => {
    const date = new Date(`${day}T00:00:00Z`);
    date.setUTCDate(date.getUTCDate() + by);
    return date.toISOString().slice(0, 10);
  };

  // -- words for a unit-day ---------------------------------------------------------------------------------------
  // Zero, missing and exempt are three different things, and none of them is an empty cell.
  const noFigure = (unit) => {
    if (unit.state === "missing" || unit.value === "missing") return make("span", { class: "gk-missing" }, "未报");
    if (unit.state === "exempt" || unit.value === "exempt") return make("span", { class: "gk-exempt" }, "免报");
    if (unit.state === "inactive") return make("span", { class: "gk-exempt" }, "未启用");
    return make("span", { class: "gk-exempt" }, "尚无");
  };

  const stateWords = (unit) => {
    const words = STATES[unit.state] || unit.state;
    const node = unit.state === "missing" ? make("span", { class: "gk-missing" }, words) : make("span", {}, words);
    if (!unit.late) return node;
    return make("span", {}, node, " ", make("span", { class: "gk-mark gk-warn" }, make("i", { "aria-hidden": "true" }, "▲"), "迟报"));
  };

  const base = (unit) => (unit.expected ? `${unit.reported} / ${unit.expected}` : unit.state === "exempt" ? "免报" : "无应报");

  // -- the table --------------------------------------------------------------------------------------------------
  const row = (unit, depth, indicators, open) => {
    const toggle = unit.has_children
      ? make("button", {
          type: "button", class: "gk-twist", "aria-expanded": open ? "true" : "false",
          "aria-label": `${unit.name}的下级`, onclick: (event) => twist(event.currentTarget.closest("tr"), unit, depth, indicators),
        })
      : make("span", { class: "gk-twist-none" });
    const line = make("tr", { "data-code": unit.code, "data-depth": depth });
    line.append(
      make("th", { scope: "row", style: `--depth:${depth}` }, toggle,
        depth === 0 ? make("b", {}, unit.name) : make("a", { href: `?region=${unit.code}&day=${here.day}`, onclick: (event) => go(event, { region: unit.code }) }, unit.name)),
      make("td", { class: "gk-tree-word" }, stateWords(unit)),
      make("td", { class: "gk-num" }, base(unit)),
    );
    for (const indicator of indicators) {
      const value = unit.figures[indicator.key];
      const cell = make("td", { class: "gk-num" });
      if (value === null || value === undefined) cell.append(noFigure(unit));
      else {
        cell.append(make("button", {
          type: "button", class: `gk-cell${indicator.kind === "event" && value > 0 ? " gk-news" : ""}`,
          "aria-label": `${unit.name} ${indicator.name} ${number(value)}${indicator.unit}，看它从哪来`,
          onclick: () => trace([{ code: unit.code, name: unit.name }], indicator),
        }, number(value)));
      }
      line.append(cell);
    }
    return line;
  };

  const twist = async (line, unit, depth, indicators) => {
    const button = line.querySelector(".gk-twist");
    if (button.getAttribute("aria-expanded") === "true") {
      button.setAttribute("aria-expanded", "false");
      let next = line.nextElementSibling;
      while (next && Number(next.dataset.depth) > depth) {
        const gone = next;
        next = next.nextElementSibling;
        gone.remove();
      }
      return;
    }
    button.setAttribute("aria-expanded", "true");
    button.classList.add("gk-busy");
    try {
      const page = await dayOf(unit.code, here.day);
      const rows = page.children.map((child) => row(child, depth + 1, indicators, false));
      line.after(...rows);
    } catch (error) {
      button.setAttribute("aria-expanded", "false");
      stateLine.textContent = error.message;
    } finally {
      button.classList.remove("gk-busy");
    }
  };

  const draw = (page) => {
    const columns = ["单位", "上报情况", "已报 / 应报网格"];
    head.replaceChildren(make("tr", {},
      ...columns.map((name, index) => make("th", { scope: "col", class: index === 2 ? "gk-num" : "" }, name)),
      ...page.indicators.map((i) => make("th", { scope: "col", class: "gk-num" }, i.name, make("small", {}, i.unit))),
    ));
    const self = { ...page, ...page.region, figures: page.figures, has_children: page.children.length > 0 };
    body.replaceChildren(
      row(self, 0, page.indicators, true),
      ...page.children.map((child) => row(child, 1, page.indicators, false)),
    );
    stateLine.replaceChildren(...summary(page));
  };

  const summary = (page) => {
    const parts = [];
    const evidence = page.evidence;
    if (page.state === "running") parts.push(`${dayOnly(page.day)} 还在进行，以下是截至目前的数字${page.cutoff ? `，${clock(page.cutoff)} 截止` : ""}。`);
    else if (page.is_closed) {
      parts.push(`${dayOnly(page.day)} 已于 ${clock(page.cutoff)} 截止，`);
      if (page.value === "zero") parts.push(`零报告：${evidence.facts} 条记录，无异常。`);
      else parts.push(`${page.reported} / ${page.expected} 个网格计入合计。`);
    } else if (page.cutoff) parts.push(`${dayOnly(page.day)} 将于 ${clock(page.cutoff)} 截止。`);
    if (evidence.facts) parts.push(` 依据 ${number(evidence.facts)} 条记录（走访 ${number(evidence.visits)}，测温 ${number(evidence.checks)}），最近收到 ${clock(evidence.last_received_at)}。`);
    if (page.submitted_by) parts.push(` ${page.submitted_by} ${clock(page.submitted_at)} 确认。`);
    const nodes = [make("span", {}, ...parts)];
    if (page.corrections.length) {
      const names = Object.fromEntries(page.indicators.map((i) => [i.key, i.name]));
      nodes.push(make("details", { class: "gk-corrections" },
        make("summary", {}, `更正 ${page.corrections.length} 次，现为第 ${page.revision} 版`),
        make("ul", {}, ...page.corrections.map((correction) => make("li", {},
          `第 ${correction.n} 版 ${clock(correction.at)}：`,
          Object.entries(correction.changed).map(([key, [before, after]]) =>
            `${names[key] || key} ${before === null ? "未报" : number(before)} → ${after === null ? "未报" : number(after)}`).join("，") || "上报情况有变",
        ))),
      ));
    }
    return nodes;
  };

  // -- the walk down ----------------------------------------------------------------------------------------------
  const trace = async (path, indicator, cursor = "") => {
    const unit = path[path.length - 1];
    const mine = ++turn;
    const url = `${start.api}${unit.code}/${here.day}/trace/?indicator=${indicator.key}${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`;
    aside.hidden = false;
    aside.setAttribute("aria-busy", "true");
    try {
      const [told, page] = await Promise.all([ask(url), cursor ? null : dayOf(unit.code, here.day)]);
      if (mine !== turn) return;
      if (cursor) more(told, path, indicator);
      else show(told, page, path, indicator);
    } catch (error) {
      if (mine === turn) aside.replaceChildren(closer(), make("p", { class: "gk-none", role: "alert" }, error.message));
    } finally {
      if (mine === turn) aside.removeAttribute("aria-busy");
    }
  };

  const closer = () => make("button", {
    type: "button", class: "gk-close", "aria-label": "关闭", onclick: () => { aside.hidden = true; turn += 1; },
  }, "×");

  const show = (told, page, path, indicator) => {
    const way = make("nav", { class: "gk-crumbs", "aria-label": "从哪来" });
    path.forEach((step_, index) => {
      if (index) way.append(make("span", { "aria-hidden": "true" }, "›"));
      way.append(index === path.length - 1
        ? make("b", {}, step_.name)
        : make("button", { type: "button", onclick: () => trace(path.slice(0, index + 1), indicator) }, step_.name));
    });
    const figure = told.figure === null ? noFigure(page) : make("b", {}, number(told.figure));
    const facts = page.evidence;
    aside.replaceChildren(
      closer(), way,
      make("h2", {}, indicator.name),
      make("p", { class: "gk-trace-figure" }, figure, told.figure === null ? "" : ` ${indicator.unit}`),
      make("p", { class: "gk-trace-base" },
        `${stateOf(page)}，${page.expected ? `${page.reported} / ${page.expected} 个网格` : "无应报网格"}`,
        told.revision ? `，第 ${told.revision} 版` : "，尚未截止",
        facts.facts ? `。依据 ${number(facts.facts)} 条记录，最近收到 ${clock(facts.last_received_at)}` : ""),
      make("ol", { class: "gk-trace-rows" }),
    );
    if (!told.rows.length) {
      aside.append(make("p", { class: "gk-none" }, told.figure === 0 ? "没有这类记录，所以是 0。" : "这个数字由上面的数字计算得出。"));
    }
    more(told, path, indicator);
    aside.scrollTop = 0;
  };

  const stateOf = (page) => (STATES[page.state] || page.state) + (page.late ? "（迟报）" : "");

  const more = (told, path, indicator) => {
    aside.querySelector(".gk-more")?.remove();
    aside.querySelector(".gk-trace-rows").append(...told.rows.map((item) => (item.kind === "unit" ? unitRow(item, path, indicator) : recordRow(item))));
    if (told.next) aside.append(make("button", { type: "button", class: "gk-button gk-button-plain gk-more", onclick: () => trace(path, indicator, told.next) }, "再看一些"));
  };

  const unitRow = (item, path, indicator) => make("li", {},
    make("button", { type: "button", class: "gk-row", onclick: () => trace([...path, { code: item.code, name: item.name }], indicator) },
      make("span", { class: "gk-row-main" }, item.name),
      make("span", { class: "gk-row-end" }, item.figure === null ? make("span", { class: "gk-missing" }, "未报") : number(item.figure), " ›")));

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

  // -- moving about -----------------------------------------------------------------------------------------------
  const go = (event, change) => {
    event?.preventDefault();
    here = { ...here, ...change };
    history.pushState(here, "", `?region=${here.region}&day=${here.day}`);
    load();
  };

  const drawCrumbs = (page) => {
    crumbs.replaceChildren();
    const above = page.region.parent && start.roots.every((place) => place.code !== page.region.code) ? page.region.parent : null;
    if (above) crumbs.append(make("a", { href: `?region=${above}&day=${here.day}`, onclick: (event) => go(event, { region: above }) }, "‹ 上一级"));
    crumbs.append(make("b", {}, page.region.name));
    if (start.roots.length > 1) {
      for (const place of start.roots) crumbs.append(make("a", { href: `?region=${place.code}&day=${here.day}`, onclick: (event) => go(event, { region: place.code }) }, place.name));
    }
  };

  const load = async () => {
    const wanted = here;
    root.setAttribute("aria-busy", "true");
    dayInput.value = here.day;
    aside.hidden = true;
    try {
      const page = await dayOf(wanted.region, wanted.day);
      if (wanted !== here) return;
      drawCrumbs(page);
      draw(page);
    } catch (error) {
      if (wanted !== here) return;
      head.replaceChildren();
      body.replaceChildren();
      stateLine.textContent = error.message;
    } finally {
      if (wanted === here) root.removeAttribute("aria-busy");
    }
  };

  dayInput.addEventListener("change", () => dayInput.value && dayInput.value <= start.today && go(null, { day: dayInput.value }));
  root.querySelector(".gk-days").addEventListener("submit", (event) => event.preventDefault());
  for (const button of root.querySelectorAll(".gk-days button")) {
    button.addEventListener("click", () => {
      const day = button.dataset.day || step(here.day, Number(button.dataset.step));
      if (day <= start.today) go(null, { day });
    });
  }
  addEventListener("popstate", (event) => {
    here = event.state || { region: start.region, day: start.day };
    load();
  });
  // Arrow keys move between figures as in a sheet; Enter opens, Escape closes.
  body.addEventListener("keydown", (event) => {
    const cell = event.target.closest("td, th");
    const moves = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
    if (!cell || !(event.key in moves)) return;
    const [down, right] = moves[event.key];
    let line = cell.parentElement;
    let index = cell.cellIndex;
    for (;;) {
      line = down ? (down > 0 ? line.nextElementSibling : line.previousElementSibling) : line;
      index += right;
      const next = line?.cells[index];
      if (!next) return;
      const stop = next.querySelector("button, a");
      if (stop) {
        event.preventDefault();
        stop.focus();
        return;
      }
    }
  });
  addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !aside.hidden) aside.querySelector(".gk-close").click();
  });

  history.replaceState(here, "");
  load();
})();
