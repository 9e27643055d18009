/** Where one end of a connection, a port or a datagram is. A plain frozen-shape value: compare by its fields. */
export type Address = TcpAddress | UdpAddress | UnixAddress | ProcessAddress | StdioAddress | DescriptorAddress;

/** `host` is an IP literal without brackets; `port` is 0 to 65535. */
export interface TcpAddress {
  readonly kind: "tcp";
  readonly host: string;
  readonly port: number;
  readonly family: 4 | 6;
}

/** `host` is an IP literal without brackets; `port` is 0 to 65535. */
export interface UdpAddress {
  readonly kind: "udp";
  readonly host: string;
  readonly port: number;
  readonly family: 4 | 6;
}

/** `path` is empty for the unnamed end of a connection (nearly every client). */
export interface UnixAddress {
  readonly kind: "unix";
  readonly path: string;
}

/** A child process, by its number. */
export interface ProcessAddress {
  readonly kind: "process";
  readonly pid: number;
}

/** Standard input and output, as one connection. */
export interface StdioAddress {
  readonly kind: "stdio";
}

/** A descriptor that another program opened, where nothing more is known of it. */
export interface DescriptorAddress {
  readonly kind: "descriptor";
  readonly descriptor: number;
}

/**
 * The address for people and logs: `127.0.0.1:80`, `[::1]:80`, `unix:/run/x.sock`.
 *
 * @example
 * ```ts
 * import { formatAddress } from "ropewalk";
 * console.log(formatAddress({ kind: "tcp", host: "::1", port: 80, family: 6 })); // [::1]:80
 * ```
 */
export function formatAddress(address: Address): string {
  switch (address.kind) {
    case "tcp":
    case "udp":
      return address.host.includes(":") ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
    case "unix":
      return address.path === "" ? "unix:(unnamed)" : `unix:${address.path}`;
    case "process":
      return `process:${address.pid}`;
    case "stdio":
      return "stdio";
    case "descriptor":
      return `fd:${address.descriptor}`;
  }
}

/** 6 for an IPv6 literal, 4 for anything else. */
export function familyOf(host: string): 4 | 6 {
  return host.includes(":") ? 6 : 4;
}

/** Whether a host is an IP address as text, not a name. (It may be one that does not exist: 999.0.0.1.) */
export function isIpLiteral(host: string): boolean {
  return host.includes(":") || /^\d{1,3}(\.\d{1,3}){3}$/.test(host);
}
