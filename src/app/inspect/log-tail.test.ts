import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { LogLevels } from "../../core/log/levels.ts";
import { Logger } from "../../core/log/logger.ts";
import { LogPublisher } from "../../core/log/publisher.ts";
import { LogTail } from "./log-tail.ts";

describe("the tail of a log", () => {
  test("has the events that passed, in words, from any of them on", () => {
    const { tail, log } = begin();
    log.info("{who} came", { who: "ann" });
    log.info("{who} left", { who: "ann" });
    assert.deepEqual(
      tail.entriesAfter(1).map(({ id, message, level, namespace }) => [id, message, level, namespace]),
      [[2, "ann left", "info", "shop"]],
    );
    assert.equal(tail.entriesAfter(0).length, 2);
    assert.equal(tail.lastId, 2);
  });

  test("keeps the newest 500", () => {
    const { tail, log } = begin();
    for (let n = 1; n <= 1_200; n += 1) log.info("{n}", { n });
    const entries = tail.entriesAfter(0);
    assert.deepEqual([entries.length, entries[0]?.message, entries.at(-1)?.message], [500, "701", "1200"]);
    assert.equal(tail.entriesAfter(0, 3)[0]?.message, "1198");
  });

  test("is put into words once: a reader sees the same again, whatever became of a field", () => {
    const { tail, log } = begin();
    const user = { name: "ann" };
    log.info("{user.name} came", { user });
    assert.equal(tail.entriesAfter(0)[0]?.message, "ann came");
    user.name = "bob";
    assert.equal(tail.entriesAfter(0)[0]?.message, "ann came");
  });

  test("cuts a message that is data", () => {
    const { tail, log } = begin();
    log.info("{text}", { text: "x".repeat(9_000) });
    assert.match(tail.entriesAfter(0)[0]?.message ?? "", /^x{2000}… \(7000 more characters\)$/);
  });

  test("counts what passed by level, and not what did not", () => {
    const { tail, log } = begin();
    log.debug("no");
    log.warn("yes");
    log.critical("yes");
    assert.deepEqual(tail.counts, { debug: 0, info: 0, warn: 1, error: 0, critical: 1 });
  });

  test("gathers errors that say the same, the newest first, with what was thrown", () => {
    const { tail, log } = begin();
    for (const n of [1, 2, 3]) log.error("Cannot write {n}", { n, error: new Error("disk full") });
    log.critical("Lost", { error: new TypeError("no") });
    log.error("Cannot write {n}", { n: 4, error: new Error("disk full") });
    const { total, recent } = tail.errors;
    assert.deepEqual(
      [total, recent.map(({ message, times }) => [message, times])],
      [
        5,
        [
          ["Cannot write 1", 4],
          ["Lost", 1],
        ],
      ],
    );
    assert.equal(recent[0]?.lines[0], "Error: disk full");
  });

  test("keeps the fifty kinds of errors that came last", () => {
    const { tail, log } = begin();
    for (let n = 0; n < 80; n += 1) log.error(`Cannot do ${n}`);
    assert.deepEqual([tail.errors.total, tail.errors.recent.length], [80, 50]);
    assert.equal(tail.errors.recent.at(-1)?.message, "Cannot do 30");
  });

  test("changes what the program logs from then on, and leaves it to a shorter prefix again", () => {
    const { tail, publisher } = begin();
    const room = new Logger("shop.room", publisher);
    room.debug("no");
    tail.setLevel("shop", "debug");
    room.debug("yes");
    assert.equal(tail.facts.levels["shop"], "debug");
    tail.setLevel("shop", "inherit");
    room.debug("no");
    assert.deepEqual(
      tail.entriesAfter(0).map(({ message }) => message),
      ["yes"],
    );
  });

  test("refuses a level that there is none, a namespace that is a text, and one too many", () => {
    const { tail } = begin();
    assert.throws(() => tail.setLevel("shop", "loud" as "debug"), RangeError);
    assert.throws(() => tail.setLevel("x".repeat(201), "debug"), /more than 200 characters/);
    for (let n = 0; n < 499; n += 1) tail.setLevel(`n${n}`, "debug");
    assert.throws(() => tail.setLevel("one.more", "debug"), /500 are set already/);
    tail.setLevel("n7", "warn");
  });

  test("knows the namespaces of loggers that have not said anything", () => {
    const { tail } = begin();
    new Logger("shop.silent");
    assert.ok(tail.facts.namespaces.includes("shop.silent"));
  });

  test("hears nothing any more once it is disposed", () => {
    const { tail, log } = begin();
    tail[Symbol.dispose]();
    log.info("no");
    assert.equal(tail.lastId, 0);
  });
});

function begin(): { tail: LogTail; log: Logger; publisher: LogPublisher } {
  const publisher = new LogPublisher(new LogLevels());
  publisher.addObserver(() => {});
  return { tail: new LogTail({ publisher }), log: new Logger("shop", publisher), publisher };
}
