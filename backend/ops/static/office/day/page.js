// 日报总览: which region and day, which columns; the table and the walk down are drawn by their own modules. The address
// names all three, so a view can be passed on. See docs/office.md.

import { ask } from "./source.js";
import { tableIn } from "./table.js";
import { traceIn } from "./trace.js";
import { dayWhole, make, summary } from "./words.js";

const root = document.getElementById("gk-tree");
const start = JSON.parse(document.getElementById("gk-tree-start").textContent);
const crumbs = root.querySelector(".gk-tree-bar .gk-crumbs");
const dayInput = root.querySelector(".vDateField");
const stateLine = root.querySelector(".gk-tree-state");
const views = root.querySelector(".gk-views");
const title = root.querySelector(".gk-print-title");
//: Digits of a region's code, level by level.
const LEVELS = [2, 4, 6, 9, 12, 15];

const names = new Map(start.path.map((place) => [place.code, place.name]));
let here = { region: start.region, day: start.day, view: start.view };

const address = (where) => `?region=${where.region}&day=${where.day}${where.view === "main" ? "" : `&view=${where.view}`}`;
const keysOf = (view) => {
  if (view === "all") return start.groups.flatMap((group) => group.keys);
  return start.groups.find((group) => group.key === view)?.keys || start.main;
};

const trace = traceIn(root.querySelector(".gk-trace"), start.api);
const table = tableIn(root.querySelector(".gk-tree-table"), {
  groups: start.groups,
  address: (region) => address({ ...here, region }),
  below: async (code) => (await dayOf(code)).children,
  onUnit: (event, region) => go({ region }, event),
  onFigure: (unit, indicator) => trace.open([{ code: unit.code, name: unit.name }], indicator, here.day),
  onFailure: (error) => { stateLine.textContent = error.message; },
});

const dayOf = async (region) => {
  const page = await ask(`${start.api}?region=${region}&day=${here.day}`);
  for (const unit of [page.region, ...page.children]) names.set(unit.code, unit.name);
  return page;
};

const go = (change, event) => {
  event?.preventDefault();
  here = { ...here, ...change };
  history.pushState(here, "", address(here));
  load();
};

const drawCrumbs = (page) => {
  const way = LEVELS.map((digits) => page.region.code.slice(0, digits)).filter((code, index, all) => code !== all[index - 1]);
  const roots = start.roots.map((place) => place.code);
  const above = way.slice(0, -1).filter((code) => names.has(code) && roots.some((top) => code.startsWith(top)));
  const link = (code, name) => make("a", { href: address({ ...here, region: code }), onclick: (event) => go({ region: code }, event) }, name);
  crumbs.replaceChildren(
    ...above.flatMap((code) => [link(code, names.get(code)), make("span", { "aria-hidden": "true" }, "›")]),
    make("b", {}, page.region.name),
    ...start.roots.filter((place) => place.code !== page.region.code && roots.length > 1).map((place) => link(place.code, place.name)),
  );
};

const drawView = () => {
  table.view(keysOf(here.view));
  for (const button of views.querySelectorAll("button")) button.setAttribute("aria-pressed", String(button.dataset.view === here.view));
};

const load = async () => {
  const wanted = here;
  root.setAttribute("aria-busy", "true");
  dayInput.value = here.day.replaceAll("-", "/");
  trace.close();
  drawView();
  try {
    const page = await dayOf(wanted.region);
    if (wanted !== here) return;
    drawCrumbs(page);
    title.textContent = `${page.region.name} ${dayWhole(page.day)} 日报`;
    table.draw(page);
    stateLine.replaceChildren(...summary(page));
  } catch (error) {
    if (wanted !== here) return;
    table.clear();
    stateLine.textContent = error.message;
  } finally {
    if (wanted === here) root.removeAttribute("aria-busy");
  }
};

const step = (day, by) => {
  const date = new Date(`${day}T00:00:00Z`);
  date.setUTCDate(date.getUTCDate() + by);
  return date.toISOString().slice(0, 10);
};

// The calendar writes the day without an event, then gives the field the focus.
const dayChosen = () => {
  const [, year, month, date] = dayInput.value.trim().match(/^(\d{4})[/.年-](\d{1,2})[/.月-](\d{1,2})日?$/) || [];
  const day = year ? `${year}-${month.padStart(2, "0")}-${date.padStart(2, "0")}` : "";
  if (!day || Number.isNaN(Date.parse(day)) || day > start.today) dayInput.value = here.day.replaceAll("-", "/");
  else if (day !== here.day) go({ day });
};
dayInput.addEventListener("change", dayChosen);
dayInput.addEventListener("focus", dayChosen);
root.querySelector(".gk-days").addEventListener("submit", (event) => event.preventDefault());
for (const button of root.querySelectorAll(".gk-days button")) {
  button.addEventListener("click", () => {
    const day = button.dataset.day || step(here.day, Number(button.dataset.step));
    if (day <= start.today) go({ day });
  });
}
for (const button of views.querySelectorAll("button")) {
  button.addEventListener("click", () => {
    here = { ...here, view: button.dataset.view };
    history.replaceState(here, "", address(here));
    drawView();
  });
}
root.querySelector(".gk-print").addEventListener("click", () => print());
// On paper there is no second view to change to: all columns.
addEventListener("beforeprint", () => table.view(keysOf("all")));
addEventListener("afterprint", drawView);
addEventListener("popstate", (event) => {
  here = event.state || { region: start.region, day: start.day, view: start.view };
  load();
});
addEventListener("keydown", (event) => {
  if (event.key === "Escape") trace.close();
});

history.replaceState(here, "");
load();
