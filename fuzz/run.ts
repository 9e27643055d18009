/**
 * `node build/fuzz/run.js [target] [count] [seed]`: feeds mutated inputs to a target, or to all. Stops at the first fault
 * and shows the input as a Latin-1 string.
 */
import { argv } from "node:process";
import { pathToFileURL } from "node:url";
import { ampBoxes } from "./amp.ts";
import { eventStream } from "./event-stream.ts";
import { haproxy } from "./haproxy.ts";
import { http1 } from "./http1.ts";
import { int } from "./int.ts";
import { line } from "./line.ts";
import { memcache } from "./memcache.ts";
import { bytesOf, Mutator } from "./mutator.ts";
import { netstring } from "./netstring.ts";
import { finger, ident, wire } from "./small.ts";
import { socks } from "./socks.ts";
import { staticFolder } from "./static-files.ts";
import { syslog } from "./syslog.ts";
import type { FuzzTarget } from "./target.ts";
import { webLogin } from "./web-login.ts";
import { websocket } from "./websocket.ts";

export const TARGETS: Readonly<Record<string, FuzzTarget>> = {
  amp: ampBoxes,
  "event-stream": eventStream,
  haproxy,
  http1,
  int,
  line,
  memcache,
  netstring,
  socks,
  syslog,
  finger,
  ident,
  "static-files": staticFolder,
  "web-login": webLogin,
  wire,
  websocket,
};

/**
 * Lets the event loop turn now and then: what waits for a turn, errors that may still be taken for one, would pile up.
 *
 * @throws Error with the input, and what it led to as the cause.
 */
export async function fuzz(target: FuzzTarget, count: number, seed: number): Promise<void> {
  for (const text of target.seeds) feed(target, bytesOf(text));
  const mutator = new Mutator(seed, target.seeds, target.words);
  for (let index = 0; index < count; index += 1) {
    feed(target, mutator.next());
    if (index % INPUTS_A_TURN === 0) await new Promise((turn) => setImmediate(turn));
  }
}

/** @throws Error with the input, and what it led to as the cause. */
export function feed(target: FuzzTarget, data: Uint8Array): string {
  try {
    const outcome = target.run(data);
    return typeof outcome === "string" ? outcome : "";
  } catch (cause) {
    throw new Error(`Fuzzing found a fault with the input ${shown(data)}: ${String(cause)}`, { cause });
  }
}

/** One byte a character, as JSON. */
export function shown(data: Uint8Array): string {
  return JSON.stringify(Array.from(data, (byte) => String.fromCharCode(byte)).join(""));
}

const INPUTS_A_TURN = 500;

if (pathToFileURL(argv[1] ?? "").href === import.meta.url) {
  const [name, count = "100000", seed = "1"] = argv.slice(2);
  for (const [known, target] of Object.entries(TARGETS)) {
    if (name === undefined || name === known) await fuzz(target, Number(count), Number(seed));
  }
}
