// An account's history: its chart as a picture, and every decision in sentences.

import { el, get, moment, show } from "./page.js";
import { accountName } from "./words.js";

const dialog = document.getElementById("history");
const picture = document.getElementById("picture");
let shown = null;

/** Open it for an account. */
export async function openHistory(account) {
  shown = null;
  document.getElementById("timeline").replaceChildren();
  await updateHistory(account);
  dialog.showModal();
}

/** The account that is shown, or null. */
export const historyOf = () => (dialog.open ? shown?.id : null);

/** Update what is shown, if the account changed. */
export async function updateHistory(account) {
  if (shown?.id === account.id && shown.version === account.version) return;
  shown = account;
  document.getElementById("history-title").textContent = accountName(account);
  const source = `/demo/machines/account/${encodeURIComponent(account.state)}.svg`;
  if (picture.getAttribute("src") !== source) {
    picture.src = source;
    picture.alt = `The account chart, in state ${account.state}`;
    document.getElementById("picture-link").href = source;
  }
  const { timeline } = await get(`/demo/accounts/${account.id}/timeline`);
  show(document.getElementById("timeline"), timeline.map((each) => ({ key: String(each.version), ...each })), entry);
}

function entry({ at, path, moved, anomaly, meaning, grounds, commands }) {
  return el("li", { class: `${moved ? "moved" : ""} ${anomaly ? "anomaly" : ""}` },
    moment(at),
    el("div", {},
      el("p", {}, meaning),
      grounds.length ? el("p", { class: "muted" }, grounds.join(" ")) : null,
      el("p", { class: "path" }, el("code", {}, path)),
      commands.length ? el("p", { class: "commands" }, commands.join(", ")) : null));
}

// The button that opened it may have been replaced meanwhile.
dialog.addEventListener("close", () => {
  document.getElementById(shown?.id)?.querySelector('[data-do="history"]')?.focus();
});

// A click beside the drawer closes it.
dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
