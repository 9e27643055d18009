import { familyOf, isIpLiteral, type TcpAddress, type UdpAddress, type UnixAddress } from "../core/address.ts";
import type { DatagramProtocol, DatagramTransport } from "../core/datagram.ts";
import type { Deferred } from "../core/deferred/deferred.ts";
import { fail, maybeDeferred, succeed } from "../core/deferred/succeed.ts";
import { ConnectError, ListenError, ReactorStateError } from "../core/errors.ts";
import type { Files } from "../core/files.ts";
import { happyEyeballs } from "../core/happy-eyeballs.ts";
import { type Holding, heldUntilSettled, holdingsOf } from "../core/holdings.ts";
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
import { systemError } from "../core/system-error.ts";
import type { DelayedCall } from "../core/time/clock.ts";
import { dial, establish } from "./dial.ts";
import { disconnectAll } from "./disconnect.ts";
import { DiskFiles } from "./disk/disk-files.ts";
import type { HostKernel } from "./host-kernel.ts";
import { openOf } from "./open-of.ts";
import { ChildTransport } from "./process/child-transport.ts";
import { stopOnSignals } from "./process/signals.ts";
import { startChild } from "./process/start-child.ts";
import { openStdio } from "./process/stdio-transport.ts";
import { runWorker } from "./process/workers.ts";
import { SimPort } from "./sim-port.ts";
import type { SimProcess } from "./sim-process.ts";
import type { SimTransport } from "./tcp/sim-transport.ts";
import { SimDatagramPort } from "./udp/sim-datagram-port.ts";
import { isWildcard } from "./udp/udp-stack.ts";

/** Only a host makes reactors. */
export let makeReactor: (
  host: HostKernel,
  owner: SimProcess,
  number: number,
  environment: ProcessEnvironment["variables"],
) => SimReactor;

/**
 * The reactor of one process on one simulated host: the same promises as NodeReactor's, on a network made of a seed. It
 * lives until its host crashes, restarts or kills it; `host.reactor` is the one that lives now.
 *
 * @example
 * ```ts
 * import { Protocol, connect, listen } from "ropewalk";
 * import { Simulation } from "ropewalk/sim";
 *
 * class Echo extends Protocol {
 *   override dataReceived(data: Uint8Array): void {
 *     this.transport.write(data);
 *   }
 * }
 * class Caller extends Protocol {
 *   override dataReceived(data: Uint8Array): void {
 *     console.log(new TextDecoder().decode(data));
 *   }
 * }
 * const sim = new Simulation({ seed: 1 });
 * const [server, client] = [sim.host("server"), sim.host("client")];
 * await sim.run(async () => {
 *   await listen(server.reactor, "tcp:7", () => new Echo());
 *   const caller = await connect(client.reactor, "tcp:server:7", () => new Caller());
 *   caller.transport.write("o");
 * });
 * await sim.advance(1_000); // o
 * ```
 */
export class SimReactor implements Reactor {
  readonly environment: ProcessEnvironment;
  readonly files: Files;
  readonly #process: SimProcess;
  readonly #host: HostKernel;
  readonly #random: () => number;
  readonly #secrets: () => number;
  readonly #stdio: { readonly random: () => number; isTaken: boolean };
  /** What is disposed when a run has ended. */
  readonly #held: Disposable[] = [];
  readonly #connecting: Map<Deferred<unknown>, string> = new Map();
  readonly #workers: Map<Deferred<unknown>, string> = new Map();
  readonly #phases: Phases = new Phases((error, doing) => log.failure("{doing}", error, { doing }));
  readonly #resolvers: ResolverStack = new ResolverStack((name) => this.#lookupInZone(name));

  static {
    makeReactor = (...inside) => new SimReactor(...inside);
  }

  private constructor(...[host, owner, number, variables]: Parameters<typeof makeReactor>) {
    this.#host = host;
    this.#process = owner;
    const { random } = host.surroundings;
    this.#random = random.stream(`random ${host.name} ${number}`);
    this.#secrets = random.stream(`bytes ${host.name} ${number}`);
    this.environment = { pid: FIRST_PID + number, variables };
    this.files = new DiskFiles(host.disk, owner, random.stream(`files ${host.name} ${number}`));
    this.#stdio = { random: random.stream(`stdio ${host.name} ${number}`), isTaken: false };
    this.addTrigger("before", "startup", () => {
      this.#held.push(stopOnSignals(owner, () => void (this.#phases.stopping || this.stop())));
    });
    this.addTrigger("during", "shutdown", () => disconnectAll(this.#process));
  }

  now(): number {
    return this.#process.now();
  }

  callLater(ms: number, f: () => void): DelayedCall {
    return this.#process.callLater(ms, f);
  }

  wallTimeMs(): number {
    return this.#host.clock.wallTimeMs();
  }

  random(): number {
    return this.#random();
  }

  randomBytes(count: number): Uint8Array {
    return Uint8Array.from({ length: count }, () => Math.floor(this.#secrets() * 256));
  }

  listenTcp(options: ListenTcpOptions, factory: ProtocolFactory): Deferred<Port> {
    const { host = "::", backlog, ipv6Only } = options;
    const { tcp } = this.#host;
    return maybeDeferred((): Port => {
      const port = options.port === 0 ? tcp.freePort() : options.port;
      const address: TcpAddress = { kind: "tcp", host, port, family: familyOf(host) };
      this.#checkLocal(address);
      return new SimPort(this.#process, tcp, { address, host, port, backlog, ipv6Only }, options, factory);
    });
  }

  connectTcp<P extends Protocol>(options: ConnectTcpOptions, factory: ProtocolFactory<P>): Deferred<P> {
    const { host, port, attemptDelayMs } = options;
    const dialled = this.lookup(host).addCallback((found) =>
      happyEyeballs(
        this.#process,
        found.map((one): TcpAddress => ({ kind: "tcp", host: one.host, port, family: one.family })),
        (address) => this.#dialTcp(address, options),
        { attemptDelayMs, target: host, discard: (late) => late.abortConnection() },
      ),
    );
    const name = `${host}:${port}`;
    return heldUntilSettled(
      this.#connecting,
      name,
      establish(this.#process, dialled, options, factory, { name, host }),
    );
  }

  listenUnix(options: ListenUnixOptions, factory: ProtocolFactory): Deferred<Port> {
    const { path, backlog } = options;
    const { unix, unixPaths } = this.#host;
    const address: UnixAddress = { kind: "unix", path };
    return maybeDeferred((): Port => {
      if (unixPaths.has(path)) {
        const cause = systemError("EADDRINUSE", "listen", path);
        throw new ListenError(address, "the address is in use (EADDRINUSE)", { code: "EADDRINUSE", cause });
      }
      const port = unix.freePort();
      const closed = (): void => void unixPaths.delete(path);
      const { host } = this.#host.unixInterface;
      const opened = new SimPort(this.#process, unix, { address, host, port, backlog, closed }, options, factory);
      unixPaths.set(path, port);
      return opened;
    });
  }

  connectUnix<P extends Protocol>(options: ConnectUnixOptions, factory: ProtocolFactory<P>): Deferred<P> {
    const { path } = options;
    const dialled = maybeDeferred((): Deferred<SimTransport> => {
      const port = this.#host.unixPaths.get(path);
      if (port === undefined) {
        const cause = systemError("ENOENT", "connect", path);
        throw new ConnectError(`Cannot connect to unix:${path}: ENOENT`, { code: "ENOENT", cause });
      }
      const { unix, unixInterface } = this.#host;
      const peer = { networkInterface: unixInterface, host: unixInterface.host, port };
      return dial(this.#process, unix.connection(unixInterface, peer), { kind: "unix", path }, options);
    });
    const name = `unix:${path}`;
    return heldUntilSettled(this.#connecting, name, establish(this.#process, dialled, options, factory, { name }));
  }

  adoptPort(descriptor: number, _options: StreamServerOptions, _factory: ProtocolFactory): Deferred<Port> {
    const cause = systemError("EBADF", "listen", `descriptor ${descriptor}`);
    const reason = "a simulated process inherits nothing";
    return fail(new ListenError({ kind: "descriptor", descriptor }, reason, { code: "EBADF", cause }));
  }

  adoptConnection<P extends Protocol>(
    descriptor: number,
    _options: StreamOptions,
    _factory: ProtocolFactory<P>,
  ): Deferred<P> {
    return fail(systemError("EBADF", "open", `descriptor ${descriptor}`));
  }

  openStdio<P extends Protocol>(factory: ProtocolFactory<P>): Deferred<P> {
    const stdio = this.#stdio;
    if (stdio.isTaken) return fail(new ReactorStateError("Cannot open standard input and output twice in one process"));
    stdio.isTaken = true;
    return maybeDeferred(() => openStdio(this.#process, stdio.random, factory));
  }

  listenUdp(options: ListenUdpOptions, protocol: DatagramProtocol): Deferred<DatagramTransport> {
    const { udp } = this.#host;
    return maybeDeferred((): DatagramTransport => {
      const family = options.family ?? familyOf(options.host ?? "");
      const host = options.host ?? (family === 6 ? "::" : "0.0.0.0");
      const port = options.port === 0 ? udp.freePort() : options.port;
      const local: UdpAddress = { kind: "udp", host, port, family };
      this.#checkLocal(local);
      const opened = new SimDatagramPort(udp, this.#process, local, protocol);
      udp.open(opened, options.reuseAddress ?? false);
      opened.start();
      return opened;
    });
  }

  /** Runs what `host.programs` has under the name `program`. A child outlives the reactor unless somebody ends it. */
  spawnProcess(protocol: ProcessProtocol, program: string, options: SpawnOptions = {}): ProcessTransport {
    return new ChildTransport(this.#process, protocol, program, options, (name, given) =>
      startChild(this.#host, name, given, this.environment.variables),
    );
  }

  lookup(host: string): Deferred<readonly HostAddress[]> {
    if (isIpLiteral(host)) return succeed([{ host, family: familyOf(host) }]);
    return this.#resolvers.lookup(host);
  }

  installResolver(resolver: Resolver): Disposable {
    return this.#resolvers.install(resolver);
  }

  /** The work is done in this thread, and takes no virtual time. */
  runInWorker<R>(module: URL | string, argument: unknown, options: WorkerOptions = {}): Deferred<R> {
    return heldUntilSettled(this.#workers, String(module), runWorker<R>(this.#process, module, argument, options));
  }

  onSignal(signal: string, f: () => void): Disposable {
    return this.#process.signals.add(signal, f);
  }

  holdings(): readonly Holding[] {
    // Of a process that is gone nothing is left, whatever it waited for.
    if (!this.#process.isAlive) return [];
    return holdingsOf(this.now(), {
      calls: this.#process.machine.clock.callsOf(this.#process),
      ...openOf(this.#process),
      connecting: this.#connecting,
      workers: this.#workers,
    });
  }

  get running(): boolean {
    return this.#phases.running;
  }

  /** While it runs, SIGINT and SIGTERM stop it, and a second one ends the process at once. */
  run(): Deferred<void> {
    return this.#phases.run().addCallback(() => {
      for (const held of this.#held.splice(0)) held[Symbol.dispose]();
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

  #dialTcp(address: TcpAddress, options: ConnectTcpOptions): Deferred<SimTransport> {
    const { local, remote } = this.#host.routeTo(address.host);
    const { bindAddress } = options;
    const from = bindAddress === undefined ? local : this.#host.interfaceAt(bindAddress);
    if (from === undefined) {
      const cause = systemError("EADDRNOTAVAIL", "bind", bindAddress ?? "");
      return fail(
        new ConnectError(`Cannot connect from ${bindAddress}: EADDRNOTAVAIL`, { code: "EADDRNOTAVAIL", cause }),
      );
    }
    const peer = { networkInterface: remote, host: address.host, port: address.port };
    return dial(this.#process, this.#host.tcp.connection(from, peer), address, options);
  }

  /** A lookup takes a turn, as every answer from outside. */
  #lookupInZone(name: string): Deferred<readonly HostAddress[]> {
    return maybeDeferred(() => this.#host.surroundings.zone.resolve(name));
  }

  #checkLocal(address: TcpAddress | UdpAddress): void {
    if (isWildcard(address.host) || this.#host.hasAddress(address.host)) return;
    const cause = systemError("EADDRNOTAVAIL", "listen", address.host);
    throw new ListenError(address, "it is no address of this host (EADDRNOTAVAIL)", { code: "EADDRNOTAVAIL", cause });
  }
}

const log: Logger = new Logger("ropewalk.sim");

/** Small and round, so that nobody takes it for a real one. */
const FIRST_PID = 1_000;
