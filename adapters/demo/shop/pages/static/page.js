// Helpers: requests to the server, and elements of the page.

/** An error answer, with the server's message. */
export class Refused extends Error {}

async function ask(method, path, body) {
  const answer = await fetch(path, {
    method,
    headers: body === undefined ? {} : { "Content-Type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const isJson = /\bjson\b/.test(answer.headers.get("content-type") ?? "");
  const found = isJson ? await answer.json() : null;
  if (!answer.ok) throw new Refused(found?.detail ?? `The server answered ${answer.status}.`);
  return found;
}

export const get = (path) => ask("GET", path);
export const post = (path, body = {}) => ask("POST", path, body);

/** An element: `el("p", { class: "muted" }, "text", child)`. Text is never read as HTML. */
export function el(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (typeof value === "boolean") made.toggleAttribute(key, value);
    else if (value !== null && value !== undefined) made.setAttribute(key, value);
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return made;
}

/**
 * Show items in a list, each `{ key, … }`. Only elements of changed items are replaced; all others
 * keep the focus, and what was typed into them.
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

/**
 * Replace an element. What was typed into it is kept. If the focus was in it, focus the same control
 * of the new one.
 */
function replace(old, made) {
  for (const input of old.querySelectorAll("input[data-do]")) {
    const same = made.querySelector(`[data-do="${input.dataset.do}"]`);
    if (same) same.value = input.value;
  }
  const focused = old.contains(document.activeElement) ? document.activeElement : null;
  old.replaceWith(made);
  if (!focused) return;
  const same = made.querySelector(`[data-do="${focused.dataset.do}"]`);
  (same ?? made.querySelector("button, input"))?.focus({ preventScroll: true });
}

const CLOCK = new Intl.DateTimeFormat("en", { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });
const DAY = new Intl.DateTimeFormat("en", { day: "numeric", month: "short" });

/** A time (Unix seconds), with its day unless it is today. */
export function moment(at) {
  const date = new Date(at * 1000);
  const time = el("time", { datetime: date.toISOString() }, CLOCK.format(date));
  if (date.toDateString() !== new Date().toDateString()) time.prepend(`${DAY.format(date)}, `);
  return time;
}

export const day = (at) => DAY.format(new Date(at * 1000));
