import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { type LogLevel, LogLevels, type LogThreshold } from "./levels.ts";

describe("LogLevels", () => {
  test("lets info and above pass at first", () => {
    const levels = new LogLevels();
    assert.deepEqual([levels.enabled("x", "debug"), levels.enabled("x", "info")], [false, true]);
  });

  test("takes the longest dotted prefix", () => {
    const levels = new LogLevels("error,a=warn,a.b=debug");
    const least = (namespace: string): string | undefined => LEVELS.find((level) => levels.enabled(namespace, level));
    assert.deepEqual(["a.b", "a.b.c.d", "a.bc", "a", "ab", "z", ""].map(least), [
      "debug",
      "debug",
      "warn",
      "warn",
      "error",
      "error",
      "error",
    ]);
  });

  test("off lets nothing pass", () => {
    assert.equal(new LogLevels("a=off").enabled("a.b", "critical"), false);
  });

  test("reads spaces, empty parts and later settings over earlier ones", () => {
    const levels = new LogLevels(" a = warn , , a=debug,");
    assert.equal(levels.enabled("a", "debug"), true);
  });

  test("refuses an unknown level, names it, and changes nothing", () => {
    const levels = new LogLevels();
    assert.throws(() => levels.configure("a=debug,b=loud"), {
      name: "RangeError",
      message: `Cannot parse log levels "a=debug,b=loud": "loud" is not one of debug, info, warn, error, critical, off`,
    });
    assert.equal(levels.enabled("a", "debug"), false);
    assert.throws(() => levels.set("a", "loud" as LogLevel), /Cannot set the log level of "a": "loud" is not one of/);
  });

  test("unset() gives a namespace back to the shorter prefix, and the empty one to info", () => {
    const levels = new LogLevels("error,a=debug");
    levels.unset("a");
    assert.equal(levels.enabled("a", "warn"), false);
    levels.unset("");
    assert.deepEqual([levels.enabled("a", "debug"), levels.enabled("a", "info")], [false, true]);
  });

  test("remembers what it found for many namespaces, and forgets it on a change", () => {
    const levels = new LogLevels();
    for (let n = 0; n < 3000; n += 1) assert.equal(levels.enabled(`made.up.${n}`, "debug"), false);
    levels.set("made", "debug");
    assert.equal(levels.enabled("made.up.2999", "debug"), true);
  });

  test("agrees with a search through all settings", () => {
    const namespace = fc.array(fc.constantFrom("a", "b", "ab"), { maxLength: 3 }).map((parts) => parts.join("."));
    const settings = fc.array(fc.tuple(namespace, fc.constantFrom<LogThreshold>(...LEVELS, "off")), { maxLength: 5 });
    fc.assert(
      fc.property(settings, namespace, fc.constantFrom(...LEVELS), (set, asked, level) => {
        const levels = new LogLevels();
        const all = new Map<string, LogThreshold>([["", "info"], ...set]);
        for (const [name, threshold] of set) levels.set(name, threshold);
        const [, decided] = [...all]
          .filter(([prefix]) => prefix === "" || prefix === asked || asked.startsWith(`${prefix}.`))
          .reduce((best, next) => (next[0].length >= best[0].length ? next : best));
        const order = [...LEVELS, "off"];
        assert.equal(levels.enabled(asked, level), order.indexOf(level) >= order.indexOf(decided));
      }),
    );
  });
});

const LEVELS: readonly LogLevel[] = ["debug", "info", "warn", "error", "critical"];
