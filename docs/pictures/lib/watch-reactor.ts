import { Deferred, type Protocol, type Reactor } from "ropewalk";
import type { Span } from "./timeline.ts";

/** What ran on a reactor, and when. */
export interface Run {
  readonly what: string;
  /** When it could have run: its call was due, its bytes had come. */
  readonly dueMs: number;
  readonly fromMs: number;
  readonly toMs: number;
}

/**
 * Records the calls that one reactor makes, from now on, until the end: delayed calls and the results of workers. Watch a
 * protocol with `watchProtocol`.
 */
export function watchReactor(reactor: Reactor): Run[] {
  const runs: Run[] = [];
  const { callLater, runInWorker } = reactor;
  reactor.callLater = (ms, f) => {
    const dueMs = reactor.now() + ms;
    return callLater.call(reactor, ms, () => note(reactor, runs, f.name || "delayed call", dueMs, f));
  };
  reactor.runInWorker = <R>(...call: Parameters<Reactor["runInWorker"]>): Deferred<R> => {
    const fromMs = reactor.now();
    return runInWorker.apply(reactor, call).addBoth((result) => {
      runs.push({ what: "worker", dueMs: fromMs, fromMs, toMs: reactor.now() });
      return result as R;
    });
  };
  return runs;
}

/** Records what a connection's protocol is called for; `dueMs` is when the bytes had come. */
export function watchProtocol<P extends Protocol>(protocol: P, reactor: Reactor, runs: Run[], dueMs: () => number): P {
  const { dataReceived } = protocol;
  protocol.dataReceived = (data) => {
    note(reactor, runs, "dataReceived", dueMs(), () => dataReceived.call(protocol, data));
  };
  return protocol;
}

/** A run as it is drawn: first it waited for its turn, then it ran. */
export function spansOf({ dueMs, fromMs, toMs }: Run, kind: Span["kind"]): Span[] {
  const late: Span[] = fromMs > dueMs ? [{ kind: "waiting", fromMs: dueMs, toMs: fromMs }] : [];
  return [...late, { kind, fromMs, toMs }];
}

function note(reactor: Reactor, runs: Run[], what: string, dueMs: number, f: () => void): void {
  const fromMs = reactor.now();
  f();
  runs.push({ what, dueMs, fromMs, toMs: reactor.now() });
}
