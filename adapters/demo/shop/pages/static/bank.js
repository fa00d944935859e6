// Stands in for Stripe.js, which would show the bank's page inside this one.

/** A window for the bank's page. Browsers open one only during the click that asks for it. */
export function openRoom() {
  const beside = matchMedia("(min-width: 900px)").matches ? "popup,width=480,height=780" : "";
  const room = window.open("", "_blank", beside);
  if (!room) throw new Error("Your browser blocked the bank's page. Allow pop-ups for this page.");
  room.opener = null;
  return room;
}

/**
 * Send the customer to the bank. Stripe.js passes the secret to Stripe and to nobody else. The
 * simulated bank identifies sessions by id, so the secret stays here.
 */
export function collectFinancialConnectionsAccounts({ clientSecret }, { room, pages, session }) {
  if (!clientSecret) throw new Error("The session has no client secret.");
  room.location.replace(`${pages}/${encodeURIComponent(session)}`);
}
