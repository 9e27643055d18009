/** Who asked, as a proxy tells the server behind it: X-Forwarded-For, -Proto, -Host, and Forwarded (RFC 7239). */
import type { Address } from "../../../core/address.ts";
import type { HeaderMap } from "../../../wire/header-map.ts";
import { parseIp } from "../../../wire/ip.ts";
import { IpNetwork } from "../../../wire/ip-network.ts";
import { TOKEN } from "../../http1/codec/token.ts";

/** Which of them a proxy sends. */
export type ForwardedStyle = "x-forwarded" | "forwarded" | "both" | "none";

/** Whose word about the client counts: networks (`10.0.0.0/8`, `127.0.0.1`), `unix` for peers on this machine, or a rule. */
export type TrustedPeers = readonly string[] | ((peer: Address) => boolean);

/** A request as this proxy got it. */
export interface Received {
  readonly peer: Address | undefined;
  readonly isSecure: boolean;
  /** What it was sent to: the value of Host. */
  readonly host: string;
}

/**
 * Puts them into the fields of a request that is sent on. What the request said itself counts only if it came from somebody
 * who is trusted; from anybody else it is removed, since it could say anything.
 */
export function tellForwarded(fields: HeaderMap, received: Received, style: ForwardedStyle, isTrusted: boolean): void {
  if (!isTrusted) for (const name of ALL) fields.delete(name);
  if (style === "x-forwarded" || style === "both") tellX(fields, received);
  if (style === "forwarded" || style === "both") {
    const before = fields.get("forwarded");
    const element = elementOf(received);
    fields.set("Forwarded", before === undefined ? element : `${before}, ${element}`);
  }
}

/** @throws TypeError for what is no network. */
export function trustOf(peers: TrustedPeers): (peer: Address | undefined) => boolean {
  if (typeof peers === "function") return (peer) => peer !== undefined && peers(peer);
  const networks = peers.filter((peer) => peer !== "unix").map((peer) => new IpNetwork(peer));
  const trustsUnix = peers.includes("unix");
  return (peer) => {
    if (peer?.kind !== "tcp") return trustsUnix && peer?.kind === "unix";
    const bytes = parseIp(plainHost(peer.host));
    return bytes !== undefined && networks.some((network) => network.covers(bytes));
  };
}

/** The first proxy tells of the client's scheme and host, and those behind it leave that as it is. */
function tellX(fields: HeaderMap, { peer, isSecure, host }: Received): void {
  const before = fields.get("x-forwarded-for");
  const own = peer?.kind === "tcp" ? plainHost(peer.host) : undefined;
  if (own !== undefined) fields.set("X-Forwarded-For", before === undefined ? own : `${before}, ${own}`);
  if (!fields.has("x-forwarded-proto")) fields.set("X-Forwarded-Proto", isSecure ? "https" : "http");
  if (!fields.has("x-forwarded-host") && host !== "") fields.set("X-Forwarded-Host", host);
}

function elementOf({ peer, isSecure, host }: Received): string {
  const pairs = [`for=${nodeOf(peer)}`, `proto=${isSecure ? "https" : "http"}`];
  if (host !== "") pairs.splice(1, 0, `host=${quotedIfNeeded(host)}`);
  return pairs.join(";");
}

/** RFC 7239 §6: an IPv6 address in brackets; what is not on the net is not known. */
function nodeOf(peer: Address | undefined): string {
  if (peer?.kind !== "tcp") return "unknown";
  const host = plainHost(peer.host);
  return host.includes(":") ? `"[${host}]"` : host;
}

function quotedIfNeeded(text: string): string {
  return TOKEN.test(text) ? text : `"${text.replace(/["\\]/g, "\\$&")}"`;
}

/** Without the zone, which means something on this machine only; IPv4 as IPv4, though it came in by a port for both. */
function plainHost(host: string): string {
  const [address = ""] = host.split("%");
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address;
}

const ALL = ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-port", "x-forwarded-proto", "x-real-ip"];
