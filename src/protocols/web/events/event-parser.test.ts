import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { feedThreeWays } from "../../../testing/index.ts";
import { Response } from "../message/response.ts";
import { EventStreamError, EventStreamParser, type HeardEvent, readEvents } from "./event-parser.ts";
import { formatServerEvent } from "./server-event.ts";

/** Hears all of `stream`, whole and in pieces; events as [event, data, id]. */
function hear(stream: Uint8Array | string, maxEventBytes?: number): unknown[] {
  return feedThreeWays(
    () => new Ear(maxEventBytes),
    stream,
    (ear) => ear.heard,
  );
}

class Ear {
  readonly heard: unknown[] = [];
  readonly parser: EventStreamParser;

  constructor(maxEventBytes?: number) {
    this.parser = new EventStreamParser({ maxEventBytes });
  }

  receive(data: Uint8Array): void {
    try {
      this.parser.push(data);
    } catch (error) {
      assert.ok(error instanceof EventStreamError);
      this.#take();
      if (this.heard.at(-1) !== "too long") this.heard.push("too long");
      return;
    }
    this.#take();
  }

  #take(): void {
    for (let event = this.parser.next(); event !== undefined; event = this.parser.next())
      this.heard.push([event.event, event.data, event.id]);
  }
}

describe("a parser of event streams", () => {
  /** From the rules and the examples' cases of WHATWG HTML §9.2.6; each tells what is heard. */
  const vectors: Readonly<Record<string, readonly [stream: string, heard: readonly unknown[]]>> = {
    "an event of one line": ["data: a\n\n", [["message", "a", ""]]],
    "several lines": ["data: YHOO\ndata: +2\ndata: 10\n\n", [["message", "YHOO\n+2\n10", ""]]],
    "line ends of three kinds": ["data: a\rdata: b\r\ndata: c\n\r\n", [["message", "a\nb\nc", ""]]],
    "two carriage returns as an empty line": [
      "data: a\r\rdata: b\r\r",
      [
        ["message", "a", ""],
        ["message", "b", ""],
      ],
    ],
    "a comment": [": hello\ndata: a\n:\n\n", [["message", "a", ""]]],
    "only comments": [":\n\n:\n\n", []],
    "no blank behind the colon": ["data:a\n\n", [["message", "a", ""]]],
    "one blank taken, and no more": ["data:  a\n\n", [["message", " a", ""]]],
    "a field without a colon": [
      "data\n\ndata\ndata\n\ndata:",
      [
        ["message", "", ""],
        ["message", "\n", ""],
      ],
    ],
    "an event without its empty line": ["data: a\n\ndata: b\n", [["message", "a", ""]]],
    names: [
      "event: add\ndata: 1\n\ndata: 2\n\n",
      [
        ["add", "1", ""],
        ["message", "2", ""],
      ],
    ],
    "a name without data": ["event: add\n\ndata: 2\n\n", [["message", "2", ""]]],
    "ids that last": [
      "id: 1\ndata: a\n\ndata: b\n\nid\ndata: c\n\n",
      [
        ["message", "a", "1"],
        ["message", "b", "1"],
        ["message", "c", ""],
      ],
    ],
    "an id without data": ["id: 1\n\ndata: b\n\n", [["message", "b", "1"]]],
    "an id with a zero": ["id: 1\nid: 2\0\ndata: a\n\n", [["message", "a", "1"]]],
    "fields nobody knows, and cases": ["Data: a\ndatas: b\n data: c\ndata: d\n\n", [["message", "d", ""]]],
    "a colon in the value": ["data: a: b\n\n", [["message", "a: b", ""]]],
    "a byte order mark": ["\ufeffdata: a\n\n\ufeffdata: b\n\n", [["message", "a", ""]]],
    "only a byte order mark": ["\ufeff\ndata: a\n\n", [["message", "a", ""]]],
    "other spaces than line ends": ["data: a\u2028b\u0085c\x0bd\n\n", [["message", "a\u2028b\u0085c\x0bd", ""]]],
  };
  for (const [name, [stream, heard]] of Object.entries(vectors)) {
    it(`hears ${name}`, () => {
      assert.deepEqual(hear(Buffer.from(stream)), heard);
    });
  }

  it("takes what is no UTF-8 for replacement characters", () => {
    assert.deepEqual(hear(Buffer.from("data: a\xff\xc3\n\n", "latin1")), [["message", "a\ufffd\ufffd", ""]]);
  });

  it("knows how long to wait, and where to go on", () => {
    const parser = new EventStreamParser();
    parser.push(Buffer.from("retry: 10000\nid: 7\n\nretry: 1e3\nretry:\nretry: -1\n\n"));
    assert.deepEqual([parser.retryMs, parser.lastEventId, parser.next()], [10_000, "7", undefined]);
    parser.push(Buffer.from(`retry: ${"9".repeat(400)}\n`));
    assert.equal(parser.retryMs, 2 ** 31 - 1);
  });

  it("refuses an event over its limit, however it comes, and not what is as long", () => {
    assert.deepEqual(hear(`data: ${"a".repeat(14)}\n\n`, 20), [["message", "a".repeat(14), ""]]);
    assert.deepEqual(hear(`data: 1\n\ndata: ${"a".repeat(15)}`, 20), [["message", "1", ""], "too long"]);
    assert.deepEqual(hear(`${"data\n".repeat(6)}`, 20), ["too long"]);
    assert.deepEqual(hear(`${":\n".repeat(60)}data: a\n\n`, 20), [["message", "a", ""]]);
  });

  it("hears what was formatted, whatever is in it", () => {
    const line = fc.string({ unit: "binary" });
    const oneLine = line.map((text) => text.replace(/[\r\n\0]/g, ""));
    const event = fc.record(
      { data: line, event: oneLine, id: oneLine, comment: line, retryMs: fc.nat() },
      { requiredKeys: ["data"] },
    );
    fc.assert(
      fc.property(fc.array(event, { maxLength: 4 }), (events) => {
        const parser = new EventStreamParser();
        parser.push(new TextEncoder().encode(events.map(formatServerEvent).join("")));
        let id = "";
        for (const sent of events) {
          id = sent.id ?? id;
          const data = wellFormed(sent.data.replace(/\r\n?/g, "\n"));
          const expected = { event: wellFormed(sent.event || "message"), data, id: wellFormed(id) };
          assert.deepEqual(parser.next(), expected satisfies HeardEvent);
        }
        assert.equal(parser.next(), undefined);
      }),
    );
  });
});

describe("reading events from an answer", () => {
  it("gives them as they come, and gives the rest up when the loop ends", async () => {
    let isGivenUp = false;
    async function* parts(): AsyncGenerator<string> {
      try {
        yield "da";
        for (let count = 0; count < 9; count++) yield `ta: ${count}\n\nda`;
      } finally {
        isGivenUp = true;
      }
    }
    const seen: string[] = [];
    for await (const { data } of readEvents(
      new Response(parts(), { headers: { "Content-Type": "text/event-stream; charset=utf-8" } }),
    )) {
      seen.push(data);
      if (seen.length === 2) break;
    }
    assert.deepEqual([seen, isGivenUp], [["0", "1"], true]);
  });

  it("refuses an answer of another type", async () => {
    for (const type of ["text/html", "text/event-streams"])
      await assert.rejects(readEvents(new Response("", { headers: { "Content-Type": type } })).next(), TypeError);
  });

  it("hears nothing in an answer without a body", async () => {
    const response = new globalThis.Response(null, { headers: { "Content-Type": "text/event-stream" } });
    assert.deepEqual(await readEvents(response).next(), { done: true, value: undefined });
  });
});

describe("formatting an event", () => {
  it("refuses what would begin another field", () => {
    for (const event of [{ id: "1\ndata: x" }, { event: "a\r" }, { id: "a\0" }])
      assert.throws(() => formatServerEvent(event), TypeError);
    for (const retryMs of [-1, 0.5, Number.NaN]) assert.throws(() => formatServerEvent({ retryMs }), RangeError);
    assert.equal(formatServerEvent({ comment: "a\ndata: x" }), ": a\n: data: x\n\n");
  });
});

function wellFormed(text: string): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(new TextEncoder().encode(text));
}
