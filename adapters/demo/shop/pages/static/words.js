// relink's codes in words. A code that is not listed here is shown as it is.

import { day, get } from "./page.js";

const spaced = (text) => text.replaceAll("_", " ");
const titled = (text) => text.charAt(0).toUpperCase() + spaced(text).slice(1);

export const accountName = (account) => `${titled(account.subcategory ?? "account")} ••${account.last4 ?? "????"}`;

// The words of relink's machines: of states, of relink's own codes, and of Stripe's that it passes on.
const { states: STATES, reasons: REASONS, anomalies: ANOMALIES } = await get("/demo/words");
const TONES = { good: "good", alert: "bad", stopped: "bad", waiting: "wait" };

/** A state: its name, and the tone to show it in. */
export const state = (name) => {
  const { name: shown, tone } = STATES[name] ?? { name: titled(name) };
  return [shown, TONES[tone] ?? "quiet"];
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
