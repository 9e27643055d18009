import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { cutUp, feedThreeWays } from "../../testing/index.ts";
import { LocalFrameLengthError, RemoteFrameError, RemoteFrameLengthError, RemoteNetstringError } from "./errors.ts";
import { encodeInt, IntDecoder, type PrefixBytes } from "./int-codec.ts";
import { encodeNetstring, NetstringDecoder } from "./netstring-codec.ts";

describe("NetstringDecoder", () => {
  for (const [name, input, frames, problem] of [
    ["gives frames", "5:hello,0:,3:a,b,", ["hello", "", "a,b"], undefined],
    ["waits for the comma", "5:hello", [], undefined],
    ["waits for the rest of the length", "1", [], undefined],
    ["takes a frame of maxLength", "10:0123456789,", ["0123456789"], undefined],
    ["refuses a leading zero", "1:a,05:hello,", ["a"], "leading zero"],
    ["refuses a second zero", "00:,", [], "leading zero"],
    ["refuses a missing length", "1:a,:b,", ["a"], "length"],
    ["refuses a negative length", "-1:a,", [], "length"],
    ["refuses white space before the length", " 1:a,", [], "length"],
    ["refuses a letter in the length", "1a:b,", [], "length"],
    ["refuses another byte than a comma", "1:a;1:b,", [], "comma"],
    ["refuses a frame that is longer than its length", "1:ab,", [], "comma"],
  ] as const) {
    test(name, () => {
      assert.deepEqual(feedNetstrings(input), problem === undefined ? frames : [...frames, problem]);
    });
  }

  test("refuses a length over maxLength as soon as its digits say so", () => {
    assert.deepEqual(feedNetstrings("11"), ["more than 10"]);
    assert.deepEqual(feedNetstrings("99999999999999999999999999"), ["more than 10"]);
  });

  test("stays broken", () => {
    const decoder = new NetstringDecoder({ maxLength: 10 });
    decoder.push(bytes("x"));
    const error = decoder.next();
    decoder.push(bytes("1:a,"));
    assert.ok(error instanceof RemoteNetstringError);
    assert.equal(error.byte, 0x78);
    assert.equal(error.message, 'Peer sent no netstring: expected a digit or ":" in the length, got byte 0x78');
    assert.equal(decoder.next(), error);
  });
});

describe("IntDecoder", () => {
  for (const [prefixBytes, input, frames] of [
    [1, [0, 1, 7, 2, 8, 9, 3, 1], [[], [7], [8, 9]]],
    [2, [0, 0, 0, 1, 7, 0, 2, 8, 9, 0], [[], [7], [8, 9]]],
    [4, [0, 0, 0, 0, 0, 0, 0, 1, 7, 0, 0, 0, 2, 8], [[], [7]]],
  ] as const) {
    test(`reads lengths of ${prefixBytes} bytes, most significant first`, () => {
      assert.deepEqual(feedInts(prefixBytes, input, 300), frames);
    });
  }

  test("reads all bytes of the length", () => {
    const frame = new Uint8Array(0x0102);
    assert.deepEqual(feedInts(2, [1, 2, ...frame], 300), [[...frame]]);
  });

  test("takes a length of maxLength, and refuses one more before any of it came", () => {
    assert.deepEqual(feedInts(4, [0, 0, 1, 0], 256), []);
    assert.deepEqual(feedInts(4, [0, 0, 1, 1], 256), ["257 of 256"]);
    assert.deepEqual(feedInts(4, [255, 255, 255, 255], 256), ["4294967295 of 256"]);
  });

  test("stays broken", () => {
    const decoder = new IntDecoder(1, { maxLength: 1 });
    decoder.push(Uint8Array.of(2));
    const error = decoder.next();
    decoder.push(Uint8Array.of(0));
    assert.ok(error instanceof RemoteFrameLengthError);
    assert.equal(decoder.next(), error);
  });
});

describe("properties of the framings", () => {
  const frames = fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 8 });

  test("what encodeNetstring makes comes out as it went in, whatever the cuts", () => {
    fc.assert(
      fc.property(frames, fc.nat(), (sent, seed) => {
        const decoder = new NetstringDecoder({ maxLength: 200 });
        assert.deepEqual(
          received(decoder, joined(sent.map(encodeNetstring)), seed),
          sent.map((frame) => [...frame]),
        );
      }),
    );
  });

  for (const prefixBytes of [1, 2, 4] as const) {
    test(`what encodeInt makes with ${prefixBytes} bytes comes out as it went in, whatever the cuts`, () => {
      fc.assert(
        fc.property(frames, fc.nat(), (sent, seed) => {
          const decoder = new IntDecoder(prefixBytes, { maxLength: 200 });
          const wire = joined(sent.map((frame) => encodeInt(prefixBytes, frame)));
          assert.deepEqual(
            received(decoder, wire, seed),
            sent.map((frame) => [...frame]),
          );
        }),
      );
    });
  }

  test("any bytes give the same netstring events whatever the cuts", () => {
    const piece = fc.constantFrom("0:,", "1:a,", "3:a,b,", "1", ":", ",", "0", "a", "12:", "99");
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        feedNetstrings(pieces.join(""));
      }),
    );
  });
});

describe("encoding", () => {
  test("encodes a text as UTF-8", () => {
    assert.equal(text(encodeNetstring("é")), "2:é,");
    assert.deepEqual([...encodeInt(2, "é")], [0, 2, 0xc3, 0xa9]);
  });

  for (const prefixBytes of [1, 2] as const) {
    test(`refuses what ${prefixBytes} bytes cannot count`, () => {
      const maxLength = 256 ** prefixBytes - 1;
      assert.equal(encodeInt(prefixBytes, new Uint8Array(maxLength)).length, prefixBytes + maxLength);
      assert.throws(
        () => encodeInt(prefixBytes, new Uint8Array(maxLength + 1)),
        (error) =>
          error instanceof LocalFrameLengthError && error.length === maxLength + 1 && error.maxLength === maxLength,
      );
    });
  }
});

interface Decoder {
  push(data: Uint8Array): void;
  next(): Uint8Array | RemoteFrameError | undefined;
}

function feedNetstrings(input: string): unknown[] {
  const note = (event: Uint8Array | RemoteFrameError) => {
    if (event instanceof RemoteNetstringError) return event.problem;
    return event instanceof RemoteFrameLengthError ? `more than ${event.maxLength}` : text(event as Uint8Array);
  };
  return feed(() => new NetstringDecoder({ maxLength: 10 }), bytes(input), note);
}

function feedInts(prefixBytes: PrefixBytes, input: readonly number[], maxLength: number): unknown[] {
  const note = (event: Uint8Array | RemoteFrameError) =>
    event instanceof RemoteFrameLengthError ? `${event.length} of ${event.maxLength}` : [...(event as Uint8Array)];
  return feed(() => new IntDecoder(prefixBytes, { maxLength }), Uint8Array.from(input), note);
}

function feed(
  make: () => Decoder,
  input: Uint8Array,
  note: (event: Uint8Array | RemoteFrameError) => unknown,
): unknown[] {
  return feedThreeWays(
    () => ({ decoder: make(), events: [] as unknown[], isBroken: false }),
    input,
    ({ events }) => events,
    {
      feed: (fed, data) => {
        fed.decoder.push(data);
        if (fed.isBroken) return;
        const events = all(fed.decoder);
        fed.isBroken = events.at(-1) instanceof RemoteFrameError;
        fed.events.push(...events.map(note));
      },
    },
  );
}

function received(decoder: Decoder, wire: Uint8Array, seed: number): unknown[] {
  return cutUp(wire, { seed, maxBytes: 1 + (seed % 50) }).flatMap((piece) => {
    decoder.push(piece);
    return all(decoder).map((event) => (event instanceof Uint8Array ? [...event] : event));
  });
}

/** What is there now, up to the first error. */
function all(decoder: Decoder): (Uint8Array | RemoteFrameError)[] {
  const events: (Uint8Array | RemoteFrameError)[] = [];
  for (let event = decoder.next(); event !== undefined; event = decoder.next()) {
    events.push(event);
    if (event instanceof RemoteFrameError) break;
  }
  return events;
}

function joined(frames: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(frames.flatMap((frame) => [...frame]));
}

function bytes(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

function text(value: Uint8Array): string {
  return new TextDecoder().decode(value);
}
