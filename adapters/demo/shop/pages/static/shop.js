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
const busy = new Map(); // by account: what is being done with it

const nameOf = (account) => names.get(account.holder?.id) ?? "the customer";
const label = (id) => (accounts.has(id) ? words.accountName(accounts.get(id)) : id);

// ── actions ────────────────────────────────────────────────────────────

const acts = {
  relink: (account) => attempt("relink", account, async () => {
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
  askResult: (account, session) => attempt("back", account, () => askResult(account, session, true)),
  provideName: (account, session, name) => attempt("send-name", account, () => post(`/relink-sessions/${session}/result`, { billing_name: name })),
  recordMandate: (account) => attempt("mandate", account, () => post(`/demo/accounts/${account}/mandate`)),
  history: (account) => attempt("history", account, () => openHistory(accounts.get(account))),
  dismiss: (account) => attempt("dismiss", account, async () => results.delete(account)),
};

/**
 * Fetch a session's result. A pending one is shown only if a person asked for it. Two questions may
 * be under way at once, and the older answer may come last: a result is final, and stays.
 */
async function askResult(account, session, isAsked) {
  if (!isAsked) waiting.delete(account); // whatever the answer is: the session is over for relink
  const answer = await post(`/relink-sessions/${session}/result`);
  const isPending = answer.outcome === "pending";
  if (!isPending && waiting.get(account) === session) waiting.delete(account);
  const known = results.get(account);
  const isFinal = known?.session === session && known.code !== "pending";
  if (isPending && (!isAsked || isFinal)) return;
  await look();
  const [title, text, tone] = words.result(answer, label(account), label(answer.account));
  results.set(account, { title, text, tone, code: answer.outcome, session });
}

/** The result to show beside an account: none that what happened since has made untrue. */
function resultOf({ id, session, state }) {
  const found = results.get(id);
  const isOver = found?.code === "pending" && found.session !== session;
  const isUndone = found?.tone === "good" && state.startsWith("inactive");
  if (isOver || isUndone) results.delete(id);
  return results.get(id);
}

/** Do one thing at a time with an account. Meanwhile its buttons are busy, and another click does nothing. */
async function attempt(what, account, act) {
  if (busy.has(account)) return;
  busy.set(account, what);
  const acting = act(); // before anything else: only during a click may a window be opened
  display();
  await reported(acting.finally(() => busy.delete(account)));
}

/** Wait for something, and show why it failed, or what it changed. */
async function reported(acting) {
  try {
    await acting;
    showProblem(null);
  } catch (error) {
    showProblem(error.message);
  }
  await refresh().catch(display); // the next refresh shows why
}

function showProblem(problem) {
  const toast = document.getElementById("problem");
  toast.textContent = problem ?? "";
  toast.hidden = !problem;
}

// Back from the bank's page. No button is busy: the click that came back may be meant for one.
addEventListener("focus", () => {
  for (const [account, session] of waiting) reported(askResult(account, session, true));
});

// ── display ───────────────────────────────────────────────────────────

let asked = 0;
let answered = 0;

/** Fetch what is known. An answer that comes after a newer one says nothing. */
async function look() {
  const question = ++asked;
  const [found, received] = await Promise.all([get("/accounts"), get("/demo/notifications")]);
  if (question < answered) return;
  answered = question;
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
  display();
  const open = accounts.get(historyOf());
  if (open) await updateHistory(open);
}

function display() {
  for (const customer of customers) {
    show(document.getElementById(customer.id), accountsOf(customer), (item) => accountRow(item, acts));
  }
  showInbox(notifications, accounts, nameOf);
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
      result: resultOf(account),
      busy: busy.get(account.id) ?? null,
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
