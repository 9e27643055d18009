import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { installWallClock } from "./clock.ts";
import type { LogEvent, LogFields } from "./event.ts";
import { LogLevels } from "./levels.ts";
import { Logger } from "./logger.ts";
import { captureLogs } from "./observers.ts";
import { LogPublisher } from "./publisher.ts";

describe("Logger", () => {
  test("makes an event of each level with its namespace, format and fields", () => {
    using logs = captureLogs();
    const log = new Logger("a.b");
    log.debug("d");
    log.info("i {x}", { x: 1 });
    log.warn("w");
    log.error("e", { error: "bad" });
    log.critical("c");
    const own = { namespace: "a.b", timeMs: 0 };
    assert.deepEqual(logs.events, [
      { ...own, level: "debug", format: "d" },
      { ...own, level: "info", format: "i {x}", x: 1 },
      { ...own, level: "warn", format: "w" },
      { ...own, level: "error", format: "e", error: "bad" },
      { ...own, level: "critical", format: "c" },
    ]);
    assert.deepEqual(logs.messages, ["d", "i 1", "w", "e", "c"]);
  });

  test("failure() is critical and carries what was thrown in the field error", () => {
    using logs = captureLogs();
    const error = new Error("x");
    new Logger("n").failure("Cannot go on with {task}", error, { task: "t" });
    assert.deepEqual(logs.events, [
      { level: "critical", namespace: "n", timeMs: 0, format: "Cannot go on with {task}", task: "t", error },
    ]);
  });

  test("does not fill in a message that nobody reads", () => {
    using logs = captureLogs();
    let read = 0;
    const lazy = {
      get size(): number {
        read += 1;
        return read;
      },
    };
    new Logger("n").info("{lazy.size}", { lazy });
    assert.equal(read, 0);
    assert.deepEqual(logs.messages, ["1"]);
  });

  test("keeps its own parts when a caller without types gives fields of these names", () => {
    using logs = captureLogs();
    const fields = { level: "off", namespace: "forged", timeMs: -1, format: "forged", x: 1 } as unknown as LogFields;
    new Logger("n").info("true", fields);
    assert.deepEqual(logs.events, [{ level: "info", namespace: "n", timeMs: 0, format: "true", x: 1 }]);
    // @ts-expect-error reserved
    new Logger("n").info("true", { level: "info" });
  });

  test("never throws: a field that throws when it is read is unreadable, and the others are as they are", () => {
    using logs = captureLogs();
    const log = new Logger("n");
    const error = new Error("x");
    const fields = {
      ok: 1,
      get bad(): never {
        throw new Error("no");
      },
    };
    log.info("{ok} {bad}", fields);
    log.failure("{bad}", error, fields);
    log.warn("w", new Proxy({}, { ownKeys: () => assert.fail() }));
    log.error("e", null as unknown as LogFields);
    const own = { namespace: "n", timeMs: 0 };
    assert.deepEqual(logs.events, [
      { ...own, level: "info", format: "{ok} {bad}", ok: 1, bad: "[unreadable]" },
      { ...own, level: "critical", format: "{bad}", ok: 1, bad: "[unreadable]", error },
      { ...own, level: "warn", format: "w", fields: "[unreadable]" },
      { ...own, level: "error", format: "e" },
    ]);
  });

  test("makes no event of a level that nobody wants, and says so beforehand", () => {
    const publisher = new LogPublisher(new LogLevels("warn"));
    const log = new Logger("n", publisher);
    const seen: LogEvent[] = [];
    using _observer = publisher.addObserver((event) => void seen.push(event));
    const touched: string[] = [];
    const fields = new Proxy(
      {},
      {
        ownKeys: (): string[] => {
          touched.push("read");
          return [];
        },
      },
    );
    log.debug("x", fields);
    log.info("x", fields);
    assert.equal(log.enabled("info"), false);
    assert.equal(log.enabled("warn"), true);
    assert.deepEqual(touched, []);
    publisher.levels.set("n", "debug");
    log.debug("now");
    assert.deepEqual(
      seen.map((event) => event.format),
      ["now"],
    );
    publisher.levels.set("n", "off");
    for (const level of ["debug", "info", "warn", "error", "critical"] as const)
      assert.equal(log.enabled(level), false);
    log.warn("x");
    log.error("x");
    log.critical("x");
    log.failure("x", new Error("x"));
    assert.equal(seen.length, 1);
  });
});

describe("installWallClock", () => {
  test("gives events their time, the last one installed first, until it is disposed", () => {
    using logs = captureLogs();
    const log = new Logger("n");
    const first = installWallClock(() => 1);
    const second = installWallClock(() => 2);
    log.info("");
    first[Symbol.dispose]();
    log.info("");
    second[Symbol.dispose]();
    second[Symbol.dispose]();
    log.info("");
    assert.deepEqual(
      logs.events.map((event) => event.timeMs),
      [2, 2, 0],
    );
  });
});

describe("captureLogs", () => {
  test("collects what its levels let pass until it is disposed", () => {
    const log = new Logger("n");
    const logs = captureLogs(new LogLevels("error"));
    log.warn("no");
    log.error("yes");
    logs[Symbol.dispose]();
    log.error("late");
    assert.deepEqual(logs.messages, ["yes"]);
  });
});
