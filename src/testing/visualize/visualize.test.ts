import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { coroutine } from "../../core/deferred/coroutine.ts";
import { Deferred } from "../../core/deferred/deferred.ts";
import { AlreadyCalledError } from "../../core/deferred/errors.ts";
import { fail, succeed } from "../../core/deferred/succeed.ts";
import { assertPicture } from "../../sim/picture/well-formed.fixture.test.ts";
import { Clock } from "../clock.ts";
import { visualize } from "./visualize.ts";

describe("the story of a chain", () => {
  test("tells which links ran, with what, and which were passed by", () => {
    const d = new Deferred<number>();
    const picture = visualize(d);
    d.addCallback(twice).addErrback(mend).addCallbacks(show, mend).addBoth(finish);
    d.callback(21);
    assert.deepEqual(linesOf(picture), [
      "callback(21)",
      "1. addCallback twice: ran with 21, returned 42",
      "2. addErrback mend: passed by",
      '3. addCallbacks show / mend: ran with 42, returned "shown"',
      '4. addBoth finish: ran with "shown", returned "shown"',
      'ends with "shown"',
    ]);
  });

  test("an error changes sides, and a link that mends it brings it back", () => {
    const d = new Deferred<number>();
    const picture = visualize(d);
    d.addCallback(breakDown).addCallback(show).addErrback(mend);
    d.callback(1);
    assert.deepEqual(linesOf(picture).slice(1), [
      "1. addCallback breakDown: ran with 1, threw Error: no disk",
      "2. addCallback show: passed by",
      '3. addErrback mend: ran with Error: no disk, returned "mended"',
      'ends with "mended"',
    ]);
  });

  test("says that nobody took an error, until somebody does", () => {
    const d = new Deferred<number>();
    const picture = visualize(d);
    d.errback(new Error("no disk"));
    assert.deepEqual(linesOf(picture), [
      "errback(Error: no disk)",
      "ends in an error that nobody took: Error: no disk",
    ]);
    d.addErrback(mend);
    assert.equal(linesOf(picture).at(-1), 'ends with "mended"');
  });

  test("shows where it waits, for how long by the clock, and what came of it", () => {
    const clock = new Clock();
    const [d, inner] = [new Deferred<number>(), new Deferred<string>()];
    const picture = visualize(d, { clock });
    d.addCallback(function lookUp() {
      return inner;
    }).addCallback(finish);
    d.callback(1);
    assert.deepEqual(linesOf(picture).slice(1), [
      "1. addCallback lookUp: ran with 1, waits for a Deferred",
      "2. addCallback finish: not reached",
      "still waits",
    ]);
    clock.advance(300);
    inner.callback("row");
    assert.deepEqual(linesOf(picture).slice(1), [
      '1. addCallback lookUp: ran with 1, waits for a Deferred, 300 ms, got "row"',
      '2. addCallback finish: ran with "row", returned "row"',
      'ends with "row"',
    ]);
  });

  test("a wait at the last link ends with what came of it", () => {
    const [d, inner] = [new Deferred<number>(), new Deferred<string>()];
    const picture = visualize(d);
    d.addCallback(function lookUp() {
      return inner;
    });
    d.callback(1);
    inner.callback("row");
    assert.deepEqual(linesOf(picture).slice(1), [
      '1. addCallback lookUp: ran with 1, waits for a Deferred, got "row"',
      'ends with "row"',
    ]);
  });

  test("a Deferred that has its result is no wait", () => {
    const d = new Deferred<number>();
    const picture = visualize(d);
    d.addCallback(function here() {
      return succeed("there");
    }).addCallback(function broken() {
      return fail(new Error("no"));
    });
    d.addErrback(mend);
    d.callback(1);
    assert.deepEqual(linesOf(picture).slice(1), [
      '1. addCallback here: ran with 1, returned "there"',
      '2. addCallback broken: ran with "there", threw Error: no',
      '3. addErrback mend: ran with Error: no, returned "mended"',
      'ends with "mended"',
    ]);
  });

  test("a promise is waited for", async () => {
    const d = new Deferred<number>();
    const picture = visualize(d);
    d.addCallback(function ask() {
      return Promise.resolve(7);
    });
    d.callback(1);
    assert.equal(linesOf(picture).at(-1), "still waits");
    await d;
    assert.equal(linesOf(picture)[1], "1. addCallback ask: ran with 1, waits for a Promise, got 7");
  });

  test("shows a cancellation, and what a canceller made of it", () => {
    const plain = new Deferred<string>();
    const supplied = new Deferred<string>((d) => d.callback("so far"));
    const pictures = [visualize(plain), visualize(supplied)];
    plain.addErrback(mend).cancel();
    supplied.addErrback(mend).cancel();
    assert.match(
      String(pictures[0]),
      /^cancel\(\)\n1\. addErrback mend: ran with CancelledError.*, returned "mended"\n/,
    );
    assert.equal(
      String(pictures[1]),
      'cancel() → callback("so far")\n1. addErrback mend: passed by\nends with "so far"',
    );
  });

  test("cancelling a chain that waits is shown at the wait", () => {
    const d = new Deferred<number>();
    const picture = visualize(d);
    d.addCallback(function lookUp() {
      return new Deferred();
    }).addErrback(mend);
    d.callback(1);
    d.cancel();
    assert.match(
      linesOf(picture)[1] as string,
      /lookUp: ran with 1, waits for a Deferred, cancel\(\), got CancelledError/,
    );
    assert.equal(linesOf(picture).at(-1), 'ends with "mended"');
  });

  test("shows a timeout as the one who cancelled, and as the link that names the error", () => {
    const clock = new Clock();
    const d = new Deferred<number>();
    const picture = visualize(d);
    d.addTimeout(5_000, clock).addErrback(mend);
    clock.advance(5_000);
    const [start, timeout, ...rest] = linesOf(picture);
    assert.equal(start, "addTimeout 5000 ms: cancel()");
    assert.match(timeout as string, /^1\. addTimeout 5000 ms: ran with CancelledError.*, threw TimeoutError/);
    assert.equal(rest.at(-1), 'ends with "mended"');
  });

  test("links that were there before are counted, and a result that was there is the start", () => {
    const early = new Deferred<number>();
    early.addCallback(twice);
    const late = succeed(1);
    const pictures = [visualize(early), visualize(late)];
    early.addCallback(show);
    early.callback(1);
    late.addCallback(twice);
    assert.deepEqual(linesOf(pictures[0] as object).slice(0, 3), [
      "links added before: 1",
      "callback(1)",
      '1. addCallback show: ran with 2, returned "shown"',
    ]);
    assert.equal(String(pictures[1]), "fired\n1. addCallback twice: ran with 1, returned 2\nends with 2");
  });

  test("who awaits it, or waits for it in a coroutine, is a link too", async () => {
    const [awaited, yielded, failed] = [new Deferred<number>(), new Deferred<number>(), new Deferred<number>()];
    const pictures = [awaited, yielded, failed].map((each) => visualize(each));
    const result = (async () => (await awaited) + 1)();
    const sum = coroutine(function* () {
      const one = yield* yielded;
      try {
        yield* failed;
      } catch {
        return one;
      }
      return 0;
    });
    awaited.callback(1);
    yielded.callback(2);
    failed.errback(new Error("no"));
    assert.deepEqual([await result, await sum], [2, 2]);
    assert.deepEqual(linesOf(pictures[0] as object), [
      "callback(1)",
      "1. await: ran with 1, returned 1",
      "ends with 1",
    ]);
    assert.equal(linesOf(pictures[1] as object)[1], "1. yield*: ran with 2, returned undefined");
    assert.match(String(pictures[2]), /1\. yield\*: ran with Error: no, returned undefined\nends with undefined/);
  });

  test("says that its result was handed over to a Deferred that waited for it", () => {
    const [outer, inner] = [new Deferred<number>(), new Deferred<number>()];
    const picture = visualize(inner);
    outer.addCallback(() => inner);
    inner.addCallback(twice);
    outer.callback(0);
    inner.callback(4);
    assert.deepEqual(linesOf(picture), [
      "callback(4)",
      "1. addCallback twice: ran with 4, returned 8",
      "handed over to whoever waits for it",
    ]);
  });
});

describe("a Deferred that is watched", () => {
  test("does what it does without: results, errors, order and types of what is thrown", () => {
    const runs = [true, false].map((isWatched) => {
      const d = new Deferred<number>();
      if (isWatched) visualize(d);
      const seen: unknown[] = [];
      const see = <V>(value: V): V => {
        seen.push(value);
        return value;
      };
      d.addCallback(see).addCallback(twice).addErrback(mend).addCallback(see).addCallback(breakDown).addCallback(see);
      d.addErrback((error: Error) => see(error.message)).addBoth(see);
      d.callback(1);
      assert.throws(() => d.callback(2), AlreadyCalledError);
      assert.throws(() => new Deferred<unknown>().callback(succeed(1)), TypeError);
      return { seen, state: d.inspect() };
    });
    assert.deepEqual(runs[0], runs[1]);
  });

  test("leaves all others alone", () => {
    visualize(new Deferred<number>());
    assert.deepEqual(Object.getOwnPropertyNames(new Deferred()), Object.getOwnPropertyNames(new Deferred()));
    assert.ok(!Object.hasOwn(new Deferred(), "addCallback"));
  });

  test("has one picture, however often it is asked for", () => {
    const d = new Deferred<number>();
    const first = visualize(d);
    d.addCallback(twice);
    const second = visualize(d);
    d.callback(1);
    assert.equal(first.svg(), second.svg());
    assert.equal(linesOf(first).length, 3);
  });
});

describe("the picture of a chain", () => {
  test("is well-formed, and the same for the same run", () => {
    const pictures = [pictureOfEverything(), pictureOfEverything()];
    assert.equal(pictures[0], pictures[1]);
    assertPicture(pictures[0] as string);
    for (const each of [new Deferred<number>(), succeed(1), fail(new Error("x"))]) {
      const picture = visualize(each as Deferred<unknown>);
      assertPicture(picture.svg());
      each.addErrback(() => 0);
    }
  });

  test("a link that ran is solid, one that was passed by is hollow, on the side where it stands", () => {
    const d = new Deferred<number>();
    const picture = visualize(d);
    d.addCallback(twice).addErrback(mend);
    d.callback(21);
    const boxes = linkBoxes(picture.svg());
    assert.deepEqual(boxes, [
      { isSolid: true, side: "left" },
      { isSolid: false, side: "right" },
    ]);
  });

  test("of two sides of one link, only the one that ran is solid", () => {
    const d = new Deferred<number>();
    const picture = visualize(d);
    d.addCallbacks(twice, mend);
    d.errback(new Error("no"));
    assert.deepEqual(linkBoxes(picture.svg()), [
      { isSolid: false, side: "left" },
      { isSolid: true, side: "right" },
    ]);
  });

  test("a wait says that it goes on, until it is over", () => {
    const [d, inner] = [new Deferred<number>(), new Deferred<string>()];
    const picture = visualize(d);
    d.addCallback(function lookUp() {
      return inner;
    }).addCallback(finish);
    d.callback(1);
    assert.ok(picture.svg().includes(">still waits for a Deferred<"));
    inner.callback("row");
    assert.ok(picture.svg().includes(">waits for a Deferred<"));
    assert.ok(!picture.svg().includes("still waits"));
  });

  test("nothing that comes from outside is taken for markup, or runs long", () => {
    const evil = `</text></svg><script>alert("1")</script>\u202e${"x".repeat(5_000)}`;
    const d = new Deferred<string>();
    const picture = visualize(d, { title: `<b>"${evil.slice(0, 60)}` });
    const named = { [evil]: (value: unknown) => value };
    d.addCallback(named[evil] as (value: unknown) => string).addCallback(() => {
      throw new Error(evil);
    });
    d.addErrback(mend);
    d.callback(evil);
    assertPicture(picture.svg());
    assert.ok(picture.svg().length < 6_000);
    assert.doesNotMatch(picture.svg(), /<script|<b>|\u202e/);
  });

  test("of a very long chain shows the first links, and says how many more there are", () => {
    const d = new Deferred<number>();
    const picture = visualize(d);
    for (let at = 0; at < 100; at += 1) d.addCallback(twice);
    d.callback(1);
    assertPicture(picture.svg());
    assert.ok(picture.svg().includes("… 60 more links"));
  });
});

function twice(n: number): number {
  return n * 2;
}

function show(): string {
  return "shown";
}

function finish<T>(result: T): T {
  return result;
}

function mend(): string {
  return "mended";
}

function breakDown(): never {
  throw new Error("no disk");
}

function linesOf(picture: object): string[] {
  return String(picture).split("\n");
}

function pictureOfEverything(): string {
  const clock = new Clock();
  const [d, inner] = [new Deferred<number>(), new Deferred<string>()];
  const picture = visualize(d, { clock, title: "All there is" });
  d.addCallback((n) => n * 2).addErrback(mend);
  d.addCallback(function lookUp() {
    return inner;
  });
  d.addCallback(breakDown).addCallback(show).addTimeout(10, clock).addErrback(mend).addBoth(finish);
  d.callback(1);
  clock.advance(3);
  inner.callback("row");
  return picture.svg();
}

/** The boxes of the links, which are the ones of their height. */
function linkBoxes(svg: string): { readonly isSolid: boolean; readonly side: string }[] {
  const middle = Number(/viewBox="0 0 (\d+)/.exec(svg)?.[1]) / 2;
  return [...svg.matchAll(/<rect x="([\d.]+)"[^>]* height="46"([^>]*)>/g)].map(([, x, shape]) => ({
    isSolid: (shape as string).includes(" fill=") && !(shape as string).includes("dasharray"),
    side: Number(x) < middle ? "left" : "right",
  }));
}
