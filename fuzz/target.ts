import assert from "node:assert/strict";

/** What a fuzzer feeds: `run` throws if it finds a fault. Works as well under a coverage-guided fuzzer as under run.ts. */
export interface FuzzTarget {
  /** Inputs to begin with, one byte a character. */
  readonly seeds: readonly string[];
  /** Words of the format, for mutations that no change of single bytes finds. */
  readonly words?: readonly string[];
  /** May give a text that tells in short what came of it: inputs of which something new came are worth going on with. */
  run(data: Uint8Array): unknown;
}

/** Something that is fed and notes what comes. */
export interface Fed {
  readonly events: readonly unknown[];
  receive(data: Uint8Array): void;
  /** A last look, when all is fed. */
  end?(): void;
}

/** Feeds `data` whole, byte by byte and cut where its own bytes say; returns the events. */
export function assertSameWhateverTheCuts(make: () => Fed, data: Uint8Array): readonly unknown[] {
  const whole = fed(make(), [data]);
  assert.deepEqual(
    fed(
      make(),
      Array.from(data, (byte) => Uint8Array.of(byte)),
    ),
    whole,
    "byte by byte",
  );
  assert.deepEqual(fed(make(), pieces(data)), whole, "cut");
  return whole;
}

function fed(target: Fed, data: readonly Uint8Array[]): readonly unknown[] {
  for (const piece of data) target.receive(piece);
  target.end?.();
  return target.events;
}

function pieces(data: Uint8Array): Uint8Array[] {
  const all: Uint8Array[] = [];
  for (let at = 0; at < data.length; ) {
    const size = 1 + ((data[at] ?? 0) % 7);
    all.push(data.slice(at, at + size));
    at += size;
  }
  return all;
}
