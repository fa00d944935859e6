// relink's notifications to the school, newest first.

import { el, moment, show } from "./page.js";
import * as words from "./words.js";

const title = document.title;
let known = null;
let unseen = 0;

/**
 * Show the notifications.
 *
 * @param notifications as they were received.
 * @param accounts all accounts by id.
 * @param nameOf names the customer of an account.
 */
export function showInbox(notifications, accounts, nameOf) {
  const items = notifications.map(({ id, type, created, data }) => {
    const about = concerned(data, accounts);
    const who = about.length ? nameOf(about[0]) : "the customer";
    const [what, why] = words.notification({ type, data }, who, about.map(words.accountName));
    return { key: id, type, created, what, why, about: about[0]?.id };
  });
  const fresh = known ? items.filter(({ key }) => !known.has(key)) : [];
  known = new Set(items.map(({ key }) => key));
  if (!document.hasFocus()) unseen += fresh.length;
  showUnseen();
  document.getElementById("count").textContent = items.length || "";
  document.getElementById("empty").hidden = items.length > 0;
  show(document.getElementById("inbox"), items, (item) => message(item, fresh.includes(item)));
}

/** The accounts that a notification concerns. */
function concerned(data, accounts) {
  const named = (data.accounts ?? [data.account, data.about]).map((id) => accounts.get(id)).filter(Boolean);
  if (named.length || !data.outage) return named;
  return [...accounts.values()].filter(({ authorization }) => authorization === data.outage);
}

function message({ key, type, created, what, why, about }, isFresh) {
  return el("li", { class: `message ${isFresh ? "fresh" : ""}`, "data-type": type, "data-notification": key },
    el("div", { class: "message-head" }, el("b", {}, what), moment(created)),
    el("p", {}, why.charAt(0).toUpperCase() + why.slice(1)),
    el("div", { class: "message-foot" },
      el("span", { class: "signed" }, "Signature verified"),
      about ? el("a", { class: "link", href: `#${about}` }, "To the account") : null));
}

function showUnseen() {
  document.title = unseen ? `(${unseen}) ${title}` : title;
}

addEventListener("focus", () => {
  unseen = 0;
  showUnseen();
});
