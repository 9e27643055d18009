import { familyOf } from "../../core/address.ts";
import type { RandomSource } from "../random-source.ts";
import type { Scheduler } from "../scheduler.ts";
import type { Observers } from "../trace/observer.ts";
import type { TraceHash } from "../trace/trace-hash.ts";
import type { NetworkInterface } from "./interface.ts";
import type { LinkOptions, Selector } from "./link-options.ts";
import { FlyingPacket, type Receiver } from "./packet.ts";
import { checkLink, Path } from "./path.ts";
import type { Rule } from "./rules.ts";

/** What the network needs of a host. */
export interface NetworkHost extends Receiver {
  readonly name: string;
  readonly id: number;
  readonly groups: ReadonlySet<string>;
  /** By the other host's number: the paths from here. */
  readonly paths: Path[];
  /** A machine that is down loses what arrives. */
  readonly isUp: boolean;
}

/** Carries packets from host to host: finds the path, asks the rules, draws the fate. */
export class Network {
  readonly hosts: NetworkHost[] = [];
  readonly #interfaces = new Map<string, NetworkInterface>();
  readonly #scheduler: Scheduler;
  readonly #observers: Observers;
  readonly #hash: TraceHash;
  readonly #random: RandomSource;
  readonly #rules: { readonly rule: Rule; readonly random: () => number }[] = [];
  readonly #links: { readonly from: Selector; readonly to: Selector; readonly options: LinkOptions }[] = [];
  #version = 0;
  #interfaceCount = 0;
  #rulesMade = 0;
  #sent = 0;
  /** Packets that arrived. */
  arrivals = 0;

  constructor(scheduler: Scheduler, observers: Observers, hash: TraceHash, random: RandomSource) {
    this.#scheduler = scheduler;
    this.#observers = observers;
    this.#hash = hash;
    this.#random = random;
  }

  /** @throws Error if a host has that address already. */
  addInterface(owner: NetworkHost, host: string): NetworkInterface {
    const other = this.#interfaces.get(host);
    if (other !== undefined) {
      throw new Error(`Cannot give ${owner.name} the address ${host}: ${other.name} has it`);
    }
    const added = this.makeInterface(owner, host, false);
    this.#interfaces.set(host, added);
    return added;
  }

  /** One that only its own host can reach. */
  makeInterface(owner: NetworkHost, host: string, isLoopback: boolean): NetworkInterface {
    this.#interfaceCount += 1;
    const family = familyOf(host);
    return { name: owner.name, host, family, id: this.#interfaceCount - 1, hostId: owner.id, isLoopback };
  }

  /** Who has this address. */
  interfaceAt(host: string): NetworkInterface | undefined {
    return this.#interfaces.get(host);
  }

  /** From now on, or until disposed; the link set last counts, option by option. @throws RangeError */
  setLink(from: Selector, to: Selector, options: LinkOptions): Disposable {
    checkLink(options);
    const link = { from, to, options };
    this.#links.push(link);
    this.#version += 1;
    return {
      [Symbol.dispose]: () => {
        this.#links.splice(this.#links.indexOf(link), 1);
        this.#version += 1;
      },
    };
  }

  addRule(rule: Rule): Disposable {
    this.#rulesMade += 1;
    const entry = { rule, random: this.#random.stream(`rule ${this.#rulesMade}`) };
    this.#rules.push(entry);
    return { [Symbol.dispose]: () => void this.#rules.splice(this.#rules.indexOf(entry), 1) };
  }

  /** Whether the packet goes out; one that a rule wants to be answered by a reset does not, and says so. */
  send(packet: FlyingPacket, afterMs: number = 0): "sent" | "lost" | "reset" {
    const { nowMs } = this.#scheduler;
    this.#leave(packet, nowMs);
    const { from, to } = packet;
    if (to === undefined) return this.lose(packet, "no such address");
    if (from.hostId === to.hostId) return this.#deliver(packet, nowMs + LOOPBACK_LATENCY_MS, afterMs);
    const path = this.pathBetween(from.hostId, to.hostId);
    let delayMs = 0;
    if (this.#rules.length > 0) {
      const verdict = this.#judge(packet);
      if (typeof verdict === "string") return verdict;
      delayMs = verdict;
    }
    const fate = path.fateOf(packet, nowMs);
    if (typeof fate === "string") return this.lose(packet, fate);
    if (path.isDoubled(packet)) {
      const again = path.fateOf(packet, nowMs);
      if (typeof again === "number") this.#deliver(copyOf(packet), again + delayMs, afterMs);
    }
    return this.#deliver(packet, fate + delayMs, afterMs);
  }

  /** Somebody looks: only then is it worth making texts. */
  get isWatched(): boolean {
    return this.#observers.list.length > 0;
  }

  /** Puts a label on the life of a host, about a connection of its. */
  noteConnection(host: string, text: string): void {
    this.#observers.noted({ timeMs: this.#scheduler.nowMs, host, kind: "connection", text });
  }

  /** It leaves its host and gets nowhere. */
  sendInVain(packet: FlyingPacket, reason: string): void {
    this.#leave(packet, this.#scheduler.nowMs);
    this.lose(packet, reason);
  }

  /** The largest IP packet between two hosts. */
  mtuBetween(from: number, to: number): number {
    return from === to ? LOOPBACK_MTU_BYTES : this.pathBetween(from, to).mtuBytes;
  }

  pathBetween(from: number, to: number): Path {
    const { paths } = this.hosts[from] as NetworkHost;
    let path = paths[to];
    if (path === undefined) {
      path = new Path(this.#random.stream(`path ${from} ${to}`));
      paths[to] = path;
    }
    if (path.version !== this.#version) path.configure(this.#optionsOf(from, to), this.#version);
    return path;
  }

  /** It has arrived at a host that may be down by now. */
  arrived(packet: FlyingPacket, owner: NetworkHost): boolean {
    const nowMs = this.#scheduler.nowMs;
    if (!owner.isUp) {
      this.lose(packet, "host down");
      return false;
    }
    this.arrivals += 1;
    this.#hash.addNumber(nowMs);
    this.#hash.addInteger(packet.id);
    if (this.isWatched) this.#observers.packetArrived(packet, nowMs);
    return true;
  }

  /** The numbers of the hosts that a selector names. */
  select(selector: Selector): readonly NetworkHost[] {
    return this.hosts.filter((host) => isSelected(host, selector));
  }

  /** @throws Error if it names nobody. */
  checkSelector(selector: Selector): void {
    for (const name of typeof selector === "string" ? [selector] : selector) {
      if (name !== "*" && this.select(name).length === 0) {
        const known = this.hosts.map((host) => host.name).join(", ");
        throw new Error(`Cannot find "${name}": no host or group has that name; hosts are ${known || "not made yet"}`);
      }
    }
  }

  #deliver(packet: FlyingPacket, arrivesMs: number, afterMs: number): "sent" {
    const { to } = packet;
    if (to !== undefined) packet.receiver = this.hosts[to.hostId];
    this.#scheduler.at(Math.max(arrivesMs, afterMs), packet);
    return "sent";
  }

  #leave(packet: FlyingPacket, nowMs: number): void {
    this.#sent += 1;
    packet.id = this.#sent;
    packet.sentMs = nowMs;
    this.#hash.addPacket(packet);
    if (this.isWatched) this.#observers.packetSent(packet, nowMs);
  }

  #judge(packet: FlyingPacket): number | "lost" | "reset" {
    let delayMs = 0;
    for (const { rule, random } of this.#rules) {
      const verdict = rule(packet, random);
      if (verdict === undefined) continue;
      if ("lose" in verdict) return this.lose(packet, verdict.lose);
      if ("reset" in verdict) {
        this.lose(packet, "reset");
        return "reset";
      }
      delayMs += verdict.delayMs;
    }
    return delayMs;
  }

  /** It does not get there. */
  lose(packet: FlyingPacket, reason: string): "lost" {
    this.#hash.addInteger(-packet.id);
    if (this.isWatched) this.#observers.packetLost(packet, this.#scheduler.nowMs, reason);
    return "lost";
  }

  #optionsOf(from: number, to: number): LinkOptions {
    const [sender, receiver] = [this.hosts[from] as NetworkHost, this.hosts[to] as NetworkHost];
    const options = {};
    for (const link of this.#links) {
      if (isSelected(sender, link.from) && isSelected(receiver, link.to)) Object.assign(options, link.options);
    }
    return options;
  }
}

export function isSelected(
  host: { readonly name: string; readonly groups: ReadonlySet<string> },
  selector: Selector,
): boolean {
  if (typeof selector !== "string") return selector.some((one) => isSelected(host, one));
  return selector === "*" || host.name === selector || host.groups.has(selector);
}

function copyOf(packet: FlyingPacket): FlyingPacket {
  const { protocol, from, to, sourcePort, destinationHost, destinationPort, data, wireBytes } = packet;
  const copy = new FlyingPacket(
    protocol,
    from,
    to,
    sourcePort,
    destinationHost,
    destinationPort,
    data.slice(),
    wireBytes,
  );
  copy.id = packet.id;
  copy.sentMs = packet.sentMs;
  return copy;
}

/** Never 0: two programs that answer each other within one machine must let the time pass. */
const LOOPBACK_LATENCY_MS = 0.01;
const LOOPBACK_MTU_BYTES = 65_535;
