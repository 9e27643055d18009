import type { Address } from "./address.ts";
import { CallSite } from "./call-site.ts";
import { Deferred } from "./deferred/deferred.ts";
import type { Reactor } from "./reactor.ts";
import { StreamTransport } from "./stream-transport.ts";

/** Where something was made. */
export interface Origin {
  /** `file:line:column` of the innermost call that is neither Node's nor Ropewalk's; of the innermost one if all are. */
  readonly place: string | undefined;
  /** The lines of the whole stack, innermost first. */
  readonly stack: readonly string[];
}

/** Knows where each thing was made that a reactor has on its hands. */
export interface Origins extends Disposable {
  /**
   * Where `subject` was made, which is the `subject` of a Holding; of a connection that came in, where its port was opened.
   * Undefined for what the reactor made for itself, and for what was there before it was traced.
   */
  of(subject: object): Origin | undefined;
}

/**
 * Makes a reactor remember from now on who made what, until the returned value is disposed. It replaces methods of this one
 * object, so that nothing is paid where it is not used; where it is, each call of one costs a stack trace, a few
 * microseconds.
 *
 * @example
 * ```ts
 * import { traceOrigins } from "ropewalk";
 * import { MemoryReactor } from "ropewalk/testing";
 *
 * const reactor = new MemoryReactor();
 * using origins = traceOrigins(reactor);
 * reactor.callLater(1_000, () => {});
 * for (const { summary, subject } of reactor.holdings()) {
 *   console.log(summary, origins.of(subject)?.place); // delayed call, due in 1000 ms file:///…/example.js:6:9
 * }
 * ```
 */
export function traceOrigins(reactor: Reactor): Origins {
  const tracer = new Tracer();
  const before = TRACED.map((name) => [name, Object.getOwnPropertyDescriptor(reactor, name)] as const);
  for (const name of TRACED) {
    const original = Reflect.get(reactor, name) as Method;
    const traced: Method = (...args) => {
      const site = tracer.site(traced);
      if (name === "callLater") args[1] = tracer.inside(site, args[1] as () => void);
      return tracer.remember(original.apply(reactor, args) as object, site);
    };
    Object.defineProperty(reactor, name, { value: traced, configurable: true, writable: true });
  }
  return {
    of: (subject) => tracer.of(subject),
    [Symbol.dispose]: () => {
      for (const [name, descriptor] of before) {
        Reflect.deleteProperty(reactor, name);
        if (descriptor !== undefined) Object.defineProperty(reactor, name, descriptor);
      }
    },
  };
}

class Tracer {
  readonly #sites: WeakMap<object, CallSite> = new WeakMap();
  /** By port number or path: what comes in knows no more of its port than that. */
  readonly #ports: Map<number | string, CallSite> = new Map();
  /** Where the delayed call was made that runs now. */
  #current: CallSite | undefined = undefined;

  of(subject: object): CallSite | undefined {
    const site = this.#sites.get(subject);
    if (site !== undefined || !(subject instanceof StreamTransport)) return site;
    const key = keyOf(subject.local);
    return key === undefined ? undefined : this.#ports.get(key);
  }

  /** What is made inside a delayed call, and by no code of a user's, was made by who made the call: a LoopingCall's next. */
  site(below: Method): CallSite {
    const site = CallSite.above(below);
    const current = this.#current;
    return current !== undefined && site.userPlace === undefined ? current : site;
  }

  inside(site: CallSite, f: () => void): () => void {
    // Its name is where a call site ends: who moves a clock on did not make what comes of it.
    const tracedDelayedCall = (): void => {
      const before = this.#current;
      this.#current = site;
      try {
        f();
      } finally {
        this.#current = before;
      }
    };
    return tracedDelayedCall;
  }

  remember(made: object, site: CallSite): object {
    this.#sites.set(made, site);
    if (made instanceof Deferred) return made.addCallback((value: unknown) => this.#rememberValue(value, site));
    return made;
  }

  #rememberValue(value: unknown, site: CallSite): unknown {
    if (!isObject(value)) return value;
    this.#sites.set(value, site);
    const { transport, address } = value as { readonly transport?: unknown; readonly address?: Address };
    if (isObject(transport)) this.#sites.set(transport, site);
    const key = address === undefined ? undefined : keyOf(address);
    if (key !== undefined) this.#ports.set(key, site);
    return value;
  }
}

function keyOf(address: Address): number | string | undefined {
  if (address.kind === "tcp") return address.port;
  return address.kind === "unix" && address.path !== "" ? address.path : undefined;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

type Method = (...args: unknown[]) => unknown;

/** Whatever makes something that stays. */
const TRACED = [
  "callLater",
  "listenTcp",
  "listenUnix",
  "listenUdp",
  "adoptPort",
  "connectTcp",
  "connectUnix",
  "adoptConnection",
  "openStdio",
  "spawnProcess",
  "runInWorker",
] as const satisfies readonly (keyof Reactor)[];
