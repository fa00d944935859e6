// The bank: connections, the events that can happen to them, and customers' sessions.

import { accountName, act, el, look, titled } from "./control.js";

const DAY = 86400;
let now = 0;
let shown = "";

const byId = (id) => document.getElementById(id);

async function perform(path, body) {
  try {
    await act(path, body);
  } catch (error) {
    const problem = byId("problem");
    problem.textContent = error.message;
    problem.hidden = false;
    setTimeout(() => { problem.hidden = true; }, 4000);
  }
  await refresh();
}

const STATUS = { active: "good", inactive: "bad", pending: "warn", succeeded: "good", failed: "bad" };
const pill = (text, tone) => el("span", { class: `pill ${tone ?? STATUS[text] ?? ""}` }, titled(text));

function menu(label, items) {
  const choices = items.map(([text, path, body]) =>
    el("button", { type: "button", onclick: () => perform(path, body) }, text));
  return el("details", { class: "menu" }, el("summary", {}, label), el("div", { class: "items" }, ...choices));
}

function authorizationEvents(authorization) {
  const about = { authorization: authorization.id };
  if (authorization.status !== "active") return null;
  return menu("Bank event", [
    ["Expire the consent", "bank/expire_consent", about],
    ["Change the password", "bank/change_password", about],
    ["Revoke access", "bank/revoke_access", about],
    ["Announce deactivation in 30 days", "bank/announce_deactivation",
      { about: authorization.id, on: Math.floor(now) + 30 * DAY }],
  ]);
}

function accountEvents(account) {
  const about = { account: account.id };
  const items = [];
  if (account.status === "disconnected") return null;
  if (account.open) items.push(["Close the account", "bank/close_account", about]);
  else items.push(["Reopen the account", "bank/reopen_account", about]);
  if (account.status === "active") items.push(["Suspend the account", "bank/suspend_account", about]);
  if (account.cause === "account_unavailable") items.push(["Restore the account", "bank/restore_account", about]);
  if (account.number === "transactable") {
    items.push(["Revoke the number", "bank/revoke_number", about]);
    items.push(["Expire the number", "bank/expire_number", about]);
  } else if (account.number) items.push(["Issue a new number", "bank/refresh_number", about]);
  for (const method of account.payment_methods) {
    if (method.blocked) items.push(["Unblock the payment method", "bank/unblock_payment_method", { payment_method: method.id }]);
    else items.push(["Return a debit", "bank/block_payment_method", { payment_method: method.id, reason: "bank_account_restricted" }]);
    if (method.attached) items.push(["Detach the payment method", "bank/detach_payment_method", { payment_method: method.id }]);
  }
  for (const external of account.external_accounts) {
    const about = { external_account: external.id };
    if (external.status !== "errored") items.push(["Return a payout", "bank/change_external_account", { ...about, status: "errored" }]);
    items.push(["Delete the external account", "bank/delete_external_account", about]);
  }
  items.push(["Disconnect the account", "bank/disconnect", about]);
  return menu("Account event", items);
}

function accountRow(account) {
  const why = [];
  if (account.cause) why.push(titled(account.cause));
  if (account.action === "relink_required") why.push("can be relinked");
  if (account.number) why.push(`tokenized number: ${account.number}`);
  if (account.announced && !account.stops_on) why.push("announced to stop working");
  if (account.stops_on) why.push(`stops on ${new Date(account.stops_on * 1000).toDateString()}`);
  for (const method of account.payment_methods) why.push(method.blocked ? `payment method blocked: ${titled(method.blocked)}` : "has a payment method");
  for (const external of account.external_accounts) why.push(`external account: ${titled(external.status)}`);
  return el("div", { class: "row", "data-account": account.id },
    el("div", {},
      el("div", { class: "name" }, accountName(account)),
      why.length ? el("div", { class: "why" }, why.join(" · ")) : null,
      el("div", { class: "id" }, account.id)),
    pill(account.status),
    accountEvents(account) ?? el("span"));
}

function connection(authorization) {
  return el("article", { class: "card", "data-authorization": authorization.id },
    el("div", { class: "card-head" },
      el("strong", {}, authorization.holder),
      el("span", { class: "muted" }, authorization.institution),
      el("span", { class: "spring" }),
      pill(authorization.status),
      authorizationEvents(authorization)),
    ...authorization.accounts.map(accountRow));
}

function sessionCard(session) {
  const wanted = session.expected ? accountName(session.expected) : session.relink ? "any eligible account" : "first link";
  const open = session.status === "pending";
  const outcome = session.failure_reason ?? session.status;
  return el("article", { class: `card session ${open ? "" : "done"}`, "data-session": session.id },
    el("div", { class: "top" }, el("strong", {}, session.holder), pill(outcome, STATUS[session.status])),
    el("div", { class: "muted" }, `${session.institution ?? "Any bank"}: ${wanted}`),
    el("div", { class: "id" }, session.id),
    session.status === "succeeded" ? null
      : el("a", { class: open ? "button" : "button quiet", href: `/stripebank/${session.id}` }, open ? "Continue as the customer" : "Try again"));
}

const EMPTY = {
  authorizations: "No connections yet. They appear when an account is linked.",
  sessions: "No sessions yet. They appear when a relink session is created.",
  events: "No events yet.",
};

function fill(id, items) {
  byId(id).replaceChildren(...(items.length ? items : [el("p", { class: id === "events" ? "muted row" : "empty" }, EMPTY[id])]));
}

const moment = (at) => new Date(at * 1000).toISOString().slice(11, 19);

async function refresh() {
  const state = await look("state");
  now = state.now;
  byId("now").textContent = `${new Date(now * 1000).toISOString().slice(0, 16).replace("T", " ")} UTC`;
  const { now: _, ...rest } = state;
  if (JSON.stringify(rest) === shown) return; // an open menu stays open while nothing changes
  shown = JSON.stringify(rest);
  fill("authorizations", state.authorizations.filter((each) => each.accounts.length).map(connection));
  fill("sessions", state.sessions.map(sessionCard));
  fill("events", state.events.map((event) =>
    el("li", {}, el("time", {}, moment(event.at)),
      el("div", {}, event.kind.replace("financial_connections.", ""), el("span", { class: "id" }, event.subject)))));
}

for (const button of document.querySelectorAll("[data-seconds]")) {
  button.addEventListener("click", () => perform("clock", { seconds: Number(button.dataset.seconds) }));
}
document.addEventListener("click", (event) => {
  for (const open of document.querySelectorAll("details[open]")) if (!open.contains(event.target)) open.open = false;
});

await refresh();
setInterval(() => refresh().catch(() => {}), 1000);
