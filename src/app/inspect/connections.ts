/** What can be told of a connection, from its transport and the protocols on it. */
import { formatAddress } from "../../core/address.ts";
import type { Holding } from "../../core/holdings.ts";
import { Protocol } from "../../core/protocol.ts";
import { protocolOf, type StreamTransport } from "../../core/stream-transport.ts";
import type { ConnectionFacts } from "./facts.ts";

/** In which order connections are listed: `oldest` as they came, the others with the most first. */
export type ConnectionOrder = (typeof CONNECTION_ORDERS)[number];

/** All orders, for whoever lets somebody choose. */
export const CONNECTION_ORDERS = ["oldest", "newest", "in", "out", "buffered"] as const;

/** Those among `holdings`, without those that came in at one of `ownAddresses`. */
export function connectionsAmong(holdings: readonly Holding[], ownAddresses: ReadonlySet<string>): StreamTransport[] {
  const connections: StreamTransport[] = [];
  for (const { kind, subject } of holdings) {
    if (kind !== "connection") continue;
    const transport = subject as StreamTransport;
    if (ownAddresses.size === 0 || !ownAddresses.has(formatAddress(transport.local))) connections.push(transport);
  }
  return connections;
}

/** Sorts in place. */
export function sortConnections(transports: StreamTransport[], order: ConnectionOrder): StreamTransport[] {
  switch (order) {
    case "oldest":
      return transports;
    case "newest":
      return transports.reverse();
    default: {
      // Each is asked once, and not at every comparison: a socket has to ask the system's side.
      const amounts = new Map(transports.map((one) => [one, amountOf(one, order)]));
      return transports.sort((a, b) => (amounts.get(b) as number) - (amounts.get(a) as number));
    }
  }
}

export function connectionFacts(transport: StreamTransport, ageMs: number | undefined): ConnectionFacts {
  const { tls, local } = transport;
  const counted = countedOf(transport);
  return {
    peer: formatAddress(transport.peer),
    local: formatAddress(local),
    stack: protocolStack(protocolOf(transport)),
    carrier: tls === undefined ? local.kind : `${tls.protocol} on ${local.kind}`,
    ageMs,
    bytesIn: counted.bytesIn,
    bytesOut: counted.bytesOut,
    bufferedBytes: transport.bufferedBytes,
  };
}

/**
 * The names of the protocols from the outermost to the one that does the work. A wrapper that does not show what it wraps
 * (`inner`) is followed by the innermost one.
 */
function protocolStack(outermost: Protocol | undefined): string[] {
  const names: string[] = [];
  let at = outermost;
  for (; at !== undefined && names.length < MAX_DEPTH; at = innerOf(at)) {
    names.push(at.constructor.name || "(unnamed)");
    const { innermost } = at;
    if (innerOf(at) === undefined && innermost !== at) names.push(innermost.constructor.name || "(unnamed)");
  }
  return names;
}

function innerOf(protocol: Protocol): Protocol | undefined {
  const { inner } = protocol as { readonly inner?: unknown };
  return inner instanceof Protocol && inner !== protocol ? inner : undefined;
}

function amountOf(transport: StreamTransport, order: "in" | "out" | "buffered"): number {
  if (order === "buffered") return transport.bufferedBytes;
  const { bytesIn = 0, bytesOut = 0 } = countedOf(transport);
  return order === "in" ? bytesIn : bytesOut;
}

/** Told by shape: a socket knows what it has carried, other engines do not count. */
function countedOf(transport: StreamTransport): Partial<Pick<ConnectionFacts, "bytesIn" | "bytesOut">> {
  const { bytesIn, bytesOut } = transport as { readonly bytesIn?: unknown; readonly bytesOut?: unknown };
  return {
    ...(typeof bytesIn === "number" && { bytesIn }),
    ...(typeof bytesOut === "number" && { bytesOut }),
  };
}

/** Nobody wraps that often on purpose. */
const MAX_DEPTH = 16;
