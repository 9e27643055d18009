import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { LogEvent } from "./event.ts";
import { LogLevels } from "./levels.ts";
import { Logger } from "./logger.ts";
import { captureLogs } from "./observers.ts";
import { LogPublisher } from "./publisher.ts";

describe("LogPublisher", () => {
  test("gives each event to all observers, in the order of adding, until they are disposed", () => {
    const { publisher, log, seen, observer } = fixture();
    const a = publisher.addObserver(observer("a"));
    publisher.addObserver(observer("b"));
    log.info("1");
    a[Symbol.dispose]();
    a[Symbol.dispose]();
    log.info("2");
    assert.deepEqual(seen, ["a 1", "b 1", "b 2"]);
  });

  test("checks the levels of each observer", () => {
    const { publisher, log, seen, observer } = fixture();
    publisher.addObserver(observer("own"));
    publisher.addObserver(observer("all"), new LogLevels("debug"));
    log.debug("1");
    log.info("2");
    assert.deepEqual(seen, ["all 1", "own 2", "all 2"]);
  });

  test("keeps events for the first observer only, those that its levels let pass", () => {
    const { publisher, log, seen, observer } = fixture();
    log.debug("0");
    log.info("1");
    log.warn("2");
    publisher.addObserver(observer("a"), new LogLevels("warn"));
    publisher.addObserver(observer("b"));
    assert.deepEqual(seen, ["a 2"]);
  });

  test("keeps the last 65 536 events and drops the oldest", () => {
    const { publisher, log } = fixture();
    for (let n = 0; n < 65_540; n += 1) log.info("x", { n });
    const numbers: unknown[] = [];
    publisher.addObserver((event) => void numbers.push(event["n"]));
    assert.deepEqual(
      numbers,
      Array.from({ length: 65_536 }, (_, index) => index + 4),
    );
  });

  test("keeps no event of a level that its own levels hold back", () => {
    const { publisher, seen, observer } = fixture();
    publisher.publish({ level: "debug", namespace: "n", timeMs: 0, format: "no" });
    publisher.addObserver(observer("a"), new LogLevels("debug"));
    assert.deepEqual(seen, []);
  });

  test("goes on keeping after an onlooker, who gets nothing that was kept", () => {
    const { publisher, log, seen, observer } = fixture();
    log.info("1");
    const logs = captureLogs(undefined, publisher);
    log.info("2");
    logs[Symbol.dispose]();
    log.info("3");
    assert.deepEqual(logs.messages, ["2"]);
    publisher.addObserver(observer("a"));
    assert.deepEqual(seen, ["a 1", "a 3"]);
  });

  test("keeps nothing once an observer has come and gone", () => {
    const { publisher, log, seen, observer } = fixture();
    publisher.addObserver(observer("a"))[Symbol.dispose]();
    assert.equal(log.enabled("error"), false);
    publisher.publish({ level: "error", namespace: "n", timeMs: 0, format: "1" });
    publisher.addObserver(observer("b"));
    assert.deepEqual(seen, []);
  });

  test("reports an observer that throws to the others, and leaves it on", () => {
    const { publisher, log, events } = fixture();
    const error = new Error("disk full");
    let calls = 0;
    publisher.addObserver(function toDisk() {
      calls += 1;
      throw error;
    });
    publisher.addObserver((event) => void events.push(event));
    log.info("1");
    log.info("2");
    assert.equal(calls, 2);
    const report = {
      level: "critical",
      namespace: "ropewalk.log",
      timeMs: 0,
      format: "Log observer {observer} failed: {error}",
      observer: "toDisk",
      error,
    };
    assert.deepEqual(
      events.map((event) => (event.namespace === "n" ? event.format : event)),
      ["1", report, "2", report],
    );
  });

  test("tells an observer that is alone of its own failure, and once", () => {
    const { publisher, log, events } = fixture();
    publisher.addObserver((event) => {
      events.push(event);
      throw new Error("always");
    });
    log.info("1");
    assert.deepEqual(
      events.map((event) => event["observer"] ?? event.format),
      ["1", "(unnamed)"],
    );
  });

  test("hands critical events that reach nobody to the last resort, kept or not", () => {
    const resort: unknown[] = [];
    const publisher = new LogPublisher(undefined, (event) => void resort.push(event["observer"] ?? event.format));
    const log = new Logger("n", publisher);
    log.error("1");
    log.critical("2");
    const seen: string[] = [];
    publisher.addObserver((event) => void seen.push(event.format))[Symbol.dispose]();
    assert.deepEqual(seen, ["1", "2"]);
    log.failure("3", new Error("x"));
    using _failing = publisher.addObserver(function failing() {
      throw new Error("always");
    });
    log.info("4");
    assert.deepEqual(resort, ["2", "3", "failing"]);
  });

  test("ends when all observers throw at everything", () => {
    const { publisher, log, seen } = fixture();
    for (const name of ["a", "b", "c"]) {
      publisher.addObserver(() => {
        seen.push(name);
        throw new Error(name);
      });
    }
    log.info("1");
    assert.deepEqual(seen.slice(0, 3), ["a", "b", "c"]);
    assert.ok(seen.length < 20, `${seen.length} calls`);
  });

  test("gives what an observer logs to the others, after the event at hand, and never to itself", () => {
    const { publisher, log, seen, observer } = fixture();
    publisher.addObserver((event) => {
      observer("a")(event);
      log.info(`${event.format} from a`);
    });
    publisher.addObserver((event) => {
      observer("b")(event);
      log.info(`${event.format} from b`);
    });
    log.info("1");
    assert.deepEqual(seen, ["a 1", "b 1", "b 1 from a", "a 1 from b"]);
  });

  test("passes over an observer that was disposed while the event was on its way", () => {
    const { publisher, log, seen, observer } = fixture();
    publisher.addObserver((event) => {
      observer("a")(event);
      b[Symbol.dispose]();
    });
    const b = publisher.addObserver(observer("b"));
    log.info("1");
    assert.deepEqual(seen, ["a 1"]);
  });

  test("replays to an observer that is added from within an onlooker", () => {
    const { publisher, log, seen, observer } = fixture();
    log.info("kept");
    const looker = publisher.addOnlooker(() => {
      publisher.addObserver(observer("a"));
      looker[Symbol.dispose]();
    });
    log.info("1");
    assert.deepEqual(seen, ["a kept"]);
  });
});

function fixture(): {
  publisher: LogPublisher;
  log: Logger;
  seen: string[];
  events: LogEvent[];
  observer: (name: string) => (event: LogEvent) => void;
} {
  const publisher = new LogPublisher();
  const seen: string[] = [];
  return {
    publisher,
    seen,
    events: [],
    log: new Logger("n", publisher),
    observer: (name) => (event) => void seen.push(`${name} ${event.format}`),
  };
}
