// One account: its state, whether it may be debited, what to do, and the last session's result.

import { day, el } from "./page.js";
import * as words from "./words.js";

/**
 * @param item `{ account, result, busy, nameFor, replacedBy }`: the account as relink answers it,
 *   the last session's result in words, what is being done with the account, the session whose new
 *   account needs a name, and the name of the account that replaced this one.
 * @param acts what the buttons do.
 */
export function accountRow({ account, result, busy, nameFor, replacedBy }, acts) {
  const [name, tone] = words.state(account.state);
  const isUnfit = tone === "good" && !account.chargeable;
  return el("article", { class: "account", id: account.id, tabindex: "-1", "data-state": account.state, "aria-busy": String(busy !== null), "aria-label": words.accountName(account) },
    el("div", { class: "account-head" },
      el("div", {},
        el("h4", {}, words.accountName(account)),
        el("p", { class: "muted" }, account.institution_name ?? "An unknown bank")),
      el("div", { class: "standing" }, el("span", { class: `pill ${isUnfit ? "warn" : tone}` }, name), el("code", {}, account.state))),
    el("div", { class: "line" },
      charge(account, replacedBy),
      button("history", "What happened, and why", () => acts.history(account.id), { busy, kind: "link", "aria-haspopup": "dialog" })),
    account.session ? atTheBank(account, busy, acts) : null,
    account.next.filter(({ reason }) => reason !== "session_open").map((todo) => task(todo, account, nameFor, busy, acts)),
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

function task(todo, account, nameFor, busy, acts) {
  return el("div", { class: "task" }, el("p", {}, words.todo(todo)), control(todo, account, nameFor, busy, acts));
}

function atTheBank(account, busy, acts) {
  return el("div", { class: "task" },
    el("p", {}, "A relink session is open. The customer is at the bank."),
    el("div", { class: "actions" },
      button("back", "The customer is back", () => acts.askResult(account.id, account.session), { busy }),
      button("relink", "Open the bank's page again", () => acts.relink(account.id), { busy, kind: "quiet" })));
}

function control(todo, account, nameFor, busy, acts) {
  switch (todo.action) {
    case "relink":
      return button("relink", "Relink", () => acts.relink(account.id), { busy });
    case "collect_mandate":
      return button("mandate", "The customer has authorized debits", () => acts.recordMandate(account.id), { busy });
    case "provide_name":
      return nameFor ? nameForm(account, nameFor, busy, acts) : null;
    default:
      return null;
  }
}

/** A button. While something is being done, it shows that it is busy, or does nothing. */
function button(what, text, onclick, { busy = null, kind = "", ...others } = {}) {
  return el("button", {
    type: "button",
    class: kind,
    "data-do": what,
    "aria-busy": busy === what ? "true" : null,
    "aria-disabled": busy ? "true" : null,
    onclick,
    ...others,
  }, text);
}

function nameForm(account, session, busy, acts) {
  return el("form", { class: "name", onsubmit: (event) => {
    event.preventDefault();
    acts.provideName(account.id, session, new FormData(event.target).get("name"));
  } },
    el("label", {}, "Name of the account holder",
      el("input", { name: "name", required: true, maxlength: "255", autocomplete: "off", "data-do": "name" })),
    button("send-name", "Send the name", () => {}, { busy, type: "submit" }));
}

function outcome({ title, text, tone, code }, account, acts) {
  return el("div", { class: `outcome ${tone}`, role: "status", "data-outcome": code },
    el("div", {}, el("b", {}, title), el("p", {}, text)),
    el("button", { type: "button", class: "close", "aria-label": "Dismiss", "data-do": "dismiss", onclick: () => acts.dismiss(account.id) }, "×"));
}
