// @ts-check
/** The tree of services. */
import { byId, element, showEmpty, sync, write } from "./dom.js";

/**
 * @typedef {{ name: string, type: string, state: string, error?: string, children: Service[], hidden: number }} Service
 */

/** @param {Service | undefined} root */
export function showServices(root) {
  const box = byId("services", HTMLElement);
  showEmpty("services", root === undefined ? 0 : 1);
  show(box, root === undefined ? [] : [root], 0);
}

/**
 * @param {Element} box
 * @param {readonly Service[]} services
 * @param {number} hidden
 */
function show(box, services, hidden) {
  if (services.length === 0) {
    box.replaceChildren();
    lists.delete(box);
    return;
  }
  let list = lists.get(box);
  if (list === undefined) {
    list = element("ul", {});
    lists.set(box, list);
    box.append(list);
  }
  sync(list, services, {
    keyOf: ({ name }) => name,
    make: () =>
      element(
        "li",
        {},
        element("div", { class: "service" }, element("span", { class: "state" }), element("span", { class: "name" })),
        element("p", { class: "problem" }),
        element("div", { class: "below" }),
      ),
    update: (item, service) => {
      const state = /** @type {HTMLElement} */ (item.querySelector(".state"));
      write(state, service.state);
      state.dataset["state"] = service.state;
      write(/** @type {Element} */ (item.querySelector(".name")), nameOf(service));
      write(/** @type {Element} */ (item.querySelector(".problem")), service.error ?? "");
      show(/** @type {Element} */ (item.querySelector(".below")), service.children, service.hidden);
    },
  });
  const note = list.querySelector(":scope > .more");
  if (hidden > 0 && note === null) list.append(element("li", { class: "more" }, `and ${hidden} more`));
  else if (hidden === 0) note?.remove();
}

/** @param {Service} service */
function nameOf({ name, type }) {
  return name === type || type === "Object" ? name : `${name} · ${type}`;
}

/** @type {WeakMap<Element, HTMLUListElement>} */
const lists = new WeakMap();
