import { randomFillSync } from "node:crypto";
import type { DelayedCall } from "../core/clock.ts";
import type { DatagramProtocol, DatagramTransport } from "../core/datagram.ts";
import type { Deferred } from "../core/deferred.ts";
import { Logger } from "../core/log.ts";
import { installWallClock } from "../core/log-clock.ts";
import { Phases } from "../core/phases.ts";
import type { ProcessProtocol, ProcessTransport, SpawnOptions } from "../core/process.ts";
import type { Protocol, ProtocolFactory } from "../core/protocol.ts";
import type {
  ConnectTcpOptions,
  ConnectUnixOptions,
  HostAddress,
  ListenTcpOptions,
  ListenUdpOptions,
  ListenUnixOptions,
  Port,
  ProcessEnvironment,
  Reactor,
  Resolver,
  StreamOptions,
  StreamServerOptions,
} from "../core/reactor.ts";
import { installTurnHook } from "../core/turn.ts";
import { adoptConnection, adoptPort } from "./adopt.ts";
import { disconnectAll } from "./disconnect.ts";
import { systemLookup } from "./lookup.ts";
import { NodeLoop } from "./node-loop.ts";
import { spawnProcess } from "./process.ts";
import { onSignal, stayAlive, stopOnSignals } from "./signals.ts";
import { connectTcp, listenTcp } from "./tcp.ts";
import { nodeTurns } from "./turns.ts";
import { openUdp } from "./udp.ts";
import { connectUnix, listenUnix } from "./unix.ts";

/** What can be set of a NodeReactor. */
export interface NodeReactorOptions {
  /** False reads accepted connections through Node's streams: slower, and free of Node's inside (see accept.ts). */
  readonly acceptsDirectly?: boolean;
  /** How long shutdown waits for peers to take what was written before it aborts; default 5 000 ms. */
  readonly disconnectTimeoutMs?: number;
}

/**
 * The reactor on Node's event loop: real sockets, real time.
 *
 * @example
 * ```ts
 * import { NodeReactor } from "ropewalk";
 *
 * const reactor = new NodeReactor();
 * reactor.callLater(10, () => reactor.stop());
 * await reactor.run();
 * ```
 */
export class NodeReactor implements Omit<Reactor, "openStdio" | "files" | "runInWorker"> {
  readonly environment: ProcessEnvironment = { pid: process.pid, variables: process.env };
  readonly #loop: NodeLoop;
  readonly #phases: Phases = new Phases((error, doing) => log.error("Cannot finish {doing}", { doing, error }));
  #resolver: Resolver = systemLookup;

  constructor(options: NodeReactorOptions = {}) {
    this.#loop = new NodeLoop(options.acceptsDirectly ?? true);
    this.addTrigger("during", "shutdown", () =>
      disconnectAll(this.#loop, options.disconnectTimeoutMs ?? DISCONNECT_TIMEOUT_MS),
    );
  }

  now(): number {
    return this.#loop.now();
  }

  callLater(ms: number, f: () => void): DelayedCall {
    return this.#loop.callLater(ms, f);
  }

  wallTimeMs(): number {
    return Date.now();
  }

  random(): number {
    return Math.random();
  }

  randomBytes(count: number): Uint8Array {
    return randomFillSync(new Uint8Array(count));
  }

  listenTcp(options: ListenTcpOptions, factory: ProtocolFactory): Deferred<Port> {
    return listenTcp(this.#loop, options, factory);
  }

  connectTcp<P extends Protocol>(options: ConnectTcpOptions, factory: ProtocolFactory<P>): Deferred<P> {
    return connectTcp(this.#loop, options, this.lookup(options.host), factory);
  }

  listenUnix(options: ListenUnixOptions, factory: ProtocolFactory): Deferred<Port> {
    return listenUnix(this.#loop, options, factory);
  }

  connectUnix<P extends Protocol>(options: ConnectUnixOptions, factory: ProtocolFactory<P>): Deferred<P> {
    return connectUnix(this.#loop, options, factory);
  }

  adoptPort(descriptor: number, options: StreamServerOptions, factory: ProtocolFactory): Deferred<Port> {
    return adoptPort(this.#loop, descriptor, options, factory);
  }

  adoptConnection<P extends Protocol>(
    descriptor: number,
    options: StreamOptions,
    factory: ProtocolFactory<P>,
  ): Deferred<P> {
    return adoptConnection(this.#loop, descriptor, options, factory);
  }

  listenUdp(options: ListenUdpOptions, protocol: DatagramProtocol): Deferred<DatagramTransport> {
    return openUdp(options, protocol, this.#loop.datagramPorts);
  }

  spawnProcess(protocol: ProcessProtocol, program: string, options: SpawnOptions = {}): ProcessTransport {
    return spawnProcess(protocol, program, options, this.#loop.processes);
  }

  lookup(host: string): Deferred<readonly HostAddress[]> {
    return this.#resolver(host);
  }

  installResolver(resolver: Resolver): Disposable {
    const former = this.#resolver;
    this.#resolver = resolver;
    return {
      [Symbol.dispose]: () => {
        if (this.#resolver === resolver) this.#resolver = former;
      },
    };
  }

  onSignal(signal: string, f: () => void): Disposable {
    return onSignal(signal, f);
  }

  get running(): boolean {
    return this.#phases.running;
  }

  /** Until shutdown is complete, SIGINT and SIGTERM stop it, and a second one exits at once. */
  run(): Deferred<void> {
    const signals = stopOnSignals(() => this.stop());
    const alive = stayAlive();
    return this.#phases.run().addBoth((result) => {
      signals[Symbol.dispose]();
      alive[Symbol.dispose]();
      if (result instanceof Error) throw result;
    });
  }

  stop(): void {
    this.#phases.stop();
  }

  addTrigger(phase: "before" | "during" | "after", event: "startup" | "shutdown", step: () => unknown): Disposable {
    return this.#phases.addTrigger(phase, event, step);
  }

  callWhenRunning(f: () => void): void {
    this.#phases.callWhenRunning(f);
  }
}

const log: Logger = new Logger("ropewalk.reactor");

/** A reader that is alive takes a full buffer in far less, and an operator who stops a service waits for this. */
const DISCONNECT_TIMEOUT_MS = 5_000;

// The process has one event loop and one calendar, whether a reactor runs or not: they are what core falls back to.
installWallClock(() => Date.now());
installTurnHook(nodeTurns);
