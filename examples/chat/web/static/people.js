// @ts-check
/** The table of those who are here. Rows stay while their people do, so that a focused button is not taken away each second. */
import { duration, element, nameTag } from "./dom.js";

/** @typedef {{ name: string, peer: string, sinceMs: number, messages: number, idleMs: number }} Presence */

export class PeopleTable {
  /** @type {Map<string, Row>} */
  #rows = new Map();
  #body;
  #nobody;
  #onKick;

  /**
   * @param {HTMLTableSectionElement} body
   * @param {HTMLElement} nobody shown while the table is empty
   * @param {(name: string) => void} onKick
   */
  constructor(body, nobody, onKick) {
    this.#body = body;
    this.#nobody = nobody;
    this.#onKick = onKick;
  }

  /**
   * @param {readonly Presence[]} people
   * @param {number} nowMs
   */
  show(people, nowMs) {
    const names = new Set(people.map(({ name }) => name));
    for (const [name, row] of this.#rows) {
      if (names.has(name)) continue;
      row.line.remove();
      this.#rows.delete(name);
    }
    for (const presence of people) {
      let row = this.#rows.get(presence.name);
      if (row === undefined) {
        row = new Row(presence.name, this.#onKick);
        this.#rows.set(presence.name, row);
        this.#body.append(row.line);
      }
      row.show(presence, nowMs);
    }
    this.#nobody.hidden = people.length > 0;
  }
}

class Row {
  #peer = element("span", { class: "peer" });
  #since = element("td", { class: "number" });
  #messages = element("td", { class: "number" });
  #idle = element("td", { class: "number" });
  line;

  /**
   * @param {string} name
   * @param {(name: string) => void} onKick
   */
  constructor(name, onKick) {
    const kick = element(
      "button",
      { type: "button", class: "quiet danger kick", "aria-label": `Kick ${name}` },
      "Kick",
    );
    kick.addEventListener("click", () => onKick(name));
    const who = element("th", { scope: "row" }, nameTag(name), this.#peer);
    this.line = element("tr", {}, who, this.#since, this.#messages, this.#idle, element("td", {}, kick));
  }

  /**
   * @param {Presence} presence
   * @param {number} nowMs
   */
  show({ peer, sinceMs, messages, idleMs }, nowMs) {
    if (this.#peer.textContent !== peer) {
      // Where it does not fit, it is best broken behind a colon.
      this.#peer.replaceChildren(...peer.split(/(?<=:)/).flatMap((part) => [part, element("wbr", {})]));
    }
    this.#since.textContent = duration(nowMs - sinceMs);
    this.#since.title = new Date(sinceMs).toLocaleString();
    this.#messages.textContent = String(messages);
    this.#idle.textContent = duration(idleMs);
  }
}
