// The bank: connections, the events that can happen to them, and customers' sessions.

import { accountName, act, el, look, show, titled } from "./control.js";
import { menu } from "./menu.js";

const DAY = 86400;
const EVERY = 1000; // milliseconds
let state = { now: 0, authorizations: [], sessions: [], events: [] };
const busy = new Set(); // what an event is being carried out for: an authorization, an account

const byId = (id) => document.getElementById(id);

// ── actions ────────────────────────────────────────────────────────────

/** Let something happen to an object. Until it has, nothing else happens to it. */
async function perform(about, path, body) {
  if (busy.has(about)) return;
  busy.add(about);
  display();
  try {
    await act(path, body);
    complain(null);
  } catch (error) {
    complain(error.message);
  }
  busy.delete(about);
  await refresh();
}

/** Show a problem until the next one, or until something succeeds. */
function complain(problem) {
  const toast = byId("problem");
  toast.hidden = !problem;
  if (problem && toast.textContent !== problem) toast.textContent = problem; // it is read aloud once
}

// ── display ────────────────────────────────────────────────────────────

const STATUS = { active: "good", inactive: "bad", pending: "warn", succeeded: "good", failed: "bad" };
const pill = (text, tone) => el("span", { class: `pill ${tone ?? STATUS[text] ?? ""}` }, titled(text));

function authorizationEvents({ id, status }) {
  if (status !== "active") return null;
  const happen = (event) => () => perform(id, `bank/${event}`, { authorization: id });
  return menu("Bank event", [
    ["Expire the consent", happen("expire_consent")],
    ["Change the password", happen("change_password")],
    ["Revoke access", happen("revoke_access")],
    ["Announce deactivation in 30 days", () => perform(id, "bank/announce_deactivation", { about: id, on: Math.floor(state.now) + 30 * DAY })],
  ], { about: id, busy: busy.has(id) });
}

function accountEvents(account) {
  if (account.status === "disconnected") return null;
  const { id } = account;
  const items = [];
  const offer = (text, event, body = { account: id }) =>
    items.push([text, () => perform(id, `bank/${event}`, body)]);
  if (account.open) offer("Close the account", "close_account");
  else offer("Reopen the account", "reopen_account");
  if (account.status === "active") offer("Suspend the account", "suspend_account");
  if (account.cause === "account_unavailable") offer("Restore the account", "restore_account");
  if (account.number === "transactable") {
    offer("Revoke the number", "revoke_number");
    offer("Expire the number", "expire_number");
  } else if (account.number) offer("Issue a new number", "refresh_number");
  for (const method of account.payment_methods) {
    const body = { payment_method: method.id };
    if (method.blocked) offer("Unblock the payment method", "unblock_payment_method", body);
    else offer("Return a debit", "block_payment_method", { ...body, reason: "bank_account_restricted" });
    if (method.attached) offer("Detach the payment method", "detach_payment_method", body);
  }
  for (const external of account.external_accounts) {
    const body = { external_account: external.id };
    if (external.status !== "errored") offer("Return a payout", "change_external_account", { ...body, status: "errored" });
    offer("Delete the external account", "delete_external_account", body);
  }
  offer("Disconnect the account", "disconnect");
  return menu("Account event", items, { about: id, busy: busy.has(id) });
}

const dated = (at) => new Date(at * 1000).toISOString().slice(0, 10);

function accountRow(account) {
  const why = [];
  if (account.cause) why.push(titled(account.cause));
  if (account.action === "relink_required") why.push("can be relinked");
  if (account.number) why.push(`tokenized number: ${account.number}`);
  if (account.announced && !account.stops_on) why.push("announced to stop working");
  if (account.stops_on) why.push(`stops on ${dated(account.stops_on)}`);
  for (const method of account.payment_methods) why.push(method.blocked ? `payment method blocked: ${titled(method.blocked)}` : "has a payment method");
  for (const external of account.external_accounts) why.push(`external account: ${titled(external.status)}`);
  return el("div", { class: "row", "data-account": account.id },
    el("div", { class: "what" },
      el("div", { class: "name" }, accountName(account)),
      why.length ? el("div", { class: "why" }, why.join(" · ")) : null,
      el("div", { class: "id" }, account.id)),
    pill(account.status),
    accountEvents(account) ?? el("span"));
}

function connection({ authorization }) {
  return el("article", { class: "card", "data-authorization": authorization.id, "aria-label": `${authorization.holder}, ${authorization.institution}` },
    el("div", { class: "card-head" },
      el("div", { class: "what" },
        el("strong", {}, authorization.holder), " ",
        el("span", { class: "muted" }, authorization.institution),
        authorization.stops_on ? el("div", { class: "why" }, `stops on ${dated(authorization.stops_on)}`) : null),
      pill(authorization.status),
      authorizationEvents(authorization)),
    ...authorization.accounts.map(accountRow));
}

function sessionCard({ session }) {
  const wanted = session.expected ? accountName(session.expected) : session.relink ? "any eligible account" : "first link";
  const open = session.status === "pending";
  const outcome = session.failure_reason ?? session.status;
  return el("article", { class: `card session ${open ? "" : "done"}`, "data-session": session.id, "aria-label": `Session of ${session.holder}` },
    el("div", { class: "top" }, el("strong", {}, session.holder), pill(outcome, STATUS[session.status])),
    el("div", { class: "muted" }, `${session.institution ?? "Any bank"}: ${wanted}`),
    el("div", { class: "id" }, session.id),
    session.status === "succeeded" ? null
      : el("a", { class: open ? "button" : "button quiet", "data-do": session.id, href: `/stripebank/${session.id}` }, open ? "Continue as the customer" : "Try again"));
}

const moment = (at) => new Date(at * 1000).toISOString().slice(11, 19);

const eventRow = ({ at, kind, subject }) =>
  el("li", {}, el("time", {}, moment(at)),
    el("div", {}, kind.replace("financial_connections.", ""), el("span", { class: "id" }, subject)));

const EMPTY = {
  authorizations: "No connections yet. They appear when an account is linked.",
  sessions: "No sessions yet. They appear when a relink session is created.",
  events: "No events yet.",
};

function fill(id, items, make) {
  const shown = items.length ? items : [{ key: "none" }];
  const isFeed = id === "events";
  show(byId(id), shown, items.length ? make
    : () => el(isFeed ? "li" : "p", { class: isFeed ? "none" : "empty" }, EMPTY[id]));
}

function display() {
  byId("now").textContent = `${new Date(state.now * 1000).toISOString().slice(0, 16).replace("T", " ")} UTC`;
  fill("authorizations", state.authorizations
    .filter(({ accounts }) => accounts.length)
    .map((authorization) => ({
      key: authorization.id,
      authorization,
      busy: [authorization.id, ...authorization.accounts.map(({ id }) => id)].filter((id) => busy.has(id)),
    })), connection);
  fill("sessions", state.sessions.map((session) => ({ key: session.id, session })), sessionCard);
  fill("events", state.events.map((event) => ({ key: String(event.number), ...event })), eventRow);
  for (const button of clock) {
    button.ariaBusy = String(busy.has("clock") && button === pressed);
    button.ariaDisabled = String(busy.has("clock"));
  }
}

async function refresh() {
  try {
    state = await look("state");
    if (isAway) complain(null);
    isAway = false;
  } catch (error) {
    isAway = true;
    complain(error.message);
  }
  display();
}

const clock = document.querySelectorAll("[data-seconds]");
let pressed = null;
let isAway = false;
for (const button of clock) {
  button.addEventListener("click", () => {
    if (!busy.has("clock")) pressed = button;
    perform("clock", "clock", { seconds: Number(button.dataset.seconds) });
  });
}

await refresh();
setInterval(refresh, EVERY);
