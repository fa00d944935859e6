// An account's story: its chart as a picture, and what became of it in sentences, at three depths.

import { el, get, moment, show } from "./page.js";
import { accountName } from "./words.js";

const dialog = document.getElementById("history");
const picture = document.getElementById("picture");
const depth = document.getElementById("depth");
let shown = null;

/** Open it for an account. */
export async function openHistory(account) {
  shown = null;
  document.getElementById("timeline").replaceChildren();
  await updateHistory(account);
  dialog.showModal();
}

depth.addEventListener("change", () => { if (shown) updateHistory(shown); });

/** The account that is shown, or null. */
export const historyOf = () => (dialog.open ? shown?.id : null);

/** Update what is shown, if the account changed. */
export async function updateHistory(account) {
  if (shown?.id === account.id && shown.version === account.version && shown.depth === depth.value) return;
  shown = { ...account, depth: depth.value };
  document.getElementById("history-title").textContent = accountName(account);
  const source = `/demo/machines/account/${encodeURIComponent(account.state)}.svg`;
  if (picture.getAttribute("src") !== source) {
    picture.src = source;
    picture.alt = `The account chart, in state ${account.state}`;
    document.getElementById("picture-link").href = source;
  }
  const { timeline } = await get(`/demo/accounts/${account.id}/timeline?depth=${depth.value}`);
  const keyed = timeline.map((each) => ({ ...each, key: `${depth.value} ${each.key}` }));
  show(document.getElementById("timeline"), keyed, entry);
}

function entry({ at, tone, name, text, note, origin, details }) {
  return el("li", { class: `tone-${tone}` },
    moment(at),
    el("div", {},
      name ? el("p", { class: "state" }, name) : null,
      el("p", {}, tone === "message" ? `relink ${text}` : text),
      note ? el("p", { class: "muted" }, note) : null,
      details.map((each) => el("p", { class: "muted detail" }, each)),
      el("p", { class: "muted origin" }, origin)));
}

// The button that opened it may have been replaced meanwhile.
dialog.addEventListener("close", () => {
  document.getElementById(shown?.id)?.querySelector('[data-do="history"]')?.focus();
});

// A click beside the drawer closes it.
dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
