// The authentication flow of one session, as the customer sees it.

import { accountName, act, el, look } from "./control.js";

const name = location.pathname.split("/").pop();
const cancel = document.getElementById("cancel");
let flow;
let current; // shows the current step again, with a problem
let isBusy = false;

const READS = {
  payment_method: "Account details, to pay with it",
  balances: "Balances",
  ownership: "Owner details",
  transactions: "Transactions",
};

/** Show a step. Its heading gets the focus, so that Tab continues from there. */
function show(title, ...children) {
  const step = document.getElementById("step");
  const fresh = step.cloneNode(false);
  fresh.append(title, ...children.filter(Boolean));
  step.replaceWith(fresh);
  document.title = `${title.textContent} · StripeBank`;
  title.tabIndex = -1;
  title.focus();
}

/** Do something once at a time. Meanwhile the pressed control is busy, and others do nothing. */
async function once(control, work) {
  if (isBusy) return;
  isBusy = true;
  const sheet = document.querySelector(".sheet");
  sheet.ariaBusy = "true";
  control?.setAttribute("aria-busy", "true");
  try {
    await work();
  } catch (error) {
    current(error.message);
  } finally {
    isBusy = false;
    sheet.ariaBusy = "false";
    control?.removeAttribute("aria-busy");
  }
}

const choose = (control, choice, body) => once(control, async () => {
  try {
    flow = { ...flow, ...(await act(`flows/${name}/${choice}`, body)) };
  } catch (error) {
    // In another window the session may have succeeded meanwhile.
    flow = { ...flow, ...(await look(`flows/${name}`)) };
    if (flow.status !== "succeeded") throw error;
  }
  result();
});

const notice = (problem) => (problem ? el("p", { class: "notice", role: "alert" }, problem) : null);

function begin(step, ...details) {
  current = (problem) => step(problem, ...details);
  current(null);
}

function consent(problem) {
  const { expected } = flow;
  const what = expected ? `your ${expected.subcategory.replaceAll("_", " ")} account ••${expected.last4}` : "an account";
  show(
    el("h1", {}, flow.relink ? `Reconnect with ${flow.institution}` : "Connect your bank"),
    notice(problem),
    el("p", { class: "muted" }, `Hello ${flow.holder}. Connect ${what}${flow.relink ? " again, to keep payments working" : ""}. This is what will be shared:`),
    el("ul", { class: "asks" }, ...flow.permissions.map((each) => el("li", {}, READS[each] ?? each))),
    el("div", { class: "push" }),
    el("button", { class: "wide", id: "agree", onclick: () => begin(flow.relink ? signIn : banks) }, "Agree and continue"),
  );
}

function banks(problem) {
  const visit = ({ currentTarget }, bank) => once(currentTarget, async () => {
    flow = { ...(await look(`flows/${name}?institution=${encodeURIComponent(bank)}`)), institution: bank };
    document.getElementById("institution").textContent = bank;
    begin(signIn);
  });
  show(
    el("h1", {}, "Which is your bank?"),
    notice(problem),
    el("div", { class: "choices" }, ...flow.institutions.map((bank) =>
      el("button", { class: "quiet bank", onclick: (event) => visit(event, bank) }, bank))),
  );
}

/** A button that ends the flow without an account. */
const other = (id, choice, text) =>
  el("button", { type: "button", class: "link", id, onclick: ({ currentTarget }) => choose(currentTarget, choice) }, text);

function signIn(problem) {
  const form = el("form", { onsubmit: (event) => { event.preventDefault(); begin(accounts); } },
    el("label", { class: "field" }, "Username", el("input", { name: "username", value: "customer", autocomplete: "off" })),
    el("label", { class: "field" }, "Password", el("input", { name: "password", type: "password", value: "password", autocomplete: "off" })),
    el("div", { class: "push" }),
    el("button", { class: "wide", id: "sign-in" }, "Sign in"),
    el("div", { class: "others" },
      other("fail", "fail_to_sign_in", "My password is wrong"),
      other("bank-error", "bank_error", "The bank does not respond")));
  show(el("h1", {}, `Sign in to ${flow.institution}`), notice(problem), el("p", { class: "muted" }, "Any password works here."), form);
}

function option(value, title, detail, badge) {
  return el("label", { class: "choice" },
    el("input", { type: "radio", name: "account", value, required: true }),
    el("span", { class: "what" }, el("b", {}, title), el("span", {}, detail)),
    badge ? el("span", { class: "pill good" }, badge) : null);
}

function accounts(problem) {
  const expected = flow.expected?.id;
  const known = flow.known.map((account) =>
    option(`known:${account.id}`, accountName(account),
      account.status === "active" ? "Connected" : "Connection broken", account.id === expected ? "Expected" : null));
  const fresh = flow.offers.map((offer) =>
    option(`new:${offer.last4}`, accountName(offer), offer.linked ? "Connected before" : "Never connected"));
  const connect = el("button", { class: "wide", id: "connect" }, "Connect account");
  const form = el("form", { onsubmit: (event) => {
    event.preventDefault();
    const [kind, which] = new FormData(event.target).get("account").split(":");
    const at = flow.relink ? {} : { institution: flow.institution };
    if (kind === "new") choose(connect, "choose_new", { last4: which, ...at });
    else if (which === expected) choose(connect, "choose_expected");
    else choose(connect, "choose_known", { account: which });
  } },
    el("fieldset", { class: "choices" }, el("legend", { class: "unseen" }, "Accounts"), ...known, ...fresh),
    el("div", { class: "push" }),
    connect,
    el("div", { class: "others" }, other("none", "sign_in_without_account", "My account is not listed")));
  show(
    el("h1", {}, "Choose an account"),
    notice(problem),
    el("p", { class: "muted" }, flow.expected ? `Choose ${accountName(flow.expected)} to reconnect it.` : "Choose one account to connect."),
    form,
  );
}

const RESULTS = {
  no_account: ["Account not connected", "You signed in, but the expected account was not connected."],
  no_authorization: ["Sign-in failed", "The bank did not accept the sign-in."],
  other: ["Something went wrong", "The bank did not respond. Try again."],
};

function result() {
  current = () => {};
  cancel.hidden = true;
  const good = flow.status === "succeeded";
  let [title, text] = RESULTS[flow.failure_reason] ?? ["Cancelled", "Nothing was connected."];
  if (good) [title, text] = ["Account connected", `${accountName(flow.linked[0])} at ${flow.linked[0].institution} is ready to use.`];
  const away = flow.return_url
    ? el("a", { class: "button wide centered", href: flow.return_url }, "Return")
    : el("p", { class: "muted centered" }, "You can close this page.");
  const heading = el("h1", { class: "centered", id: "outcome", "data-status": flow.status }, title);
  show(
    heading,
    el("p", { class: "muted centered" }, text),
    el("div", { class: "push" }),
    good ? null : el("button", { class: "wide", onclick: () => location.reload() }, "Try again"),
    away,
  );
  heading.before(el("div", { class: `seal ${good ? "" : "failed"}`, "aria-hidden": "true" }, good ? "✓" : "!"));
}

const leave = () => { if (!cancel.hidden) choose(cancel, "cancel"); };
cancel.addEventListener("click", leave);
addEventListener("keydown", ({ key }) => { if (key === "Escape") leave(); });

try {
  flow = await look(`flows/${name}`);
  document.getElementById("institution").textContent = flow.institution ?? "StripeBank";
  if (flow.status === "succeeded") result();
  else {
    cancel.hidden = false;
    begin(consent);
  }
} catch (error) {
  show(el("h1", {}, "This link is not valid"), el("p", { class: "muted" }, `${error.message.charAt(0).toUpperCase()}${error.message.slice(1)}.`));
}
