import { buildProtocol, type Factory, type Protocol, type ProtocolFactory } from "../../core/protocol.ts";
import type { Reactor } from "../../core/reactor.ts";
import { protocolOf, type StreamTransport } from "../../core/stream-transport.ts";

/**
 * Knows since when connections are there. It replaces the methods of this one reactor that take a factory, so that nothing is
 * paid where nobody looks: no transport has a field for it.
 */
export class Openings implements Disposable {
  readonly #reactor: Reactor;
  readonly #openedMs: WeakMap<Protocol, number> = new WeakMap();
  readonly #restore: (() => void)[] = [];

  constructor(reactor: Reactor) {
    this.#reactor = reactor;
    for (const name of METHODS) this.#replace(name);
  }

  /** Undefined for a connection that was there before. */
  ageMs(transport: StreamTransport): number | undefined {
    const protocol = protocolOf(transport);
    const openedMs = protocol && this.#openedMs.get(protocol);
    return openedMs === undefined ? undefined : this.#reactor.now() - openedMs;
  }

  [Symbol.dispose](): void {
    for (const restore of this.#restore.splice(0)) restore();
  }

  #replace(name: (typeof METHODS)[number]): void {
    const reactor = this.#reactor;
    const before = Object.getOwnPropertyDescriptor(reactor, name);
    const original = reactor[name] as (...args: unknown[]) => unknown;
    const value = (...args: unknown[]): unknown => {
      const factory = args.pop() as ProtocolFactory;
      return original.call(reactor, ...args, this.#noting(factory));
    };
    Object.defineProperty(reactor, name, { value, configurable: true, writable: true });
    this.#restore.push(() => {
      if (before === undefined) delete (reactor as Partial<Reactor>)[name];
      else Object.defineProperty(reactor, name, before);
    });
  }

  #noting(factory: ProtocolFactory): Factory {
    return {
      buildProtocol: (peer) => {
        const protocol = buildProtocol(factory, peer);
        if (protocol !== undefined) this.#openedMs.set(protocol, this.#reactor.now());
        return protocol;
      },
    };
  }
}

/** Those whose last argument makes protocols. */
const METHODS = [
  "listenTcp",
  "listenUnix",
  "adoptPort",
  "connectTcp",
  "connectUnix",
  "adoptConnection",
  "openStdio",
] as const;
