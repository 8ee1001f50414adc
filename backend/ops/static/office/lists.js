// Choosing rows: the box in the header takes all rows of the page, the bar at the foot counts. See docs/office.md.
"use strict";

(() => {
  const form = document.getElementById("changelist-form");
  if (!form) return;

  const count = () => {
    const boxes = [...form.querySelectorAll("input.action-select:not(.action-toggle)")].filter((box) => box.closest("tbody"));
    const chosen = boxes.filter((box) => box.checked).length;
    const words = form.querySelector(".gk-chosen");
    const all = form.querySelector("thead input[type=checkbox]");
    if (words) words.textContent = `已选 ${chosen} 条`;
    if (all) all.checked = chosen > 0 && chosen === boxes.length;
  };

  // Listening at the form: rows that arrive later count as well.
  form.addEventListener("change", ({ target }) => {
    if (!target.matches("input[type=checkbox]")) return;
    if (target.closest("thead")) {
      for (const box of form.querySelectorAll("tbody input.action-select")) box.checked = target.checked;
    }
    count();
  });
  addEventListener("pageshow", count);
})();
