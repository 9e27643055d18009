/** Lines: no input may throw, cuts may not matter, and nothing may be kept beyond the limit. */
import assert from "node:assert/strict";
import { LineDecoder, type LineSettings } from "ropewalk/line";
import { assertSameWhateverTheCuts, type FuzzTarget } from "./target.ts";

export const line: FuzzTarget = {
  seeds: ["a\r\nb\r\n", "\r\r\n\n", "é\r\n\u{1f4a7}\n", "x".repeat(20), "\u0000|\r\n||", "abcde\r\nab\r\n"],
  run(data) {
    // The first byte chooses the settings, so that one corpus serves them all.
    const choice = data[0] ?? 0;
    const settings: LineSettings = {
      delimiter: ["\r\n", "\n", "||", "\u0000"][choice & 3] ?? "\n",
      acceptBareNewline: (choice & 4) !== 0,
      encoding: (choice & 8) !== 0 ? "latin1" : "utf8",
      maxLength: choice >> 4,
    };
    assertSameWhateverTheCuts(() => new Reader(settings), data.subarray(1));
  },
};

class Reader {
  readonly events: unknown[] = [];
  readonly #settings: LineSettings;
  readonly #decoder: LineDecoder;

  constructor(settings: LineSettings) {
    this.#settings = settings;
    this.#decoder = new LineDecoder(settings);
  }

  receive(data: Uint8Array): void {
    this.#decoder.push(data);
    for (let event = this.#decoder.next(); event !== undefined; event = this.#decoder.next()) {
      const { maxLength } = this.#settings;
      if (typeof event === "string") assert.ok(event.length <= maxLength);
      else assert.equal(event.start.length, maxLength);
      this.events.push(typeof event === "string" ? event : [...event.start]);
    }
  }

  end(): void {
    const { delimiter, maxLength } = this.#settings;
    assert.ok(this.#decoder.takeRest().length < maxLength + Math.max(2, delimiter.length));
  }
}
