// The authentication flow of one session, as the customer sees it.

import { accountName, act, el, look } from "./control.js";

const name = location.pathname.split("/").pop();
const step = document.getElementById("step");
const cancel = document.getElementById("cancel");
let flow;

const READS = {
  payment_method: "Account details, to pay with it",
  balances: "Balances",
  ownership: "Owner details",
  transactions: "Transactions",
};

function show(...children) {
  const fresh = step.cloneNode(false);
  fresh.append(...children.filter(Boolean));
  document.getElementById("step").replaceWith(fresh);
  fresh.querySelector("input, button")?.focus();
}

async function choose(choice, body) {
  try {
    flow = { ...flow, ...(await act(`flows/${name}/${choice}`, body)) };
    result();
  } catch (error) {
    accounts(error.message);
  }
}

function consent() {
  const { expected } = flow;
  const what = expected ? `your ${expected.subcategory.replaceAll("_", " ")} account ••${expected.last4}` : "an account";
  show(
    el("h1", {}, flow.relink ? `Reconnect with ${flow.institution}` : "Connect your bank"),
    el("p", { class: "muted" }, `Hello ${flow.holder}. Connect ${what}${flow.relink ? " again, to keep payments working" : ""}. This is what will be shared:`),
    el("ul", { class: "asks" }, ...flow.permissions.map((each) => el("li", {}, READS[each] ?? each))),
    el("div", { class: "push" }),
    el("button", { class: "wide", id: "agree", onclick: flow.relink ? signIn : banks }, "Agree and continue"),
  );
}

function banks() {
  const visit = async (bank) => {
    flow = { ...(await look(`flows/${name}?institution=${encodeURIComponent(bank)}`)), institution: bank };
    document.getElementById("institution").textContent = bank;
    signIn();
  };
  show(
    el("h1", {}, "Which is your bank?"),
    el("div", { class: "choices" }, ...flow.institutions.map((bank) =>
      el("button", { class: "quiet bank", onclick: () => visit(bank) }, bank))),
  );
}

function signIn() {
  const form = el("form", { onsubmit: (event) => { event.preventDefault(); accounts(); } },
    el("label", { class: "field" }, "Username", el("input", { name: "username", value: "customer", autocomplete: "off" })),
    el("label", { class: "field" }, "Password", el("input", { name: "password", type: "password", value: "password", autocomplete: "off" })),
    el("div", { class: "push" }),
    el("button", { class: "wide", id: "sign-in" }, "Sign in"),
    el("div", { class: "others" },
      el("button", { type: "button", class: "link", id: "fail", onclick: () => choose("fail_to_sign_in") }, "My password is wrong"),
      el("button", { type: "button", class: "link", id: "bank-error", onclick: () => choose("bank_error") }, "The bank does not respond")));
  show(el("h1", {}, `Sign in to ${flow.institution}`), el("p", { class: "muted" }, "Any password works here."), form);
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
  const form = el("form", { onsubmit: (event) => {
    event.preventDefault();
    const [kind, which] = new FormData(event.target).get("account").split(":");
    const at = flow.relink ? {} : { institution: flow.institution };
    if (kind === "new") choose("choose_new", { last4: which, ...at });
    else if (which === expected) choose("choose_expected");
    else choose("choose_known", { account: which });
  } },
    el("fieldset", { class: "choices" }, ...known, ...fresh),
    el("div", { class: "push" }),
    el("button", { class: "wide", id: "connect" }, "Connect account"),
    el("div", { class: "others" },
      el("button", { type: "button", class: "link", id: "none", onclick: () => choose("sign_in_without_account") }, "My account is not listed")));
  show(
    el("h1", {}, "Choose an account"),
    problem ? el("p", { class: "notice" }, problem) : null,
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
  cancel.hidden = true;
  const good = flow.status === "succeeded";
  let [title, text] = RESULTS[flow.failure_reason] ?? ["Cancelled", "Nothing was connected."];
  if (good) [title, text] = ["Account connected", `${accountName(flow.linked[0])} at ${flow.linked[0].institution} is ready to use.`];
  const away = flow.return_url
    ? el("a", { class: "button wide centered", href: flow.return_url }, "Return")
    : el("p", { class: "muted centered" }, "You can close this page.");
  show(
    el("div", { class: `seal ${good ? "" : "failed"}`, "aria-hidden": "true" }, good ? "✓" : "!"),
    el("h1", { class: "centered", id: "outcome", "data-status": flow.status }, title),
    el("p", { class: "muted centered" }, text),
    el("div", { class: "push" }),
    good ? null : el("button", { class: "wide", onclick: () => location.reload() }, "Try again"),
    away,
  );
}

cancel.addEventListener("click", () => choose("cancel"));
try {
  flow = await look(`flows/${name}`);
  document.getElementById("institution").textContent = flow.institution ?? "StripeBank";
  if (flow.status === "succeeded") result();
  else {
    cancel.hidden = false;
    consent();
  }
} catch (error) {
  show(el("h1", {}, "This link is not valid"), el("p", { class: "muted" }, error.message));
}
