// Forms: the search of a long list says what it searches, and takes the keyboard at once. See docs/office.md.
"use strict";

addEventListener("DOMContentLoaded", () => {
  if (!window.django?.jQuery) return;
  django.jQuery(document).on("select2:open", ({ target }) => {
    const field = document.querySelector(".select2-container--open .select2-search__field");
    field?.setAttribute("aria-label", `查找${target.labels[0]?.textContent.trim() || ""}`);
    field?.focus();
  });
});
