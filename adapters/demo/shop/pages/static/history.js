// An account's history, on demand: its machine as a picture, and what was decided, in sentences.

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

/** The account that is shown, if any. */
export const historyOf = () => (dialog.open ? shown?.id : null);

/** Show what is new, if anything is. */
export async function updateHistory(account) {
  if (shown?.id === account.id && shown.version === account.version) return;
  shown = account;
  document.getElementById("history-title").textContent = accountName(account);
  const source = `/demo/machines/account/${encodeURIComponent(account.state)}.svg`;
  if (picture.getAttribute("src") !== source) {
    picture.src = source;
    picture.alt = `The account's machine, in the state ${account.state}`;
    document.getElementById("picture-link").href = source;
  }
  const { timeline } = await get(`/demo/accounts/${account.id}/timeline`);
  show(document.getElementById("timeline"), timeline.map((each) => ({ key: String(each.version), ...each })), entry);
}

function entry({ at, path, moved, anomaly, meaning, because, asks }) {
  return el("li", { class: `${moved ? "moved" : ""} ${anomaly ? "anomaly" : ""}` },
    moment(at),
    el("div", {},
      el("p", {}, `${meaning}.`),
      because.length ? el("p", { class: "muted" }, because.map((each) => `${each}.`).join(" ")) : null,
      el("p", { class: "path" }, el("code", {}, path)),
      asks.length ? el("p", { class: "asks" }, asks.join(", ")) : null));
}

// A press beside the drawer closes it.
dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
