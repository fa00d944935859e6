// Menus of buttons. They are disclosures: Tab walks through the choices, and Escape closes them.

import { el } from "./control.js";

/**
 * A menu.
 *
 * @param label what its button says.
 * @param items its choices, each `[text, what it does when it is chosen]`.
 * @param options `about`: names the menu among those of a page; `busy`: whether a choice of it is
 *   being carried out, so that none can be chosen.
 */
export function menu(label, items, { about, busy }) {
  if (busy) return el("button", { type: "button", class: "quiet", "data-do": about, "aria-busy": "true", "aria-disabled": "true" }, label);
  const made = el("details", { class: "menu" },
    el("summary", { "data-do": about }, label),
    el("div", { class: "items" }, ...items.map(([text, choose]) =>
      el("button", { type: "button", onclick: () => { close(made); choose(); } }, text))));
  made.addEventListener("toggle", () => { if (made.open) closeAll(made); });
  made.addEventListener("focusout", ({ relatedTarget }) => {
    if (relatedTarget && !made.contains(relatedTarget)) made.open = false;
  });
  return made;
}

/** Close a menu. The focus goes back to its button if it was inside. */
function close(menu) {
  const isWithin = menu.contains(document.activeElement);
  menu.open = false;
  if (isWithin) menu.querySelector("summary").focus({ preventScroll: true });
}

function closeAll(except = null) {
  for (const open of document.querySelectorAll("details.menu[open]")) if (open !== except) close(open);
}

document.addEventListener("click", ({ target }) => closeAll(target.closest("details.menu")));
document.addEventListener("keydown", ({ key }) => { if (key === "Escape") closeAll(); });
