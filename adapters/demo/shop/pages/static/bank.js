// Stands in for Stripe.js, which would show the bank's page within this one.

/** Room for the bank's page. Browsers allow a window only within the click that asks for it. */
export function openRoom() {
  const beside = matchMedia("(min-width: 900px)").matches ? "popup,width=480,height=780" : "";
  const room = window.open("", "_blank", beside);
  if (!room) throw new Error("Your browser keeps the bank's page from opening. Allow pop-ups for this page.");
  room.opener = null;
  return room;
}

/**
 * Bring the customer to the bank. Stripe.js hands the secret to Stripe, and to nobody else. The
 * simulated bank knows its sessions by their ids, so here the secret goes no further.
 */
export function collectFinancialConnectionsAccounts({ clientSecret }, { room, pages, session }) {
  if (!clientSecret) throw new Error("A session in the school's own page has a client secret.");
  room.location.replace(`${pages}/${encodeURIComponent(session)}`);
}
