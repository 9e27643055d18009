/** What every test of a fault ends with: the process is as it was before. */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** What the process holds, to compare with later. */
export class Holdings {
  readonly #descriptors = countDescriptors();
  readonly #resources = countResources();
  readonly #heapBytes = heapBytes();
  // Not by WeakRef: to ask one is to hold what it refers to for a while.
  readonly #collected = new FinalizationRegistry<undefined>(() => {
    this.#held -= 1;
  });
  #held = 0;

  /** Remembers `thing` without holding it, to see whether somebody else does. */
  watch<T extends object>(thing: T): T {
    this.#held += 1;
    this.#collected.register(thing, undefined);
    return thing;
  }

  /**
   * Waits until descriptors, sockets and timers are as many as at the start, and checks that nobody holds what was watched
   * and that the heap has not grown by more than `slackBytes`. The test's own time limit ends the wait.
   */
  async areBack(slackBytes: number = SLACK_BYTES): Promise<void> {
    while (countDescriptors() > this.#descriptors || countResources() > this.#resources) await turn();
    for (let tries = 0; this.#held > 0 && tries < COLLECTIONS; tries += 1) {
      collectGarbage();
      for (let turns = 0; turns < 3; turns += 1) await turn();
    }
    assert.equal(this.#held, 0, `${this.#held} protocols are held by somebody`);
    const grownBytes = heapBytes() - this.#heapBytes;
    assert.ok(grownBytes < slackBytes, `the heap has grown by ${grownBytes} bytes`);
  }
}

export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Lets turns go by until `condition` holds; the test's own time limit ends it. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await turn();
}

function countDescriptors(): number {
  return readdirSync("/proc/self/fd").length;
}

function countResources(): number {
  // The test runner sets and clears timers and immediates of its own.
  return process.getActiveResourcesInfo().filter((name) => !/Timeout|Immediate|FSReq/.test(name)).length;
}

function heapBytes(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

/** Compiled code, caches of the runtime, and the events of the test runner. */
const SLACK_BYTES = 8_000_000;

const COLLECTIONS = 20;
