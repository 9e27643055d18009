import type { AddressInfo, Server, Socket } from "node:net";
import type { Address } from "../core/address.ts";
import { familyOf } from "../core/address.ts";

/** The other end of a connected TCP socket. */
export function peerAddressOf(socket: Socket): Address | undefined {
  return tcpAddress(socket.remoteAddress, socket.remotePort);
}

/** This end of a connected TCP socket, while its descriptor is open. */
export function localAddressOf(socket: Socket): Address | undefined {
  return tcpAddress(socket.localAddress, socket.localPort);
}

/** Where a server listens. */
export function serverAddressOf(server: Server): Address {
  const address = server.address() as AddressInfo | string | null;
  if (address === null || typeof address === "string") return { kind: "unix", path: address ?? "" };
  return tcpAddress(address.address, address.port) as Address;
}

function tcpAddress(host: string | undefined, port: number | undefined): Address | undefined {
  if (host === undefined || port === undefined) return undefined;
  // An IPv4 peer on a dual-stack port shows as ::ffff:1.2.3.4: to everybody above it is the IPv4 address that it is.
  const plain = host.startsWith(MAPPED) && host.includes(".") ? host.slice(MAPPED.length) : host;
  return { kind: "tcp", host: plain, port, family: familyOf(plain) };
}

const MAPPED = "::ffff:";
