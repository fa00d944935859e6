// The school's page. Accounts come from relink's API, notifications from the school's server.

import { accountRow } from "./account.js";
import { collectFinancialConnectionsAccounts, openRoom } from "./bank.js";
import { historyOf, openHistory, updateHistory } from "./history.js";
import { showInbox } from "./inbox.js";
import { el, get, post, Refused, show } from "./page.js";
import * as words from "./words.js";

const EVERY = 500; // milliseconds

const { bank, customers } = await get("/demo/customers");
const names = new Map(customers.map(({ id, name }) => [id, name]));
let accounts = new Map();
let notifications = [];
const waiting = new Map(); // by account: the session that the customer was sent to
const results = new Map(); // by account: the result of its last session

const nameOf = (account) => names.get(account.holder?.id) ?? "the customer";
const label = (id) => (accounts.has(id) ? words.accountName(accounts.get(id)) : id);

// ── actions ────────────────────────────────────────────────────────────

const acts = {
  relink: (account) => attempt(async () => {
    const room = openRoom();
    try {
      const { session, client_secret: clientSecret } = await post(`/accounts/${account}/relink-sessions`);
      collectFinancialConnectionsAccounts({ clientSecret }, { room, pages: bank, session });
      waiting.set(account, session);
      results.delete(account);
    } catch (error) {
      room.close();
      throw error;
    }
  }),
  askResult: (account, session) => attempt(() => askResult(account, session, true)),
  provideName: (session, name) => attempt(() => post(`/relink-sessions/${session}/result`, { billing_name: name })),
  recordMandate: (account) => attempt(() => post(`/demo/accounts/${account}/mandate`)),
  history: (account) => attempt(() => openHistory(accounts.get(account))),
  dismiss: (account) => attempt(async () => results.delete(account)),
};

/** Fetch a session's result. A pending one is shown only if a person asked for it. */
async function askResult(account, session, isAsked) {
  waiting.delete(account);
  const answer = await post(`/relink-sessions/${session}/result`);
  if (answer.outcome === "pending" && !isAsked) return;
  await look();
  const [title, text, tone] = words.result(answer, label(account), label(answer.account));
  results.set(account, { title, text, tone, code: answer.outcome });
}

async function attempt(act) {
  try {
    await act();
    showProblem(null);
  } catch (error) {
    showProblem(error.message);
  }
  await refresh().catch(() => {}); // the next refresh shows it
}

function showProblem(problem) {
  const toast = document.getElementById("problem");
  toast.textContent = problem ?? "";
  toast.hidden = !problem;
}

// Back from the bank's page.
addEventListener("focus", () => {
  for (const [account, session] of waiting) acts.askResult(account, session);
});

// ── display ───────────────────────────────────────────────────────────

async function look() {
  const [found, received] = await Promise.all([get("/accounts"), get("/demo/notifications")]);
  accounts = new Map(found.accounts.map((account) => [account.id, account]));
  notifications = received.notifications;
}

async function refresh() {
  await look();
  for (const { id, session } of accounts.values()) if (session) waiting.set(id, session);
  for (const [account, session] of waiting) {
    // Stripe's webhook arrived before the customer came back.
    if (accounts.get(account)?.session !== session) await askResult(account, session, false);
  }
  for (const customer of customers) {
    show(document.getElementById(customer.id), accountsOf(customer), (item) => accountRow(item, acts));
  }
  showInbox(notifications, accounts, nameOf);
  const open = accounts.get(historyOf());
  if (open) await updateHistory(open);
}

/** A customer's accounts; replaced and disconnected ones last. */
function accountsOf({ id }) {
  const isOver = ({ state }) => ["new_account_linked", "disconnected"].includes(state);
  return [...accounts.values()]
    .filter(({ holder }) => holder?.id === id)
    .sort((one, other) => isOver(one) - isOver(other))
    .map((account) => ({
      key: account.id,
      account,
      result: results.get(account.id),
      nameFor: notifications.find(({ type, data }) => type === "request_billing_name" && data.account === account.id)?.data.session,
      replacedBy: account.state === "new_account_linked" ? label(account.replaced_by) : null,
    }));
}

function customerCard({ id, name, takes, pays }) {
  return el("article", { class: "card", "aria-label": name },
    el("header", { class: "card-head" },
      el("span", { class: "initial", "aria-hidden": "true" }, name.charAt(0).toUpperCase()),
      el("div", {}, el("h3", {}, name), el("p", { class: "muted" }, takes)),
      el("span", { class: "pays" }, pays)),
    el("div", { id }));
}

async function watch() {
  try {
    await refresh();
    if (isAway) showProblem(null);
    isAway = false;
  } catch (error) {
    isAway = true;
    showProblem(error instanceof Refused ? error.message : "The demo does not answer. Is it still running?");
  }
  setTimeout(watch, EVERY);
}

let isAway = false;
document.getElementById("bank").href = bank;
document.getElementById("accounts").replaceChildren(...customers.map(customerCard));
await watch();
