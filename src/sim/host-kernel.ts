import { familyOf } from "../core/address.ts";
import { maybeDeferred } from "../core/deferred/succeed.ts";
import { Logger } from "../core/log/logger.ts";
import { Disk } from "./disk/disk.ts";
import { HostClock } from "./host-clock.ts";
import type { NetworkInterface } from "./network/interface.ts";
import type { Network, NetworkHost } from "./network/network.ts";
import type { FlyingPacket } from "./network/packet.ts";
import type { Path } from "./network/path.ts";
import type { ChildProgram } from "./process/child.ts";
import { makeTerminal, type SimTerminal } from "./process/terminal.ts";
import type { RandomSource } from "./random-source.ts";
import type { Scheduler } from "./scheduler.ts";
import type { HostOptions, SimHost } from "./sim-host.ts";
import { type Machine, SimProcess } from "./sim-process.ts";
import { makeReactor, type SimReactor } from "./sim-reactor.ts";
import { TcpStack } from "./tcp/tcp-stack.ts";
import type { Note, Observers } from "./trace/observer.ts";
import { isBroadcast, isMulticast } from "./udp/sim-datagram-port.ts";
import { type UdpHost, UdpStack } from "./udp/udp-stack.ts";
import type { Zone } from "./zone.ts";

/** What all hosts of one simulation share. */
export interface Surroundings {
  readonly seed: number;
  readonly scheduler: Scheduler;
  readonly network: Network;
  readonly observers: Observers;
  readonly random: RandomSource;
  readonly zone: Zone;
  /** What the wall clocks say at the start. */
  readonly wallStartMs: number;
}

/** One machine from the inside: its stacks, its clock, and the process that runs on it. */
export class HostKernel implements NetworkHost, Machine, UdpHost {
  readonly name: string;
  readonly id: number;
  readonly groups: ReadonlySet<string>;
  readonly paths: Path[] = [];
  readonly surroundings: Surroundings;
  readonly clock: HostClock;
  readonly tcp: TcpStack;
  /** UNIX sockets: a network of one host, whose ports have paths. */
  readonly unix: TcpStack;
  readonly unixPaths: Map<string, number> = new Map();
  readonly udp: UdpStack;
  readonly disk: Disk;
  readonly programs: Map<string, ChildProgram>;
  /** Processes that others started. They outlive these, and are not started again. */
  readonly children: Set<SimProcess> = new Set();
  readonly options: HostOptions;
  pausedUntilMs = 0;
  /** So that a slow reader can be had: the bytes that its processes read of each connection in a second. */
  readBytesPerSecond: number = Number.POSITIVE_INFINITY;
  readonly #interfaces: NetworkInterface[];
  readonly #loopback: Map<string, NetworkInterface> = new Map();
  readonly #unixInterface: NetworkInterface;
  readonly host: SimHost;
  process: SimProcess;
  reactor: SimReactor;
  /** Of the process that runs now. */
  terminal: SimTerminal;
  #isUp = true;
  #processes = 0;

  constructor(host: SimHost, surroundings: Surroundings, name: string, id: number, options: HostOptions) {
    this.host = host;
    this.surroundings = surroundings;
    this.name = name;
    this.id = id;
    this.options = options;
    this.groups = new Set(options.groups);
    this.programs = new Map(Object.entries(options.programs ?? {}));
    const { scheduler, network, random } = surroundings;
    this.clock = new HostClock(scheduler, surroundings.wallStartMs);
    this.disk = new Disk(scheduler, random.stream(`disk ${name}`), () => this.clock.wallTimeMs(), options.disk ?? {});
    network.hosts.push(this);
    const addresses = options.addresses ?? [defaultAddress(id)];
    this.#interfaces = addresses.map((address) => network.addInterface(this, address));
    this.#unixInterface = network.makeInterface(this, "unix", true);
    this.tcp = new TcpStack(scheduler, network, random.stream(`tcp ${name}`));
    this.unix = new TcpStack(scheduler, network, random.stream(`unix ${name}`));
    this.udp = new UdpStack(network, this);
    [this.process, this.reactor, this.terminal] = this.#boot();
  }

  /** The first of its addresses. */
  get address(): string {
    return (this.#interfaces[0] as NetworkInterface).host;
  }

  get addresses(): readonly string[] {
    return this.#interfaces.map(({ host }) => host);
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  get scheduler(): Scheduler {
    return this.surroundings.scheduler;
  }

  get observers(): Observers {
    return this.surroundings.observers;
  }

  /** Power fails: nothing is flushed, nobody is told, and of the disk there is left what was synced. */
  crash(): void {
    if (!this.#isUp) return;
    this.#isUp = false;
    this.note("host", "crashes", { state: "down" });
    this.process.die(false);
    for (const child of this.children) child.die(false);
    this.children.clear();
    this.tcp.crash();
    this.unix.crash();
    this.unixPaths.clear();
    this.udp.crash();
    this.disk.crash();
  }

  /** The process is killed, as by SIGKILL: its kernel closes what it had open, and starts the program anew if there is one. */
  kill(): void {
    if (this.#isUp) this.process.exit({ signal: "SIGKILL" });
  }

  /** Switches on a machine that crashed: its program starts anew. Does nothing to one that is up. */
  restart(): void {
    if (this.#isUp) return;
    this.#isUp = true;
    this.note("host", "restarts", { state: "up" });
    [this.process, this.reactor, this.terminal] = this.#boot();
  }

  /** Stops all processes for `ms`, as a garbage collection or a debugger does; the kernel goes on. */
  pause(ms: number): void {
    this.pausedUntilMs = Math.max(this.pausedUntilMs, this.scheduler.nowMs + ms);
    this.note("host", `pauses for ${ms} ms`, { state: "paused", untilMs: this.pausedUntilMs });
  }

  // For the stacks.

  arrive(packet: FlyingPacket): void {
    if (!this.surroundings.network.arrived(packet, this)) return;
    if (packet.protocol !== "tcp") this.udp.arrive(packet);
    else if (packet.from === this.#unixInterface) this.unix.arrive(packet);
    else this.tcp.arrive(packet);
  }

  get unixInterface(): NetworkInterface {
    return this.#unixInterface;
  }

  /** The interfaces at both ends of a way to `host`; `remote` is undefined if nobody has that address. */
  routeTo(host: string): Route {
    const own = this.#interfaces.find((one) => one.host === host);
    if (own !== undefined) return { local: own, remote: own };
    if (isLoopback(host)) {
      const loopback = this.#loopbackAt(host);
      return { local: loopback, remote: loopback };
    }
    return { local: this.#interfaceOf(familyOf(host)), remote: this.surroundings.network.interfaceAt(host) };
  }

  /** Whether the host can listen there: it has the address, or it is one for all. */
  hasAddress(host: string): boolean {
    return host === "::" || host === "0.0.0.0" || isLoopback(host) || this.addresses.includes(host);
  }

  interfaceAt(host: string): NetworkInterface | undefined {
    return isLoopback(host) ? this.#loopbackAt(host) : this.#interfaces.find((one) => one.host === host);
  }

  receiversOf(group: string, port: number): readonly NetworkInterface[] {
    const family = familyOf(group);
    const receivers: NetworkInterface[] = [];
    for (const host of this.surroundings.network.hosts as HostKernel[]) {
      const ports = host.udp.ports.get(port) ?? [];
      const hears = isMulticast(group) ? ports.some((one) => one.hears(group)) : isBroadcast(group) && host !== this;
      if (hears && host.isUp) receivers.push(host.#interfaceOf(family));
    }
    return receivers;
  }

  #interfaceOf(family: 4 | 6): NetworkInterface {
    const [first] = this.#interfaces;
    return this.#interfaces.find((one) => one.family === family) ?? (first as NetworkInterface);
  }

  #loopbackAt(host: string): NetworkInterface {
    let found = this.#loopback.get(host);
    if (found === undefined) {
      found = this.surroundings.network.makeInterface(this, host, true);
      this.#loopback.set(host, found);
    }
    return found;
  }

  /** A process that does nothing yet. */
  startProcess(environment: Readonly<Record<string, string | undefined>>): [SimProcess, SimReactor] {
    this.#processes += 1;
    for (const child of this.children) if (!child.isAlive) this.children.delete(child);
    const started = new SimProcess(this);
    return [started, makeReactor(this, started, this.#processes, environment)];
  }

  #boot(): [SimProcess, SimReactor, SimTerminal] {
    const [started, reactor] = this.startProcess(this.options.environment ?? {});
    started.onExit = ({ signal, exitCode }) => {
      this.note(
        "host",
        signal === undefined ? `process exits with status ${exitCode}` : `process is killed by ${signal}`,
      );
      [this.process, this.reactor, this.terminal] = this.#boot();
    };
    const { program } = this.options;
    if (program !== undefined) {
      started.soon(() => {
        maybeDeferred(() => program(reactor, this.host)).addErrback((error: Error) =>
          log.failure("Program of {host} failed", error, { host: this.name }),
        );
      });
    }
    return [started, reactor, makeTerminal(started.descriptors)];
  }

  note(kind: "host" | "note", text: string, change: Pick<Note, "state" | "untilMs"> = {}): void {
    this.observers.noted({ timeMs: this.scheduler.nowMs, host: this.name, kind, text, ...change });
  }
}

export interface Route {
  readonly local: NetworkInterface;
  readonly remote: NetworkInterface | undefined;
}

function isLoopback(host: string): boolean {
  return host.startsWith("127.") || host === "::1";
}

/** None ends in 0 or 255, which would look like a network or a broadcast. */
function defaultAddress(id: number): string {
  const network = Math.floor(id / 254);
  return `10.${network >> 8}.${network & 255}.${(id % 254) + 1}`;
}

const log: Logger = new Logger("ropewalk.sim");
