// @ts-check
/** What both pages need of the document. Text from outside gets there as text, never as markup. */

/**
 * The element of this id, of this class.
 *
 * @template {Element} E
 * @param {string} id
 * @param {new () => E} kind
 * @returns {E}
 */
export function byId(id, kind) {
  const found = document.getElementById(id);
  if (found instanceof kind) return found;
  throw new Error(`Cannot find #${id} on this page`);
}

/**
 * A new element; strings among its children are text.
 *
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Readonly<Record<string, string>>} attributes
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export function element(tag, attributes, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/**
 * A name in its colour. Its direction is its own: it cannot turn what stands around it.
 *
 * @param {string} name
 */
export function nameTag(name) {
  let hash = 0;
  for (const character of name) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) % COLOURS;
  return element("bdi", { class: `name hue-${hash}` }, name);
}

/** @param {number} atMs */
export function timeTag(atMs) {
  const at = new Date(atMs);
  const text = at.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  return element("time", { datetime: at.toISOString(), title: at.toLocaleString() }, text);
}

/** @param {number} ms */
export function duration(ms) {
  const seconds = Math.floor(ms / 1_000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)} h ${Math.floor((seconds % 3_600) / 60)} min`;
  return `${Math.floor(seconds / 86_400)} d ${Math.floor((seconds % 86_400) / 3_600)} h`;
}

/**
 * Adds to a list that is read at its end: it stays there, unless somebody has scrolled up to read.
 *
 * @param {HTMLElement} list
 * @param {Node} item
 * @param {number} most older ones go
 * @returns {boolean} whether the end is in view
 */
export function addAtEnd(list, item, most) {
  const wasAtEnd = isAtEnd(list);
  list.append(item);
  while (list.childElementCount > most) list.firstElementChild?.remove();
  if (wasAtEnd) list.scrollTop = list.scrollHeight;
  return wasAtEnd;
}

/** @param {HTMLElement} list */
export function isAtEnd(list) {
  return list.scrollHeight - list.scrollTop - list.clientHeight < NEAR_PX;
}

const COLOURS = 8;
const NEAR_PX = 48;
