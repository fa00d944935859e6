// relink's codes in words. A code that is not listed here is shown as it is.

import { day } from "./page.js";

const spaced = (text) => text.replaceAll("_", " ");
const titled = (text) => text.charAt(0).toUpperCase() + spaced(text).slice(1);

export const accountName = (account) => `${titled(account.subcategory ?? "account")} ••${account.last4 ?? "????"}`;

const STATES = {
  active: ["Linked", "good"],
  inactive_relinkable: ["Needs the customer", "bad"],
  inactive_unrepairable: ["Cannot be repaired", "bad"],
  relinking: ["Relink in progress", "wait"],
  relinked: ["Repaired, being confirmed", "wait"],
  new_account_linked: ["Replaced", "quiet"],
  disconnected: ["Disconnected", "quiet"],
};

/** A state: its name, and the tone to show it in. */
export const state = (name) => STATES[name] ?? [titled(name), "quiet"];

// relink's own codes, and Stripe's causes and error codes.
const REASONS = {
  access_denied: "the customer revoked access",
  access_expired: "the customer's consent expired",
  account_closed: "the account was closed",
  account_unavailable: "the bank no longer offers the account",
  announced_deactivation: "the link is about to stop working",
  attempts_used_up: "all attempts to relink it failed",
  bank_account_closed: "Stripe blocked it, because the account was closed",
  bank_account_frozen: "Stripe blocked it, because the account is frozen",
  bank_account_invalid_details: "Stripe blocked it, because its details are invalid",
  bank_account_restricted: "Stripe blocked it, because the account does not allow debits",
  bank_account_unusable: "Stripe blocked it, because the account cannot be used",
  billing_name_missing: "the payment method needs it",
  blocked: "Stripe blocked it",
  customer_deleted: "the customer was deleted at Stripe",
  debit_not_authorized: "Stripe blocked it, because a debit was not authorized",
  disconnected: "the account was disconnected for good",
  errored: "a payout to it was returned",
  gone: "its payment method was removed at Stripe",
  inactive: "the link is broken",
  institution_requirement: "the bank requires a new sign-in",
  mandate_inactive: "the customer's authorization of debits has ended",
  new_account: "the customer authorized debits of the old account only",
  new_permissions: "relink needs more permissions",
  no_account: "the customer did not link this account",
  no_authorization: "Stripe names no bank login for it",
  no_bank_account_token: "Stripe gave no token to build an external account from",
  no_customer: "it belongs to no customer",
  no_payment_method_permission: "the customer did not permit payments from it",
  not_active: "the new account is not active",
  not_checking_or_savings: "it is neither a checking nor a savings account",
  nothing_reported_yet: "Stripe has not reported on it yet",
  number_expiring: "its account number is about to expire",
  number_lapsed: "its account number has lapsed",
  number_pending: "its new account number is not ready yet",
  other_holder: "it belongs to somebody else",
  payment_method_in_progress: "its payment method is being created",
  refused: "Stripe refused to create a payment method from it",
  relinkable: "the link is broken",
  session_open: "a relink session is open",
  stripe_confirms_repair: "Stripe has not confirmed the repair yet",
  stripe_was_asked: "relink is reading the account at Stripe",
  tokenized_account_number_deactivated: "the bank deactivated its account number",
  unrepairable: "the link cannot be repaired",
  unspecified: "the bank gives no reason",
  us_bank_account_not_supported: "it does not support bank debits",
  verification_failed: "Stripe could not verify the account",
};

const ANOMALIES = {
  future_time: "a report's time lies ahead of relink's clock",
  repair_left_open: "Stripe does not say whether the link can be repaired",
  unknown_action: "Stripe names an action that relink does not know",
  unknown_status: "Stripe reports a status that relink does not know",
};

/** One code in words, or several. */
export const because = (codes) =>
  [codes].flat().map((code) => REASONS[code] ?? spaced(code)).join(", and ");

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
    case "request_new_payment_method": return `Ask for a new payment method: ${why}.`;
    case "provide_name": return `Provide the account holder's name: ${why}.`;
    default: return `${titled(action)}: ${why}.`;
  }
}

const FAILURES = {
  account_disconnected: "The account that the customer picked has been disconnected since.",
  no_account: "The customer signed in, but did not connect this account.",
  no_authorization: "The customer could not sign in at the bank.",
  other: "Something went wrong at the bank.",
  other_holder: "The account belongs to somebody else.",
};

/** The result of a session: a title, what it means, and the tone to show it in. */
export function result({ outcome, failure_reason }, was, is) {
  switch (outcome) {
    case "relinked": return ["Repaired", `${was} is linked again, and payments continue as before.`, "good"];
    case "new_account_linked":
      return ["A new account", `The customer linked ${is} instead of ${was}.`, "good"];
    case "known_account_linked":
      return ["Another account", `The customer picked ${is}, which is already linked. ${was} is unchanged.`, "warn"];
    case "failed": return ["Not repaired", FAILURES[failure_reason] ?? titled(failure_reason), "warn"];
    case "cancelled": return ["Cancelled", "The customer closed the bank's page.", "warn"];
    case "pending": return ["Not finished", "The customer is still at the bank.", "wait"];
    default: return [titled(outcome), "", "quiet"];
  }
}

/** A notification: what it asks the school to do, and why. */
export function notification({ type, data }, who, names) {
  const which = names.length ? `${names.join(", ")}: ` : "";
  switch (type) {
    case "notify_customer": {
      const what = `Ask ${who} to relink`;
      const by = data.relink_by ? `, on ${day(data.relink_by)}` : "";
      return [data.reminder ? `${what} (reminder ${data.reminder})` : what, `${which}${because(data.reasons)}${by}.`];
    }
    case "request_new_payment_method":
      return [`Ask ${who} for a new payment method`, `${which}${because(data.reason)}.`];
    case "payment_method_built":
      return [`${who} has a new payment method`, `${which}relink made it from the new account.`];
    case "collect_mandate":
      return [`Ask ${who} to authorize debits`, `${which}${because(data.reason)}.`];
    case "payment_method_gone":
      return [`A payment method of ${who} is gone`, `${which}it was removed at Stripe, and cannot be debited.`];
    case "request_billing_name":
      return [`Ask ${who} for the account holder's name`, `${which}its payment method needs it.`];
    case "report_anomaly":
      return ["For the operators", `${which}${ANOMALIES[data.anomaly] ?? spaced(data.anomaly)}.`];
    default: return [titled(type), which];
  }
}
