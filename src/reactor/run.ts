import type { Reactor } from "../core/reactor.ts";
import { NodeReactor } from "./node-reactor.ts";
import { type MainResult, type RunOptions, reactOn, serveOn } from "./run-main.ts";

/**
 * Runs a server: makes a reactor, calls `main` with it, and serves until SIGINT, SIGTERM or `reactor.stop()`. Fires when
 * shutdown is complete: the exit status is 0 then, signal or not. If `main` fails, that is logged, the reactor stops, and
 * the exit status is 1. `signal` aborts when the shutdown begins; what `main` awaits by then is no longer waited for.
 *
 * @example
 * ```ts
 * import { Protocol, listen, run } from "ropewalk";
 *
 * class Echo extends Protocol {
 *   override dataReceived(data: Uint8Array): void {
 *     this.transport.write(data);
 *   }
 * }
 * await run(async (reactor) => {
 *   await listen(reactor, "tcp:0:interface=127.0.0.1", () => new Echo());
 *   reactor.callLater(10, () => reactor.stop()); // a real server leaves this out
 * });
 * ```
 */
export function run(main: (reactor: Reactor, signal: AbortSignal) => unknown, options: RunOptions = {}): Promise<void> {
  return serveOn(new NodeReactor(), main, options);
}

/**
 * Runs a task: makes a reactor, calls `main` with it, and stops when its result is there: a number is the exit status,
 * nothing is 0, and an error is logged and makes it 1. SIGINT and SIGTERM end it unfinished: a Deferred that `main` returned
 * is cancelled, `signal` aborts for an async one (pass it on: `connect(reactor, …, { signal })`), and the exit status is 128
 * plus the signal's number, as of a program that does not catch it. Stopped by `reactor.stop()`, it is 1.
 *
 * @example
 * ```ts
 * import { deferLater, react } from "ropewalk";
 *
 * await react(async (reactor, signal) => {
 *   await deferLater(reactor, 10).abortable(signal);
 *   console.log("done");
 * });
 * ```
 */
export function react(
  main: (reactor: Reactor, signal: AbortSignal) => MainResult | PromiseLike<MainResult>,
  options: RunOptions = {},
): Promise<void> {
  return reactOn(new NodeReactor(), main, options);
}
