import { type Address, familyOf, isIpLiteral } from "../core/address.ts";
import type { DatagramProtocol } from "../core/datagram.ts";
import type { Deferred } from "../core/deferred/deferred.ts";
import { fail, maybeDeferred, succeed } from "../core/deferred/succeed.ts";
import { ListenError, LookupError, ReactorStateError, UnsupportedError } from "../core/errors.ts";
import { type Holding, heldUntilSettled, holdingsOf } from "../core/holdings.ts";
import { installWallClock } from "../core/log/clock.ts";
import { Logger } from "../core/log/logger.ts";
import { Phases } from "../core/phases.ts";
import type { ProcessProtocol, SpawnOptions } from "../core/process.ts";
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
import { seededRandom } from "../core/seeded-random.ts";
import { systemError } from "../core/system-error.ts";
import { Clock, type ClockOptions } from "./clock.ts";
import { begin, type MemoryConnect } from "./memory-connect.ts";
import { MemoryFiles } from "./memory-files.ts";
import { MemoryLoop } from "./memory-loop.ts";
import { MemoryNetwork, type NetworkOptions } from "./memory-network.ts";
import type { MemoryPort } from "./memory-port.ts";
import { MemoryProcess } from "./memory-process.ts";
import type { MemoryTransport } from "./memory-transport.ts";
import { type MemoryDatagramPort, MemoryDatagrams } from "./memory-udp.ts";
import type { PipeTransport } from "./pipe-transport.ts";

/** What a MemoryReactor's world is like. */
export interface MemoryReactorOptions extends ClockOptions, NetworkOptions {
  /** Where `random` and `randomBytes` come from; default 1. */
  readonly seed?: number | undefined;
  /** What `wallTimeMs` says when `now` says 0; default 2030-01-01, midnight UTC. */
  readonly wallStartMs?: number | undefined;
  /** What names stand for; `localhost` is known. */
  readonly hosts?: Readonly<Record<string, readonly string[]>> | undefined;
  /** The address of each descriptor that another program handed over. */
  readonly descriptors?: Readonly<Record<number, Address>> | undefined;
  readonly environment?: Partial<ProcessEnvironment> | undefined;
  /** Loads what `runInWorker` asks for, `(module) => import(module)`: the work is done in this thread. */
  readonly importModule?: ((module: string) => Promise<Readonly<Record<string, unknown>>>) | undefined;
}

/**
 * A reactor without an outside: a Clock, and everything else in memory. Nothing happens until `advance` or `settle`.
 *
 * A test plays the other side: it answers what waits in `connects`, and calls ports by `dial`. With `network: true`, the
 * reactor's own ports and connects find each other instead.
 *
 * @example
 * ```ts
 * import { Protocol } from "ropewalk";
 * import { MemoryReactor } from "ropewalk/testing";
 *
 * class Echo extends Protocol {
 *   override dataReceived(data: Uint8Array): void {
 *     this.transport.write(data);
 *   }
 * }
 * const reactor = new MemoryReactor();
 * await reactor.listenTcp({ port: 8000 }, () => new Echo());
 * const connection = reactor.dial(8000);
 * connection.remote.write("hello");
 * console.log(connection.text()); // hello
 *
 * reactor.connectTcp({ host: "example.org", port: 80 }, () => new Echo()).addErrback((error: Error) => console.log(error.message));
 * reactor.connects[0]?.refuse(); // Cannot connect to example.org:80: ECONNREFUSED
 * ```
 */
export class MemoryReactor extends Clock implements Reactor {
  readonly environment: ProcessEnvironment;
  readonly files: MemoryFiles;
  /** Every process that was spawned. */
  readonly processes: MemoryProcess[] = [];
  /** The connection of `openStdio`. */
  stdio: MemoryTransport | undefined = undefined;
  readonly #options: MemoryReactorOptions;
  readonly #loop: MemoryLoop;
  readonly #network: MemoryNetwork;
  readonly #datagrams: MemoryDatagrams;
  readonly #phases: Phases = new Phases((error, doing) => log.failure("{doing}", error, { doing }));
  readonly #random: () => number;
  readonly #resolvers = new ResolverStack((host) => this.#lookupInHosts(host));
  readonly #workers = new Map<Deferred<unknown>, string>();
  readonly #signals = new Map<string, Set<{ readonly f: () => void }>>();

  constructor(options: MemoryReactorOptions = {}) {
    super(options);
    this.#options = options;
    this.#loop = new MemoryLoop({ now: () => this.now(), callLater: (ms, f) => super.callLater(ms, f) });
    this.#network = new MemoryNetwork(this.#loop, options);
    this.#datagrams = new MemoryDatagrams(this.#loop, () => this.#network.freePort());
    this.#random = seededRandom(options.seed ?? 1);
    this.files = new MemoryFiles(() => this.wallTimeMs());
    this.environment = { pid: 1, variables: {}, ...options.environment };
  }

  /** The open ports, in the order of opening. */
  get listeners(): readonly MemoryPort[] {
    return this.#network.ports;
  }

  /** Every connectTcp and connectUnix so far, unless `network` answers them. */
  get connects(): readonly MemoryConnect[] {
    return this.#network.connects;
  }

  /** The connections that are not closed. */
  get connections(): readonly PipeTransport[] {
    return [...this.#network.connections];
  }

  /** The open UDP ports. */
  get datagramPorts(): readonly MemoryDatagramPort[] {
    return this.#datagrams.ports;
  }

  /**
   * Connects to an open port, by its number or path, as its peer: the test drives `remote` of what comes back.
   *
   * @throws Error if nothing listens there.
   */
  dial(...[where, options]: Parameters<MemoryNetwork["dial"]>): MemoryTransport {
    return this.#network.dial(where, options);
  }

  /** Does all that is due at this instant: flushes, deliveries, and calls that come "in the next turn". */
  settle(): void {
    this.#loop.settle();
  }

  /** Runs one turn of what `settle` does. Returns whether there is more. */
  turn(): boolean {
    return this.#loop.turn();
  }

  /** As a Clock's, with all turns that follow from each call. */
  override advance(ms: number): void {
    const end = this.now() + ms;
    this.settle();
    for (let due = this.#nextDue(end); due !== undefined; due = this.#nextDue(end)) {
      super.advance(Math.max(0, due - this.now()));
      this.settle();
    }
    super.advance(Math.max(0, end - this.now()));
  }

  /** A signal arrives. */
  raiseSignal(signal: string): void {
    for (const { f } of [...(this.#signals.get(signal) ?? [])]) f();
    this.settle();
  }

  wallTimeMs(): number {
    return (this.#options.wallStartMs ?? WALL_START_MS) + this.now();
  }

  random(): number {
    return this.#random();
  }

  randomBytes(count: number): Uint8Array {
    return Uint8Array.from({ length: count }, () => Math.floor(this.#random() * 256));
  }

  listenTcp(options: ListenTcpOptions, factory: ProtocolFactory): Deferred<Port> {
    const host = options.host ?? "::";
    return this.#network.listen({ kind: "tcp", host, port: options.port, family: familyOf(host) }, options, factory);
  }

  connectTcp<P extends Protocol>(options: ConnectTcpOptions, factory: ProtocolFactory<P>): Deferred<P> {
    return this.#network.connectTcp(options, (host) => this.lookup(host), factory);
  }

  listenUnix(options: ListenUnixOptions, factory: ProtocolFactory): Deferred<Port> {
    return this.#network.listen({ kind: "unix", path: options.path }, options, factory);
  }

  connectUnix<P extends Protocol>(options: ConnectUnixOptions, factory: ProtocolFactory<P>): Deferred<P> {
    return this.#network.connectUnix(options, factory);
  }

  adoptPort(descriptor: number, options: StreamServerOptions, factory: ProtocolFactory): Deferred<Port> {
    const address = this.#options.descriptors?.[descriptor];
    if (address?.kind === "tcp" || address?.kind === "unix") return this.#network.listen(address, options, factory);
    const cause = systemError("EBADF", "listen", `descriptor ${descriptor}`);
    return fail(
      new ListenError({ kind: "descriptor", descriptor }, "it is no port of another program", { code: "EBADF", cause }),
    );
  }

  /** The transport is in `connections`. */
  adoptConnection<P extends Protocol>(
    descriptor: number,
    options: StreamOptions,
    factory: ProtocolFactory<P>,
  ): Deferred<P> {
    const address = this.#options.descriptors?.[descriptor];
    if (address === undefined) return fail(systemError("EBADF", "open", `descriptor ${descriptor}`));
    return maybeDeferred(() => begin(this.#network.adopt(address, options), factory));
  }

  openStdio<P extends Protocol>(factory: ProtocolFactory<P>): Deferred<P> {
    if (this.stdio !== undefined) return fail(new ReactorStateError("Cannot open standard input twice"));
    const stdio = this.#network.adopt({ kind: "stdio" }, {});
    stdio.peer = { kind: "stdio" };
    this.stdio = stdio;
    return maybeDeferred(() => begin(stdio, factory));
  }

  listenUdp(options: ListenUdpOptions, protocol: DatagramProtocol): Deferred<MemoryDatagramPort> {
    return this.#datagrams.listen(options, protocol);
  }

  spawnProcess(protocol: ProcessProtocol, program: string, options: SpawnOptions = {}): MemoryProcess {
    const pid = FIRST_PID + this.processes.length;
    const child = new MemoryProcess(this.#loop, protocol, program, options, pid);
    this.processes.push(child);
    return child;
  }

  lookup(host: string): Deferred<readonly HostAddress[]> {
    if (isIpLiteral(host)) return succeed([{ host, family: familyOf(host) }]);
    return this.#resolvers.lookup(host);
  }

  installResolver(resolver: Resolver): Disposable {
    return this.#resolvers.install(resolver);
  }

  runInWorker<R>(module: URL | string, argument: unknown, options: WorkerOptions = {}): Deferred<R> {
    const { importModule } = this.#options;
    if (importModule === undefined) {
      const advice = "make the MemoryReactor with { importModule: (module) => import(module) }";
      return fail(new UnsupportedError(`Cannot run "${module}" in a worker: ${advice}`));
    }
    const name = options.name ?? "default";
    const working = maybeDeferred(async () => {
      const work = (await importModule(String(module)))[name];
      if (typeof work !== "function") throw new TypeError(`Cannot run "${module}": it exports no function "${name}"`);
      return structuredClone(await work(structuredClone(argument))) as R;
    });
    return heldUntilSettled(this.#workers, String(module), working);
  }

  onSignal(signal: string, f: () => void): Disposable {
    const entry = { f };
    const listeners = this.#signals.get(signal) ?? new Set();
    this.#signals.set(signal, listeners.add(entry));
    return { [Symbol.dispose]: () => void listeners.delete(entry) };
  }

  holdings(): readonly Holding[] {
    return holdingsOf(this.now(), {
      calls: this.getDelayedCalls(),
      ports: this.listeners,
      connections: this.#network.connections,
      connecting: this.#network.connecting,
      datagramPorts: this.datagramPorts,
      processes: this.processes.filter(({ state }) => state !== "ended"),
      workers: this.#workers,
    });
  }

  get running(): boolean {
    return this.#phases.running;
  }

  run(): Deferred<void> {
    const wallClock = installWallClock(() => this.wallTimeMs());
    return this.#phases.run().addBoth((result) => {
      wallClock[Symbol.dispose]();
      if (result instanceof Error) throw result;
    });
  }

  stop(): void {
    this.#phases.stop();
  }

  addTrigger(...[phase, event, step]: Parameters<Reactor["addTrigger"]>): Disposable {
    return this.#phases.addTrigger(phase, event, step);
  }

  callWhenRunning(f: () => void): void {
    this.#phases.callWhenRunning(f);
  }

  #lookupInHosts(host: string): Deferred<readonly HostAddress[]> {
    const found = this.#options.hosts?.[host] ?? (host === "localhost" ? LOCALHOST : []);
    if (found.length === 0) {
      const cause = systemError("ENOTFOUND", "getaddrinfo", host);
      return fail(new LookupError(`Cannot look up "${host}": no such host`, { code: "ENOTFOUND", cause }));
    }
    return succeed(found.map((one) => ({ host: one, family: familyOf(one) })));
  }

  #nextDue(end: number): number | undefined {
    const due = this.getDelayedCalls()[0]?.time;
    return due !== undefined && due <= end ? due : undefined;
  }
}

const log: Logger = new Logger("ropewalk.testing");

const LOCALHOST = ["127.0.0.1", "::1"];

/** So that it is mistaken for no real one of an ordinary system. */
const FIRST_PID = 5_000_000;

/** 2030-01-01T00:00:00Z: far from any real time, so that nobody takes it for one. */
const WALL_START_MS = 1_893_456_000_000;
