// One account: its state, whether it may be debited, what to do, and the last session's result.

import { day, el } from "./page.js";
import * as words from "./words.js";

/**
 * @param item `{ account, result, nameFor, replacedBy }`: the account as relink answers it, the
 *   last session's result in words, the session whose new account needs a name, and the name of
 *   the account that replaced this one.
 * @param acts what the buttons do.
 */
export function accountRow({ account, result, nameFor, replacedBy }, acts) {
  const [name, tone] = words.state(account.state);
  const isUnfit = tone === "good" && !account.chargeable;
  return el("article", { class: "account", id: account.id, tabindex: "-1", "data-state": account.state, "aria-label": words.accountName(account) },
    el("div", { class: "account-head" },
      el("div", {},
        el("h4", {}, words.accountName(account)),
        el("p", { class: "muted" }, account.institution_name ?? "An unknown bank")),
      el("div", { class: "standing" }, el("span", { class: `pill ${isUnfit ? "warn" : tone}` }, name), el("code", {}, account.state))),
    el("div", { class: "line" },
      charge(account, replacedBy),
      el("button", { type: "button", class: "link", "data-do": "history", "aria-haspopup": "dialog", onclick: () => acts.history(account.id) }, "What happened, and why")),
    account.session ? atTheBank(account, acts) : null,
    account.next.filter(({ reason }) => reason !== "session_open").map((todo) => task(todo, account, nameFor, acts)),
    result ? outcome(result, account, acts) : null);
}

function charge(account, replacedBy) {
  if (replacedBy) return el("p", { class: "charge" }, `Replaced by ${replacedBy}.`);
  const ends = account.deactivates_on ? ` It stops working on ${day(account.deactivates_on)}.` : "";
  if (!account.chargeable) {
    return el("p", { class: "charge no" }, `Must not be debited: ${account.reasons.map(words.because).join(", and ")}.`);
  }
  return el("p", { class: "charge yes" }, account.may_debit ? `May be debited.${ends}` : "The link works. Before you debit it:");
}

function task(todo, account, nameFor, acts) {
  return el("div", { class: "task" }, el("p", {}, words.todo(todo)), control(todo, account, nameFor, acts));
}

function atTheBank(account, acts) {
  return el("div", { class: "task" },
    el("p", {}, "A relink session is open. The customer is at the bank."),
    el("div", { class: "actions" },
      button("back", "The customer is back", () => acts.askResult(account.id, account.session)),
      button("relink", "Open the bank's page again", () => acts.relink(account.id), true)));
}

function control(todo, account, nameFor, acts) {
  switch (todo.action) {
    case "relink":
      return button("relink", "Relink", () => acts.relink(account.id));
    case "collect_mandate":
      return button("mandate", "The customer has authorized debits", () => acts.recordMandate(account.id));
    case "provide_name":
      return nameFor ? nameForm(nameFor, acts) : null;
    default:
      return null;
  }
}

const button = (what, text, onclick, quiet = false) =>
  el("button", { type: "button", class: quiet ? "quiet" : "", "data-do": what, onclick }, text);

function nameForm(session, acts) {
  return el("form", { class: "name", onsubmit: (event) => {
    event.preventDefault();
    acts.provideName(session, new FormData(event.target).get("name"));
  } },
    el("label", {}, "Name of the account holder",
      el("input", { name: "name", required: true, maxlength: "255", autocomplete: "off", "data-do": "name" })),
    el("button", { "data-do": "send-name" }, "Send the name"));
}

function outcome({ title, text, tone, code }, account, acts) {
  return el("div", { class: `outcome ${tone}`, role: "status", "data-outcome": code },
    el("div", {}, el("b", {}, title), el("p", {}, text)),
    el("button", { type: "button", class: "close", "aria-label": "Dismiss", "data-do": "dismiss", onclick: () => acts.dismiss(account.id) }, "×"));
}
