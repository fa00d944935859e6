// The control API, and helpers shared by both pages.

export class RequestError extends Error {}

async function ask(method, path, body) {
  let answer;
  try {
    answer = await fetch(`/_simulator/${path}`, {
      method,
      headers: body === undefined ? {} : { "Content-Type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch {
    throw new RequestError("StripeBank does not answer. Is it still running?");
  }
  const isJson = /\bjson\b/.test(answer.headers.get("content-type") ?? "");
  const found = isJson ? await answer.json() : null;
  if (!answer.ok) throw new RequestError(found?.error ?? `StripeBank answered ${answer.status}.`);
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

/**
 * Show items in a list, each `{ key, … }`. Only elements of changed items are replaced; all others
 * keep the focus, and stay open.
 */
export function show(list, items, make) {
  const left = new Map([...list.children].map((child) => [child.dataset.key, child]));
  items.forEach((item, index) => {
    const content = JSON.stringify(item);
    let child = left.get(item.key);
    left.delete(item.key);
    if (child?.content !== content) {
      const made = make(item);
      made.dataset.key = item.key;
      made.content = content;
      if (child) replace(child, made);
      child = made;
    }
    if (list.children[index] !== child) list.insertBefore(child, list.children[index] ?? null);
  });
  for (const child of left.values()) child.remove();
}

/** Replace an element. If the focus was in it, focus the same control of the new one. */
function replace(old, made) {
  const focused = old.contains(document.activeElement) ? document.activeElement : null;
  old.replaceWith(made);
  if (!focused) return;
  const opener = focused.closest("details")?.querySelector("summary") ?? focused;
  const same = made.querySelector(`[data-do="${opener.dataset.do}"]`);
  (same ?? made.querySelector("summary, button, a"))?.focus({ preventScroll: true });
}

export const titled = (text) => text.charAt(0).toUpperCase() + text.slice(1).replaceAll("_", " ");
export const accountName = (account) => `${titled(account.subcategory)} ••${account.last4}`;
