/*
 * What each kind of fault does. An effect begins; what it returns ends it. What several faults may want of one thing goes
 * through claims, so that they may overlap.
 */
import type { HostKernel } from "../host-kernel.ts";
import type { Network } from "../network/network.ts";
import type { TcpConnection } from "../tcp/tcp-connection.ts";
import type { TcpStack } from "../tcp/tcp-stack.ts";
import type { Zone } from "../zone.ts";
import type { Claims, Settle } from "./claims.ts";
import type { Fault, FaultKind, FaultOf } from "./fault.ts";

/** What faults reach. */
export interface FaultWorld {
  readonly network: Network;
  readonly zone: Zone;
  readonly claims: Claims;
  kernels(selector: string | readonly string[]): readonly HostKernel[];
}

/** Begins the fault; what comes back ends it. */
export function begin(fault: Fault, world: FaultWorld): () => void {
  const effect = EFFECTS[fault.kind] as Effect<Fault>;
  const ends = effect(fault, world) ?? [];
  return () => {
    for (const end of ends) end();
  };
}

type Effect<F extends Fault> = (fault: F, world: FaultWorld) => readonly (() => void)[] | undefined;

const EFFECTS: { readonly [K in FaultKind]: Effect<FaultOf<K>> } = {
  partition: ({ between: [a, b] }, world) => [cut(world, a, b, true)],
  "one-way partition": ({ from, to }, world) => [cut(world, from, to, false)],
  reset: ({ between: [a, b] }, world) => {
    for (const connection of connectionsBetween(world, a, b)) resetFromOutside(connection);
    return undefined;
  },
  "half-open": ({ host, peer }, world) => {
    for (const connection of connectionsOf(world, host, peer)) connection.break("ECONNRESET");
    return undefined;
  },
  "silent drop": ({ between: [a, b] }, world) =>
    connectionsBetween(world, a, b).map((connection) => world.claims.claim(mute, connection, true)),
  "slow reader": ({ host, bytesPerSecond }, world) => onEach(world, host, slowDown, bytesPerSecond),
  "full accept queue": ({ host, port }, world) => onEach(world, host, setGate, { port, verdict: "ignore" }),
  refuse: ({ host, port }, world) => onEach(world, host, setGate, { port, verdict: "refuse" }),
  "dns failure": ({ name }, { zone, claims }) => [claims.claim(failNames, zone.failing, name.toLowerCase())],
  "clock skew": ({ host, offsetMs, rate = 1 }, world) => onEach(world, host, skewClock, { offsetMs, rate }),
  pause: ({ host, forMs }, world) => {
    for (const kernel of world.kernels(host)) kernel.pause(forMs);
    return undefined;
  },
  crash: ({ host }, world) => onEach(world, host, powerOff, true),
  kill: ({ host }, world) => {
    for (const kernel of world.kernels(host)) kernel.kill();
    return undefined;
  },
  "disk full": ({ host }, world) => onEach(world, host, fillDisk, true),
  "port in use": ({ host, port }, world) => onEach(world, host, takePorts, port),
  "bad link": ({ between: [a, b], link }, { network }) => {
    const ways = [network.setLink(a, b, link), network.setLink(b, a, link)];
    return ways.map((way) => () => way[Symbol.dispose]());
  },
};

function onEach<V>(
  world: FaultWorld,
  selector: string | readonly string[],
  settle: Settle<HostKernel, V>,
  value: V,
): readonly (() => void)[] {
  return world.kernels(selector).map((kernel) => world.claims.claim(settle, kernel, value));
}

function cut(
  world: FaultWorld,
  a: string | readonly string[],
  b: string | readonly string[],
  bothWays: boolean,
): () => void {
  const [from, to] = [idsOf(world, a), idsOf(world, b)];
  const rule = world.network.addRule((packet) => {
    const [sender, receiver] = [packet.from.hostId, packet.to?.hostId ?? -1];
    const isCut = (from.has(sender) && to.has(receiver)) || (bothWays && to.has(sender) && from.has(receiver));
    return isCut ? LOST_IN_PARTITION : undefined;
  });
  return () => rule[Symbol.dispose]();
}

function idsOf(world: FaultWorld, selector: string | readonly string[]): ReadonlySet<number> {
  return new Set(world.kernels(selector).map(({ id }) => id));
}

/** The ends that `host` has of connections with `peer`. */
function connectionsOf(
  world: FaultWorld,
  host: string | readonly string[],
  peer: string | readonly string[],
): readonly TcpConnection[] {
  const peers = idsOf(world, peer);
  return world
    .kernels(host)
    .flatMap(({ tcp }) => [...tcp.connections.values()])
    .filter(({ remote }) => remote !== undefined && peers.has(remote.hostId));
}

/** Both ends of each connection between the two. */
function connectionsBetween(
  world: FaultWorld,
  a: string | readonly string[],
  b: string | readonly string[],
): readonly TcpConnection[] {
  return [...new Set([...connectionsOf(world, a, b), ...connectionsOf(world, b, a)])];
}

/** RST leaves for the peer, for the record, and this end hears of one as well. */
function resetFromOutside(connection: TcpConnection): void {
  const { user } = connection;
  connection.reset();
  connection.user = user;
  connection.break("ECONNRESET");
}

// How several wishes make one state.

function mute(connection: TcpConnection, wanted: readonly true[]): void {
  connection.isMuted = wanted.length > 0;
}

function slowDown(kernel: HostKernel, wanted: readonly number[]): void {
  kernel.readBytesPerSecond = Math.min(...wanted);
}

interface GateWish {
  readonly port: number | undefined;
  readonly verdict: ReturnType<TcpStack["gate"]>;
}

function setGate({ tcp }: HostKernel, wanted: readonly GateWish[]): void {
  tcp.gate = (port) => wanted.findLast((wish) => wish.port === undefined || wish.port === port)?.verdict ?? "open";
}

function failNames(failing: Set<string>, wanted: readonly string[]): void {
  failing.clear();
  for (const name of wanted) failing.add(name);
}

function skewClock(
  { clock }: HostKernel,
  wanted: readonly { readonly offsetMs: number; readonly rate: number }[],
): void {
  const { offsetMs, rate } = wanted.at(-1) ?? { offsetMs: 0, rate: 1 };
  // What a wrong rate added before is set right in the same stroke.
  clock.skew(offsetMs + clock.scheduler.nowMs - clock.now(), rate);
}

function powerOff(kernel: HostKernel, wanted: readonly true[]): void {
  if (wanted.length > 0) kernel.crash();
  else kernel.restart();
}

function fillDisk({ disk }: HostKernel, wanted: readonly true[]): void {
  disk.isFull = wanted.length > 0;
}

function takePorts({ tcp, udp }: HostKernel, wanted: readonly number[]): void {
  for (const taken of [tcp.taken, udp.taken]) {
    taken.clear();
    for (const port of wanted) taken.add(port);
  }
}

const LOST_IN_PARTITION = { lose: "partition" } as const;
