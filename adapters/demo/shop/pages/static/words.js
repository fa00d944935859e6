// What relink answers, in plain words. What is not known here is shown as it came.

import { day } from "./page.js";

const spaced = (text) => text.replaceAll("_", " ");
const titled = (text) => text.charAt(0).toUpperCase() + spaced(text).slice(1);

export const accountName = (account) => `${titled(account.subcategory ?? "account")} ••${account.last4 ?? "????"}`;

const STATES = {
  active: ["Linked", "good"],
  inactive_relinkable: ["Needs the customer", "bad"],
  inactive_unrepairable: ["Can't be repaired", "bad"],
  relinking: ["Relink under way", "wait"],
  relinked: ["Repaired, being confirmed", "wait"],
  new_account_linked: ["Replaced", "quiet"],
  disconnected: ["Disconnected", "quiet"],
};

/** A state: its name, and in which tone to show it. */
export const state = (name) => STATES[name] ?? [titled(name), "quiet"];

const REASONS = {
  access_denied: "the customer revoked access",
  access_expired: "the customer's consent expired",
  account_closed: "the account was closed",
  account_unavailable: "the bank does not serve the account",
  announced_deactivation: "the link is about to end",
  attempts_used_up: "it was tried often enough",
  bank_account_restricted: "a debit came back",
  billing_name_missing: "the payment method needs it",
  disconnected: "the account was disconnected",
  inactive: "the link is broken",
  institution_requirement: "the bank wants a new sign-in",
  new_account: "the customer has authorized debits of the old one only",
  no_authorization: "no bank login is behind it",
  nothing_heard_yet: "nothing was heard of it yet",
  number_expiring: "its account number is about to expire",
  number_lapsed: "its account number has lapsed",
  number_pending: "its new account number is not ready yet",
  payment_method_is_made: "the payment method is being made",
  session_open: "a relink session is open",
  stripe_confirms_repair: "Stripe is about to confirm the repair",
  stripe_was_asked: "Stripe was asked how it is",
};

/** Reasons, several with commas between. */
export const because = (text) => text.split(", ").map((each) => REASONS[each] ?? spaced(each)).join(", and ");

/** One thing to do, in a sentence. */
export function todo({ action, mode, reason }) {
  const why = because(reason);
  switch (action) {
    case "relink":
      return mode === "any_eligible"
        ? `Have the customer link any account at this bank: ${why}.`
        : `Have the customer relink this account: ${why}.`;
    case "wait": return `Wait: ${why}.`;
    case "collect_mandate": return `Collect a mandate: ${why}.`;
    case "request_new_payment_method": return `Ask for another way to pay: ${why}.`;
    case "provide_name": return `Provide the account holder's name: ${why}.`;
    default: return `${titled(action)}: ${why}.`;
  }
}

const FAILURES = {
  no_account: "The customer signed in, but did not connect this account.",
  no_authorization: "The customer could not sign in at the bank.",
  other: "Something went wrong at the bank.",
};

/** What came of a session: a title, what it means, and in which tone. */
export function result({ outcome, failure_reason }, was, is) {
  switch (outcome) {
    case "relinked": return ["Repaired", `${was} is linked again, and its payments go on as before.`, "good"];
    case "new_account_linked":
      return ["A new account", `The customer linked ${is} in place of ${was}.`, "good"];
    case "known_account_linked":
      return ["Another account", `The customer picked ${is}, which is linked already. ${was} stays as it was.`, "warn"];
    case "failed": return ["Not repaired", FAILURES[failure_reason] ?? titled(failure_reason), "warn"];
    case "cancelled": return ["Cancelled", "The customer closed the bank's page.", "warn"];
    case "pending": return ["Not finished", "The customer is still at the bank.", "wait"];
    default: return [titled(outcome), "", "quiet"];
  }
}

/** A notification: what it asks of the school, and why. */
export function notification({ type, data }, who, names) {
  const which = names.length ? `${names.join(", ")}: ` : "";
  switch (type) {
    case "notify_customer": {
      const what = data.ask === "relink" ? `Ask ${who} to relink` : `Ask ${who} for another way to pay`;
      const by = data.relink_by ? `, on ${day(data.relink_by)}` : "";
      return [data.reminder ? `${what} (reminder ${data.reminder})` : what, `${which}${because(data.because)}${by}.`];
    }
    case "request_new_payment_method":
      return [`Ask ${who} for another way to pay`, `${which}${because(data.because.replaceAll(" ", "_"))}.`];
    case "request_billing_name":
      return [`Ask ${who} for the account holder's name`, `${which}its payment method needs it.`];
    case "report_anomaly": return ["For the operators", `${which}${data.what}.`];
    default: return [titled(type), which];
  }
}
