import { parseIp } from "../wire/ip.ts";
import { IpNetwork } from "../wire/ip-network.ts";

/**
 * Whether an IP address is one of the Internet at large. Those of this machine, of private networks, of a link, of groups,
 * and those that are set aside (RFC 6890 and IANA's registries) are not; neither is what is no IP address. One that carries an
 * IPv4 address inside of it (mapped, NAT64) is what that one is.
 *
 * For who connects on behalf of strangers: ask about each address that is dialled, not about names.
 *
 * @example
 * ```ts
 * import { isPublicAddress } from "ropewalk/policies";
 *
 * console.log(isPublicAddress("8.8.8.8"), isPublicAddress("127.0.0.1"), isPublicAddress("::ffff:10.0.0.1")); // true false false
 * ```
 */
export function isPublicAddress(host: string): boolean {
  const bytes = parseIp(host);
  if (bytes === undefined) return false;
  if (bytes.length === 4) return isPublicIpv4(bytes);
  if (MAPPED.covers(bytes) || NAT64.covers(bytes)) return isPublicIpv4(bytes.subarray(12));
  return GLOBAL.covers(bytes) && !SET_ASIDE_IPV6.some((network) => network.covers(bytes));
}

function isPublicIpv4(bytes: Uint8Array): boolean {
  return !SET_ASIDE_IPV4.some((network) => network.covers(bytes));
}

const MAPPED = new IpNetwork("::ffff:0:0/96");
const NAT64 = new IpNetwork("64:ff9b::/96");
const GLOBAL = new IpNetwork("2000::/3");
/** Of what is global: protocol assignments with Teredo, documentation, and 6to4, which leads to any IPv4 address. */
const SET_ASIDE_IPV6: readonly IpNetwork[] = ["2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"].map(
  (description) => new IpNetwork(description),
);
const SET_ASIDE_IPV4: readonly IpNetwork[] = [
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.0.2.0/24",
  "192.88.99.0/24",
  "192.168.0.0/16",
  "198.18.0.0/15",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "224.0.0.0/4",
  "240.0.0.0/4",
].map((description) => new IpNetwork(description));
