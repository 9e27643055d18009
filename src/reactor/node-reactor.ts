import { randomFillSync } from "node:crypto";
import { isIP } from "node:net";
import type { DatagramProtocol, DatagramTransport } from "../core/datagram.ts";
import type { Deferred } from "../core/deferred/deferred.ts";
import { gatherResults } from "../core/deferred/gather.ts";
import { installTurnHook } from "../core/deferred/turn.ts";
import type { Files } from "../core/files.ts";
import { type Holding, holdingsOf } from "../core/holdings.ts";
import { Later } from "../core/later.ts";
import { installWallClock } from "../core/log/clock.ts";
import { Logger } from "../core/log/logger.ts";
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
  WorkerOptions,
} from "../core/reactor.ts";
import { ResolverStack } from "../core/resolver-stack.ts";
import type { DelayedCall } from "../core/time/clock.ts";
import { disconnectAll } from "./disconnect.ts";
import { laterFiles } from "./later-files.ts";
import { systemLookup } from "./lookup.ts";
import { NodeLoop } from "./node-loop.ts";
import { spawnProcess } from "./process.ts";
import { spawnOnPty } from "./pty.ts";
import { type RetireOptions, retire } from "./retire.ts";
import { onSignal, stayAlive, stopOnSignals } from "./signals.ts";
import { connectTcp, listenTcp } from "./tcp.ts";
import { nodeTurns } from "./turns.ts";
import { Workers } from "./workers.ts";

/** What can be set of a NodeReactor. */
export interface NodeReactorOptions {
  /** False reads accepted connections through Node's streams: slower, and without relying on Node's inside. Default true. */
  readonly acceptsDirectly?: boolean | undefined;
  /** How long shutdown waits for peers to take what was written before it aborts; default 5 000 ms. */
  readonly disconnectTimeoutMs?: number | undefined;
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
export class NodeReactor implements Reactor {
  readonly environment: ProcessEnvironment = { pid: process.pid, variables: process.env };
  readonly files: Files = laterFiles;
  readonly #loop: NodeLoop;
  readonly #workers: Workers = new Workers();
  /** What is disposed when a run has ended. */
  readonly #held: Disposable[] = [];
  readonly #phases: Phases = new Phases((error, doing) => log.error("Cannot finish {doing}", { doing, error }));
  readonly #resolvers: ResolverStack = new ResolverStack(systemLookup);

  constructor(options: NodeReactorOptions = {}) {
    this.#loop = new NodeLoop(options.acceptsDirectly ?? true);
    this.addTrigger("before", "startup", () => {
      this.#held.push(stayAlive(), stopOnSignals(this.#stopUnlessStopping));
      this.#loop.timers.holdsProcess = true;
    });
    this.addTrigger("during", "shutdown", () => this.#close(options.disconnectTimeoutMs ?? DISCONNECT_TIMEOUT_MS));
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
    return this.#loop.later(`unix:${options.path}`, unix, (module) => module.listenUnix(this.#loop, options, factory));
  }

  connectUnix<P extends Protocol>(options: ConnectUnixOptions, factory: ProtocolFactory<P>): Deferred<P> {
    return this.#loop.later(`unix:${options.path}`, unix, (module) => module.connectUnix(this.#loop, options, factory));
  }

  adoptPort(descriptor: number, options: StreamServerOptions, factory: ProtocolFactory): Deferred<Port> {
    return this.#loop.later(`fd:${descriptor}`, adopt, (module) =>
      module.adoptPort(this.#loop, descriptor, options, factory),
    );
  }

  adoptConnection<P extends Protocol>(
    descriptor: number,
    options: StreamOptions,
    factory: ProtocolFactory<P>,
  ): Deferred<P> {
    return this.#loop.later(`fd:${descriptor}`, adopt, (module) =>
      module.adoptConnection(this.#loop, descriptor, options, factory),
    );
  }

  openStdio<P extends Protocol>(factory: ProtocolFactory<P>): Deferred<P> {
    return this.#loop.later("stdio", stdio, (module) => module.openStdio(this.#loop, factory, this.#loop.transports));
  }

  listenUdp(options: ListenUdpOptions, protocol: DatagramProtocol): Deferred<DatagramTransport> {
    return this.#loop.later(`udp:${options.port}`, udp, (module) =>
      module.openUdp(options, protocol, this.#loop.datagramPorts),
    );
  }

  /** A child outlives the reactor unless somebody ends it. */
  spawnProcess(protocol: ProcessProtocol, program: string, options: SpawnOptions = {}): ProcessTransport {
    const spawn = options.pty === undefined ? spawnProcess : spawnOnPty;
    return spawn(protocol, program, options, this.#loop.processes);
  }

  runInWorker<R>(module: URL | string, argument: unknown, options: WorkerOptions = {}): Deferred<R> {
    return this.#workers.run(module, argument, options);
  }

  onSignal(signal: string, f: () => void): Disposable {
    return onSignal(signal, f);
  }

  holdings(): readonly Holding[] {
    const { timers, ports, transports, connecting, datagramPorts, processes } = this.#loop;
    const workers = this.#workers.running;
    const calls = timers.calls();
    return holdingsOf(this.now(), {
      calls,
      ports,
      connections: transports,
      connecting,
      datagramPorts,
      processes,
      workers,
    });
  }

  lookup(host: string): Deferred<readonly HostAddress[]> {
    return isIP(host) !== 0 ? systemLookup(host) : this.#resolvers.lookup(host);
  }

  /**
   * Stops accepting, and lets the connections that were accepted come to their end: those of a web server end with the answer
   * that is under way or the next one, the others when they will. Fires when none is left, or after `limitMs`: what is left
   * then is closed by `stop`. For a process whose place another one takes: nobody is refused, and nobody cut off.
   *
   * @example
   * ```ts
   * import { NodeReactor, Protocol } from "ropewalk";
   *
   * const reactor = new NodeReactor();
   * await reactor.listenTcp({ port: 0, host: "127.0.0.1" }, () => new Protocol());
   * await reactor.retire({ limitMs: 30_000 });
   * ```
   */
  retire(options: RetireOptions): Deferred<void> {
    return retire(this.#loop, options);
  }

  installResolver(resolver: Resolver): Disposable {
    return this.#resolvers.install(resolver);
  }

  get running(): boolean {
    return this.#phases.running;
  }

  /**
   * While it runs, SIGINT and SIGTERM stop it, and a second one ends the process at once. Under a script runner (`npm start`),
   * which passes on what the terminal has sent already, a second one within 500 ms is the first one's echo. After the stop,
   * calls that still wait are made if the process lives, and do not keep it from ending.
   */
  run(): Deferred<void> {
    return this.#phases.run().addCallback(() => {
      for (const held of this.#held.splice(0)) held[Symbol.dispose]();
      // Calls that still wait belong to what has ended; the program may.
      this.#loop.timers.holdsProcess = false;
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

  readonly #stopUnlessStopping: () => void = () => {
    if (!this.#phases.stopping) this.stop();
  };

  #close(timeoutMs: number): Deferred<unknown> {
    for (const child of this.#loop.processes) child.unref();
    return gatherResults([disconnectAll(this.#loop, timeoutMs), this.#workers.destroy()]);
  }
}

const adopt: Later<typeof import("./adopt.ts")> = new Later(() => import("./adopt.ts"));
const stdio: Later<typeof import("./stdio.ts")> = new Later(() => import("./stdio.ts"));
const udp: Later<typeof import("./udp.ts")> = new Later(() => import("./udp.ts"));
const unix: Later<typeof import("./unix.ts")> = new Later(() => import("./unix.ts"));

const log: Logger = new Logger("ropewalk.reactor");

/** A reader that is alive takes a full buffer in far less, and an operator who stops a service waits for this. */
const DISCONNECT_TIMEOUT_MS = 5_000;

// The process has one event loop and one calendar, whether a reactor runs or not: they are what core falls back to.
installWallClock(() => Date.now());
installTurnHook(nodeTurns);
