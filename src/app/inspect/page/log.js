// @ts-check
/** The end of the log, what of it is shown, and what the program logs at all. */
import { byId, element, sync, write } from "./dom.js";
import { clock } from "./words.js";

/**
 * @typedef {{ id: number, timeMs: number, level: string, namespace: string, message: string, lines: string[] }} Entry
 * @typedef {{ levels: Record<string, string>, namespaces: string[], counts: Record<string, number> }} LogFacts
 */

const LEVELS = ["debug", "info", "warn", "error", "critical", "off"];
const MOST_LINES = 500;

export class LogView {
  #lines = byId("log", HTMLElement);
  #least = byId("least", HTMLSelectElement);
  #find = byId("find", HTMLInputElement);
  #outcome = byId("level-outcome", HTMLElement);
  #lastId = 0;
  /** @type {(namespace: string, level: string) => Promise<LogFacts>} */
  #ask;

  /** @param {(namespace: string, level: string) => Promise<LogFacts>} ask sets a level; fails with what is against it */
  constructor(ask) {
    this.#ask = ask;
    this.#least.addEventListener("change", () => this.#filterAll());
    this.#find.addEventListener("input", () => this.#filterAll());
    const choice = byId("level-choice", HTMLSelectElement);
    choice.append(...LEVELS.map((level) => element("option", { value: level }, level)));
    byId("level-form", HTMLFormElement).addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#set(byId("level-namespace", HTMLInputElement).value.trim(), choice.value);
    });
  }

  /** The last entry that is shown. */
  get lastId() {
    return this.#lastId;
  }

  /** For a program that has begun anew. */
  clear() {
    this.#lastId = 0;
    this.#lines.replaceChildren();
  }

  /** @param {readonly Entry[]} entries */
  add(entries) {
    const news = entries.filter(({ id }) => id > this.#lastId);
    if (news.length === 0) return;
    const wasAtEnd = this.#isAtEnd();
    const missing = (news[0]?.id ?? 0) - this.#lastId - 1;
    if (this.#lastId > 0 && missing > 0) {
      this.#lines.append(element("p", { class: "gap" }, `${missing} more were logged than can be shown`));
    }
    for (const entry of news) this.#lines.append(this.#filtered(lineOf(entry)));
    this.#lastId = news.at(-1)?.id ?? this.#lastId;
    while (this.#lines.childElementCount > MOST_LINES) this.#lines.firstElementChild?.remove();
    if (wasAtEnd) this.#lines.scrollTop = this.#lines.scrollHeight;
  }

  /** @param {LogFacts} facts */
  show({ levels, namespaces }) {
    const set = Object.entries(levels).sort(([a], [b]) => (a < b ? -1 : 1));
    write(byId("levels-count", HTMLElement), set.length === 1 ? "" : String(set.length));
    sync(byId("level-list", HTMLElement), set, {
      keyOf: ([namespace]) => namespace,
      make: ([namespace]) => this.#switch(namespace),
      update: (shown, [, level]) => {
        const choice = shown.querySelector("select");
        if (choice !== null && choice !== document.activeElement) choice.value = level;
      },
    });
    sync(byId("namespaces", HTMLDataListElement), namespaces, {
      keyOf: (namespace) => namespace,
      make: (namespace) => element("option", { value: namespace }),
    });
  }

  /** @param {string} namespace */
  #switch(namespace) {
    const options = LEVELS.map((level) => element("option", { value: level }, level));
    if (namespace !== "") options.push(element("option", { value: "inherit" }, "as above it"));
    const words = namespace === "" ? "all others" : namespace;
    const choice = element("select", { "aria-label": `Level of ${words}` }, ...options);
    choice.addEventListener("change", () => {
      choice.blur();
      void this.#set(namespace, choice.value);
    });
    return element("li", {}, element("code", {}, words), choice);
  }

  /**
   * @param {string} namespace
   * @param {string} level
   */
  async #set(namespace, level) {
    try {
      this.show(await this.#ask(namespace, level));
      const words = namespace === "" ? "All others" : namespace;
      this.#outcome.textContent = level === "inherit" ? `${words}: as above it` : `${words}: ${level}`;
      this.#outcome.classList.remove("problem");
    } catch (error) {
      this.#outcome.textContent = error instanceof Error ? error.message : String(error);
      this.#outcome.classList.add("problem");
    }
  }

  #filterAll() {
    for (const line of this.#lines.children) this.#filtered(/** @type {HTMLElement} */ (line));
    this.#lines.scrollTop = this.#lines.scrollHeight;
  }

  /** @param {HTMLElement} line */
  #filtered(line) {
    const level = line.dataset["level"];
    const wanted = this.#find.value.trim().toLowerCase();
    const isEnough = level === undefined || LEVELS.indexOf(level) >= LEVELS.indexOf(this.#least.value);
    line.hidden = !(isEnough && (wanted === "" || (line.textContent ?? "").toLowerCase().includes(wanted)));
    return line;
  }

  #isAtEnd() {
    const { scrollHeight, scrollTop, clientHeight } = this.#lines;
    return scrollHeight - scrollTop - clientHeight < NEAR_PX;
  }
}

/** @param {Entry} entry */
function lineOf({ timeMs, level, namespace, message, lines }) {
  const words = [
    element("time", { datetime: new Date(timeMs).toISOString() }, clock(timeMs)),
    " ",
    element("span", { class: `level ${level}` }, level),
    " ",
    element("span", { class: "namespace" }, namespace),
    " ",
    element("bdi", { class: "message" }, message),
  ];
  if (lines.length === 0) return element("p", { "data-level": level }, ...words);
  return element(
    "details",
    { "data-level": level },
    element("summary", {}, ...words),
    element("pre", {}, lines.join("\n")),
  );
}

const NEAR_PX = 48;
