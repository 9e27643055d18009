import { parseIp } from "../../wire/ip.ts";
import type { NetworkInterface } from "../network/interface.ts";
import type { Packet } from "../network/packet.ts";
import type { FaultChange, Note, Observer } from "../trace/observer.ts";
import { encodeFrame, isLocal, isToMany, macOf } from "./frame.ts";
import type { CapturedFrame, PcapngWriter } from "./pcapng-writer.ts";

/**
 * Records what hosts send and what reaches them. A packet between two hosts is there twice, once on the interface of each;
 * what stays within a host is on its loopback once. UNIX sockets are no network and left out.
 */
export class PacketCapture implements Observer {
  readonly #writer: PcapngWriter;
  readonly #startNs: bigint;
  readonly #isWanted: (hostId: number) => boolean;
  readonly #interfaces = new Map<string, number>();
  readonly #named = new Set<number>();
  /** The last frame. It waits because what becomes of a packet is known just after it was sent. */
  #last: { packet: Packet; readonly frame: CapturedFrame; readonly comments: string[] } | undefined = undefined;
  /** What happened since the last frame, for the next one. */
  #news: string[] = [];

  constructor(writer: PcapngWriter, wallStartMs: number, isWanted: (hostId: number) => boolean = () => true) {
    this.#writer = writer;
    this.#isWanted = isWanted;
    this.#startNs = nanoseconds(wallStartMs);
  }

  packetSent(packet: Packet, nowMs: number): void {
    this.#record(packet, nowMs, "out");
  }

  packetArrived(packet: Packet, nowMs: number): void {
    // A loopback shows what goes through it once. A host does not see its own multicast come in.
    if (packet.from.hostId !== packet.to?.hostId) this.#record(packet, nowMs, "in");
  }

  packetLost(packet: Packet, _nowMs: number, reason: string): void {
    const last = this.#last;
    if (last?.packet !== packet) return;
    last.comments.push(isToMany(packet) ? `lost on the way to ${packet.to?.name}: ${reason}` : `lost: ${reason}`);
  }

  noted({ kind, host, text }: Note): void {
    if (kind === "host" || kind === "note") this.#news.push(`${host}: ${text}`);
  }

  faultChanged({ change, text }: FaultChange): void {
    this.#news.push(`fault ${change}: ${text}`);
  }

  keysLogged(line: string): void {
    this.#writer.addTlsKeys(`${line.trimEnd()}\n`);
  }

  /** Writes what waits. */
  end(): void {
    this.#last?.comments.push(...this.#news.splice(0));
    this.#flush();
  }

  #record(packet: Packet, nowMs: number, direction: "in" | "out"): void {
    const at = direction === "out" ? packet.from : (packet.to as NetworkInterface);
    if (at.host === UNIX || !this.#isWanted(at.hostId)) return;
    const bytes = encodeFrame(packet);
    if (bytes === undefined) return;
    const last = this.#last;
    if (last?.frame.direction === "out" && isForNextMember(packet, last.packet) && isSame(bytes, last.frame.bytes)) {
      last.packet = packet;
      return;
    }
    this.#flush();
    const comments = this.#news.splice(0);
    const interfaceId = this.#interfaceOf(at, isLocal(packet));
    this.#name(packet.from);
    if (packet.to !== undefined) this.#name(packet.to);
    const timeNs = this.#startNs + nanoseconds(nowMs);
    this.#last = { packet, frame: { interfaceId, timeNs, bytes, direction, comments }, comments };
  }

  #flush(): void {
    const last = this.#last;
    this.#last = undefined;
    if (last !== undefined) this.#writer.addFrame(last.frame);
  }

  #interfaceOf({ name, hostId }: NetworkInterface, isLoopback: boolean): number {
    const called = isLoopback ? `${name}:lo` : name;
    let id = this.#interfaces.get(called);
    if (id === undefined) {
      id = this.#writer.addInterface(called, isLoopback ? new Uint8Array(6) : macOf(hostId));
      this.#interfaces.set(called, id);
    }
    return id;
  }

  /** Says once whose address it is. Everybody has the loopback's. */
  #name({ id, host, name, isLoopback }: NetworkInterface): void {
    if (isLoopback || this.#named.has(id)) return;
    this.#named.add(id);
    const address = parseIp(host);
    if (address !== undefined) this.#writer.addName(address, name);
  }
}

/** A host sends one datagram to a group; the network carries one to each member, in the order of the hosts. */
function isForNextMember(packet: Packet, last: Packet): boolean {
  if (!isToMany(packet) || !isToMany(last) || packet.sentMs !== last.sentMs) return false;
  return (packet.to?.hostId ?? -1) > (last.to?.hostId ?? -1);
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, at) => byte === other[at]);
}

function nanoseconds(ms: number): bigint {
  const whole = Math.floor(ms);
  return BigInt(whole) * 1_000_000n + BigInt(Math.round((ms - whole) * 1_000_000));
}

/** What stands for an address in UNIX sockets. */
const UNIX = "unix";
