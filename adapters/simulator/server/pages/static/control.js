// The control API, and helpers shared by both pages.

export class RequestError extends Error {}

async function ask(method, path, body) {
  const answer = await fetch(`/_simulator/${path}`, {
    method,
    headers: body === undefined ? {} : { "Content-Type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const found = await answer.json();
  if (!answer.ok) throw new RequestError(found.error);
  return found;
}

export const look = (path) => ask("GET", path);
export const act = (path, body = {}) => ask("POST", path, body);

/** An element: `el("p", { class: "muted" }, "text", child)`. Text is never read as HTML. */
export function el(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (typeof value === "boolean") made.toggleAttribute(key, value);
    else if (value !== null && value !== undefined) made.setAttribute(key, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

export const titled = (text) => text.charAt(0).toUpperCase() + text.slice(1).replaceAll("_", " ");
export const accountName = (account) => `${titled(account.subcategory)} ••${account.last4}`;
