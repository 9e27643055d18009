// @ts-check
/** What the page needs of the document. Text from outside gets there as text, never as markup. */

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
 * Writes only what has changed, so that a selection and a screen reader are left in peace.
 *
 * @param {Element} where
 * @param {string} text
 */
export function write(where, text) {
  if (where.textContent !== text) where.textContent = text;
}

/**
 * Makes the children of `parent` those of `items`: what is there already stays the same element, open or selected as it is.
 *
 * @template T
 * @template {Element} E
 * @param {Element} parent
 * @param {readonly T[]} items
 * @param {{ keyOf: (item: T) => string, make: (item: T) => E, update?: (element: E, item: T) => void }} how
 */
export function sync(parent, items, { keyOf, make, update }) {
  /** @type {Map<string, E>} */
  const before = known.get(parent) ?? new Map();
  /** @type {Map<string, E>} */
  const after = new Map();
  for (const item of items) {
    let key = keyOf(item);
    for (let n = 2; after.has(key); n += 1) key = `${keyOf(item)}#${n}`;
    const child = before.get(key) ?? make(item);
    update?.(child, item);
    after.set(key, child);
  }
  for (const [key, child] of before) if (!after.has(key)) child.remove();
  let at = parent.firstElementChild;
  for (const child of after.values()) {
    if (child === at) at = at.nextElementSibling;
    else parent.insertBefore(child, at);
  }
  known.set(parent, after);
}

/**
 * Shows either what there is or the sentence that there is nothing.
 *
 * @param {string} what
 * @param {number} count
 */
export function showEmpty(what, count) {
  byId(`no-${what}`, HTMLElement).hidden = count > 0;
}

/** @type {WeakMap<Element, Map<string, any>>} */
const known = new WeakMap();
