import { ListenError } from "../../core/errors.ts";
import { systemError } from "../../core/system-error.ts";
import type { NetworkInterface } from "../network/interface.ts";
import type { Network } from "../network/network.ts";
import { ACK, FIN, FlyingPacket, RST, SYN } from "../network/packet.ts";
import type { Scheduler } from "../scheduler.ts";
import { HEADER_BYTES, TcpConnection } from "./tcp-connection.ts";

/** Who takes the connections of one port. */
export interface Listener {
  /** An address of the host; a wildcard takes all of its family, `::` those of IPv4 too. */
  readonly host: string;
  readonly port: number;
  readonly ipv6Only: boolean;
  /** The kernel has finished the handshakes of so many connections that nobody has accepted. */
  readonly waiting: number;
  readonly backlog: number;
  accept(connection: TcpConnection): void;
}

/** Where the other end is. */
export interface PeerEnd {
  readonly networkInterface: NetworkInterface | undefined;
  readonly host: string;
  readonly port: number;
}

/** What a fault makes of the connections that come to a port. */
export type Gate = (port: number) => "open" | "refuse" | "ignore";

/** TCP on one host: its ports and connections. UNIX sockets are another one of these, on an interface of their own. */
export class TcpStack {
  readonly scheduler: Scheduler;
  readonly network: Network;
  readonly random: () => number;
  readonly listeners: Listener[] = [];
  readonly connections: Map<number, TcpConnection> = new Map();
  gate: Gate = () => "open";
  /** Ports that somebody else has taken: nobody can open them. */
  readonly taken: Set<number> = new Set();
  #nextPort = FIRST_FREE_PORT;
  readonly #handshakes = new Map<TcpConnection, Listener>();

  constructor(scheduler: Scheduler, network: Network, random: () => number) {
    this.scheduler = scheduler;
    this.network = network;
    this.random = random;
  }

  /** Opens a port. Fails with ListenError. */
  listen(listener: Listener): void {
    const { host, port } = listener;
    const isTaken = this.listeners.some((other) => other.port === port && overlaps(other, listener));
    if (isTaken || this.taken.has(port)) {
      const cause = systemError("EADDRINUSE", "listen", `${host}:${port}`);
      const address = { kind: "tcp", host, port, family: host.includes(":") ? 6 : 4 } as const;
      throw new ListenError(address, "the address is in use (EADDRINUSE)", { code: "EADDRINUSE", cause });
    }
    this.listeners.push(listener);
  }

  close(listener: Listener): void {
    const at = this.listeners.indexOf(listener);
    if (at >= 0) this.listeners.splice(at, 1);
  }

  /** A connection that has not dialled yet. */
  connection(local: NetworkInterface, peer: PeerEnd): TcpConnection {
    let localPort = this.freePort();
    while (this.connections.has(keyOf(peer.networkInterface, localPort, peer.port))) localPort = this.freePort();
    const connection = new TcpConnection(this, local, localPort, peer);
    this.connections.set(keyOf(peer.networkInterface, localPort, peer.port), connection);
    return connection;
  }

  freePort(): number {
    do {
      this.#nextPort = this.#nextPort === LAST_PORT ? FIRST_FREE_PORT : this.#nextPort + 1;
    } while (this.taken.has(this.#nextPort) || this.listeners.some(({ port }) => port === this.#nextPort));
    return this.#nextPort;
  }

  forget(connection: TcpConnection): void {
    const { remote, localPort, remotePort } = connection;
    this.connections.delete(keyOf(remote, localPort, remotePort));
    this.#handshakes.delete(connection);
  }

  /** The largest segment to the other end. */
  segmentBytes({ local, remote }: TcpConnection): number {
    const mtu = remote === undefined ? DEFAULT_MTU_BYTES : this.network.mtuBetween(local.hostId, remote.hostId);
    return Math.min(mtu, LARGEST_PACKET_BYTES) - (local.family === 6 ? IPV6_HEADER_BYTES : HEADER_BYTES);
  }

  send(packet: FlyingPacket, connection: TcpConnection, afterMs: number): void {
    if (connection.isMuted) {
      this.network.sendInVain(packet, "muted");
      return;
    }
    if (this.network.send(packet, afterMs) !== "reset") return;
    this.scheduler.soon({
      timeMs: 0,
      order: 0,
      slot: -1,
      happen: () => connection.break(connection.phase === "syn-sent" ? "ECONNREFUSED" : "ECONNRESET"),
    });
  }

  arrive(packet: FlyingPacket): void {
    const connection =
      (packet.target as TcpConnection | undefined) ??
      this.connections.get(keyOf(packet.from, packet.destinationPort, packet.sourcePort));
    if (connection !== undefined && connection.phase !== "gone" && connection.stack === this) connection.arrive(packet);
    else if ((packet.flags & (SYN | ACK | RST)) === SYN) this.#dialled(packet);
    else this.refuse(packet);
  }

  /** The handshake of a connection that came is done. */
  established(connection: TcpConnection): void {
    const listener = this.#handshakes.get(connection);
    if (listener === undefined) return;
    this.#handshakes.delete(connection);
    if (this.listeners.includes(listener)) listener.accept(connection);
    else connection.reset();
  }

  /** RST: nobody is there. */
  refuse(packet: FlyingPacket): void {
    const { to } = packet;
    if ((packet.flags & RST) !== 0 || to === undefined) return;
    const answer = new FlyingPacket(
      "tcp",
      to,
      packet.from,
      packet.destinationPort,
      packet.from.host,
      packet.sourcePort,
      EMPTY,
      HEADER_BYTES,
    );
    answer.countsOpaque = packet.countsOpaque;
    // RFC 9293, section 3.10.7.1.
    if ((packet.flags & ACK) === 0) {
      answer.flags = RST | ACK;
      answer.acknowledgment = packet.sequence + packet.data.length + ((packet.flags & (SYN | FIN)) === 0 ? 0 : 1);
    } else {
      answer.flags = RST;
      answer.sequence = packet.acknowledgment;
    }
    this.network.send(answer);
  }

  #dialled(packet: FlyingPacket): void {
    const { to, destinationPort } = packet;
    if (to === undefined) return;
    const gate = this.gate(destinationPort);
    if (gate === "ignore") return;
    const listener = gate === "refuse" ? undefined : this.listeners.find((one) => takes(one, to, destinationPort));
    if (listener === undefined) {
      if (this.network.isWatched) {
        this.network.noteConnection(to.name, `refused ${packet.from.name}:${packet.sourcePort}`);
      }
      this.refuse(packet);
      return;
    }
    // A full queue of connections that nobody accepts: the SYN is dropped, and comes again.
    if (listener.waiting >= listener.backlog) return;
    const peer = { networkInterface: packet.from, host: packet.from.host, port: packet.sourcePort };
    const connection = new TcpConnection(this, to, destinationPort, peer);
    this.connections.set(keyOf(packet.from, destinationPort, packet.sourcePort), connection);
    this.#handshakes.set(connection, listener);
    connection.answer(packet);
  }

  /** Tells those who look what has become of a connection: `accepted client:49153`. */
  note({ local, remote, remoteHost, remotePort }: TcpConnection, what: string, why: string = ""): void {
    if (!this.network.isWatched) return;
    this.network.noteConnection(local.name, `${what} ${remote?.name ?? remoteHost}:${remotePort}${why}`);
  }

  /** The machine stops: nobody hears of it. */
  crash(): void {
    for (const connection of [...this.connections.values()]) connection.vanish();
    this.connections.clear();
    this.#handshakes.clear();
    this.listeners.length = 0;
  }
}

/** A host's own numbers of interfaces and ports are small enough for one number to hold all three. */
function keyOf(remote: NetworkInterface | undefined, localPort: number, remotePort: number): number {
  return (remote === undefined ? 0 : remote.id + 1) * 0x1_0000_0000 + localPort * 0x1_0000 + remotePort;
}

function takes(listener: Listener, to: NetworkInterface, port: number): boolean {
  if (listener.port !== port) return false;
  if (listener.host === to.host) return true;
  if (listener.host === "0.0.0.0") return to.family === 4;
  return listener.host === "::" && (to.family === 6 || !listener.ipv6Only);
}

function overlaps(one: Listener, other: Listener): boolean {
  if (one.host === other.host) return true;
  return coversAll(one, other) || coversAll(other, one);
}

function coversAll(wildcard: Listener, other: Listener): boolean {
  const isOther6 = other.host.includes(":");
  if (wildcard.host === "0.0.0.0") return !isOther6 || (other.host === "::" && !other.ipv6Only);
  return wildcard.host === "::" && (isOther6 || !wildcard.ipv6Only);
}

const EMPTY = new Uint8Array(0);
/** RFC 6335 §6. */
const FIRST_FREE_PORT = 49_152;
const LAST_PORT = 65_535;
const DEFAULT_MTU_BYTES = 1_500;
/** What the 16 bits of its length can say. */
const LARGEST_PACKET_BYTES = 65_535;
/** IPv6 and TCP without options. */
const IPV6_HEADER_BYTES = 60;
