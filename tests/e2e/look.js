// Faults of the page that is shown: controls without a name, pictures without a text, an id twice, no language, a page wider
// than its screen; with `thumbs`, also what is too small to press. Answers sentences.
({ thumbs }) => {
  const faults = [];
  const shown = (node) => node.getClientRects().length > 0 && getComputedStyle(node).visibility !== "hidden";
  const describe = (node) => node.outerHTML.slice(0, 140);
  const text = (nodes) => [...nodes].map((node) => node?.textContent ?? "").join(" ").trim();
  const isField = (node) => ["INPUT", "SELECT", "TEXTAREA"].includes(node.tagName);
  const name = (node) => {
    const by = node.getAttribute("aria-labelledby");
    if (by) return text(by.split(" ").map((id) => document.getElementById(id)));
    const label = node.getAttribute("aria-label") || node.title;
    if (label) return label;
    if (node.labels?.length) return text(node.labels);
    if (isField(node)) return node.type === "submit" ? node.value : "";
    return node.textContent.trim() || [...node.querySelectorAll("img[alt], [title]")].map((part) => part.alt || part.title).join("");
  };

  const controls = "input:not([type=hidden]), select, textarea, button, a[href], [role=button]";
  for (const node of document.querySelectorAll(controls)) {
    if (!shown(node) || node.closest("[aria-hidden=true]")) continue;
    if (!name(node)) faults.push(`no name: ${describe(node)}`);
    const box = node.getBoundingClientRect();
    if (thumbs && (box.height < 47.5 || box.width < 40)) {
      faults.push(`${Math.round(box.width)}x${Math.round(box.height)}: ${describe(node)}`);
    }
  }
  for (const node of document.querySelectorAll("img:not([alt])")) faults.push(`no text: ${describe(node)}`);
  const ids = [...document.querySelectorAll("[id]")].map((node) => node.id);
  for (const id of new Set(ids.filter((each, at) => ids.indexOf(each) !== at))) faults.push(`id twice: ${id}`);
  if (!document.documentElement.lang) faults.push("no language");
  const width = document.documentElement.scrollWidth;
  if (width > innerWidth + 1) faults.push(`wider than the screen: ${width}`);
  return faults;
}
