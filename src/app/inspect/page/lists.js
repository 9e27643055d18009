// @ts-check
/** Connections, ports, timers and errors: what is held, a page at a time. */
import { byId, element, showEmpty, sync, write } from "./dom.js";
import { amount, clock, shortPlace, size, span } from "./words.js";

/**
 * @typedef {{ place: string, stack: string[] }} Origin
 * @typedef {{ peer: string, local: string, stack: string[], carrier: string, ageMs?: number, bytesIn?: number,
 *   bytesOut?: number, bufferedBytes: number }} Connection
 * @typedef {{ dueInMs?: number, origin?: Origin }} Timer
 * @typedef {{ address: string, origin?: Origin }} Port
 * @typedef {{ kind: string, summary: string, origin?: Origin }} Other
 * @typedef {{ level: string, namespace: string, message: string, lines: string[], times: number, firstMs: number,
 *   lastMs: number }} Failure
 */

/**
 * @template T
 * @typedef {{ total: number, offset: number, items: T[] }} Page
 */

/** @param {Page<Connection>} page */
export function showConnections(page) {
  showCount("connections", page.total);
  const rows = byId("connections", HTMLTableSectionElement);
  byId("connections", HTMLElement)
    .closest("table")
    ?.toggleAttribute("hidden", page.total === 0);
  sync(rows, page.items, {
    keyOf: ({ peer, local }) => `${peer} ${local}`,
    make: (connection) => {
      const cells = ["Open for", "Received", "Sent", "Waiting"].map((label) =>
        element("td", { role: "cell", class: "number", "data-label": label }),
      );
      return element(
        "tr",
        { role: "row" },
        element("th", { role: "rowheader", scope: "row", class: "peer" }, connection.peer),
        element("td", { role: "cell", class: "local" }, connection.local),
        element("td", { role: "cell", class: "stack" }),
        ...cells,
      );
    },
    update: (row, connection) => {
      showStack(/** @type {Element} */ (row.children[2]), connection);
      const { ageMs, bytesIn, bytesOut, bufferedBytes } = connection;
      const words = [span(ageMs), size(bytesIn), size(bytesOut), size(bufferedBytes)];
      for (const [at, text] of words.entries()) write(/** @type {Element} */ (row.children[at + 3]), text);
      row.classList.toggle("waiting", bufferedBytes > 0);
    },
  });
}

/** @param {Page<Port>} page */
export function showPorts(page) {
  showCount("ports", page.total);
  sync(byId("ports", HTMLElement), page.items, {
    keyOf: ({ address }) => address,
    make: ({ address, origin }) => item([element("strong", {}, address)], origin),
  });
}

/** @param {Page<Other>} page */
export function showOthers(page) {
  byId("others-title", HTMLElement).hidden = page.total === 0;
  sync(byId("others", HTMLElement), page.items, {
    keyOf: ({ summary }) => summary,
    make: ({ summary, origin }) => item([summary], origin),
  });
}

/** @param {Page<Timer>} page */
export function showTimers(page) {
  showCount("timers", page.total);
  sync(byId("timers", HTMLElement), page.items, {
    // One that repeats is the same to a reader, whichever call it is by now.
    keyOf: ({ origin }) => origin?.stack.join("\n") ?? "",
    make: ({ origin }) => item([element("strong", { class: "due" })], origin),
    update: (shown, { dueInMs }) => {
      const due = dueInMs === undefined ? "never" : dueInMs < 0 ? span(dueInMs) : `in ${span(dueInMs)}`;
      write(/** @type {Element} */ (shown.querySelector(".due")), due);
    },
  });
}

/** @param {{ total: number, recent: Failure[] }} errors */
export function showErrors({ total, recent }) {
  showCount("errors", total);
  sync(byId("errors", HTMLElement), recent, {
    keyOf: ({ namespace, message, firstMs }) => `${firstMs} ${namespace} ${message}`,
    make: (failure) => {
      const { level, namespace, message, lines } = failure;
      return element(
        "details",
        { class: "item failure" },
        element(
          "summary",
          {},
          element("span", { class: `level ${level}` }, level),
          " ",
          element("bdi", { class: "message" }, message),
          " ",
          element("span", { class: "when" }),
        ),
        element("p", { class: "hint" }, namespace),
        element("pre", {}, lines.join("\n") || "It says no more than that."),
      );
    },
    update: (shown, { times, lastMs }) => {
      const when = times === 1 ? clock(lastMs) : `${amount(times)} times, last ${clock(lastMs)}`;
      write(/** @type {Element} */ (shown.querySelector(".when")), when);
    },
  });
}

/**
 * Buttons to leaf through a list.
 *
 * @param {"connections" | "timers"} what
 * @param {Page<unknown>} page
 * @param {number} limit
 * @param {(offset: number) => void} turnTo
 */
export function showPages(what, { total, offset, items }, limit, turnTo) {
  const nav = byId(`${what}-pages`, HTMLElement);
  nav.hidden = total <= limit && offset === 0;
  if (nav.hidden) return;
  if (nav.childElementCount === 0) {
    const back = element("button", { class: "quiet", type: "button" }, "Back");
    const on = element("button", { class: "quiet", type: "button" }, "On");
    back.addEventListener("click", () => turnTo(Math.max(0, Number(nav.dataset["offset"]) - limit)));
    on.addEventListener("click", () => turnTo(Number(nav.dataset["offset"]) + limit));
    nav.append(back, element("span", { class: "most" }), on);
  }
  nav.dataset["offset"] = String(offset);
  const [back, where, on] = nav.children;
  if (back instanceof HTMLButtonElement) back.disabled = offset === 0;
  if (on instanceof HTMLButtonElement) on.disabled = offset + items.length >= total;
  if (where !== undefined) {
    write(where, `${amount(Math.min(offset + 1, total))} to ${amount(offset + items.length)} of ${amount(total)}`);
  }
}

/**
 * @param {string} what
 * @param {number} total
 */
function showCount(what, total) {
  write(byId(`${what}-count`, HTMLElement), total === 0 ? "" : amount(total));
  showEmpty(what, total);
}

/**
 * @param {Element} cell
 * @param {Connection} connection
 */
function showStack(cell, { stack, carrier }) {
  const names = [carrier, ...stack];
  const text = names.join(" › ");
  if (cell.getAttribute("title") === text) return;
  cell.setAttribute("title", text);
  const parts = names.map((name, at) => {
    const kind = at === 0 ? "carrier" : at === names.length - 1 ? "innermost" : "policy";
    return element("span", { class: `layer ${kind}` }, name);
  });
  cell.replaceChildren(...parts);
}

/**
 * Something that the reactor holds, and where it was made.
 *
 * @param {readonly (Node | string)[]} words
 * @param {Origin | undefined} origin
 */
function item(words, origin) {
  if (origin === undefined) {
    return element("div", { class: "item" }, ...words, " ", element("span", { class: "place" }, "of unknown origin"));
  }
  return element(
    "details",
    { class: "item" },
    element("summary", {}, ...words, " ", element("span", { class: "place" }, shortPlace(origin.place))),
    element("pre", {}, origin.stack.join("\n")),
  );
}
