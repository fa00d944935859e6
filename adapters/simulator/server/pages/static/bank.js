// Behind the counter: the connections, what can befall them, and who is at the door.

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

function happenings(authorization) {
  const about = { authorization: authorization.id };
  if (authorization.status !== "active") return null;
  return menu("Break it", [
    ["The consent expires", "bank/expire_consent", about],
    ["The customer changes the password", "bank/change_password", about],
    ["The customer revokes access", "bank/revoke_access", about],
    ["It is announced to end in 30 days", "bank/announce_deactivation",
      { about: authorization.id, on: Math.floor(now) + 30 * DAY }],
  ]);
}

function befall(account) {
  const about = { account: account.id };
  const items = [];
  if (account.status === "disconnected") return null;
  if (account.open) items.push(["Close it", "bank/close_account", about]);
  else items.push(["Reopen it", "bank/reopen_account", about]);
  if (account.status === "active") items.push(["Suspend it", "bank/suspend_account", about]);
  if (account.cause === "account_unavailable") items.push(["Serve it again", "bank/restore_account", about]);
  if (account.number === "transactable") {
    items.push(["Revoke its number", "bank/revoke_number", about]);
    items.push(["Let its number expire", "bank/expire_number", about]);
  } else if (account.number) items.push(["Give it a new number", "bank/refresh_number", about]);
  for (const method of account.payment_methods) {
    if (method.blocked) items.push(["Unblock the payment method", "bank/unblock_payment_method", { payment_method: method.id }]);
    else items.push(["A debit comes back", "bank/block_payment_method", { payment_method: method.id, reason: "bank_account_restricted" }]);
  }
  items.push(["Disconnect it", "bank/disconnect", about]);
  return menu("Then…", items);
}

function accountRow(account) {
  const why = [];
  if (account.cause) why.push(titled(account.cause));
  if (account.action === "relink_required") why.push("a relink mends it");
  if (account.number) why.push(`tokenized number: ${account.number}`);
  if (account.stops_on) why.push(`stops on ${new Date(account.stops_on * 1000).toDateString()}`);
  for (const method of account.payment_methods) why.push(method.blocked ? `payment method blocked: ${titled(method.blocked)}` : "payment method");
  return el("div", { class: "row", "data-account": account.id },
    el("div", {},
      el("div", { class: "name" }, accountName(account)),
      why.length ? el("div", { class: "why" }, why.join(" · ")) : null,
      el("div", { class: "id" }, account.id)),
    pill(account.status),
    befall(account) ?? el("span"));
}

function connection(authorization) {
  return el("article", { class: "card", "data-authorization": authorization.id },
    el("div", { class: "card-head" },
      el("strong", {}, authorization.holder),
      el("span", { class: "muted" }, authorization.institution),
      el("span", { class: "spring" }),
      pill(authorization.status),
      happenings(authorization)),
    ...authorization.accounts.map(accountRow));
}

function visitor(session) {
  const wanted = session.expected ? accountName(session.expected) : session.relink ? "any eligible account" : "a first link";
  const open = session.status === "pending";
  const outcome = session.failure_reason ?? session.status;
  return el("article", { class: `card session ${open ? "" : "done"}`, "data-session": session.id },
    el("div", { class: "top" }, el("strong", {}, session.holder), pill(outcome, STATUS[session.status])),
    el("div", { class: "muted" }, `${session.institution ?? "Any bank"}: ${wanted}`),
    el("div", { class: "id" }, session.id),
    session.status === "succeeded" ? null
      : el("a", { class: open ? "button" : "button quiet", href: `/stripebank/${session.id}` }, open ? "Be the customer" : "Try again"));
}

const EMPTY = {
  authorizations: "No connections yet. They appear when an account is linked.",
  sessions: "Nobody is here. A relink session brings a customer to the door.",
  events: "Nothing yet.",
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
  fill("sessions", state.sessions.map(visitor));
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
