/** What a proxy says, to the bytes of a header. */
import type { Address } from "../../core/address.ts";
import { asIpv6, formatIp, parseIp } from "../../wire/ip.ts";
import { TEXT } from "../../wire/text.ts";
import { V2_SIGNATURE } from "./codec.ts";
import { crc32c } from "./crc32c.ts";
import { LocalProxyHeaderError } from "./errors.ts";
import type { ProxyTlv } from "./events.ts";
import { ADDRESS_BYTES, encodeTlvs, TLV } from "./tlv-codec.ts";

/** What `encodeProxyHeader` is told. A ProxyHeader can stand for it. */
export interface ProxyHeaderOptions {
  /** Default 1, which every receiver reads. */
  readonly version?: 1 | 2 | undefined;
  /** Default `"PROXY"`. Version 1 has no LOCAL: it says `UNKNOWN` instead. */
  readonly command?: "PROXY" | "LOCAL" | undefined;
  /** Any transport's address may be given; one that the header cannot say makes both ends unknown. */
  readonly source?: Address | undefined;
  readonly destination?: Address | undefined;
  /** UNIX addresses are of datagrams; for UDP addresses it goes without saying. */
  readonly datagrams?: boolean | undefined;
  /** Version 2 only. */
  readonly tlvs?: readonly ProxyTlv[] | undefined;
  /** Adds a checksum; version 2 only, default false. */
  readonly crc32c?: boolean | undefined;
}

/**
 * The bytes that go before all others of a connection, or before a datagram.
 *
 * @throws LocalProxyHeaderError for extensions in version 1, a path of more than 108 bytes, a host that is no IP address,
 *   and more than 65 535 bytes of addresses and extensions.
 *
 * @example
 * ```ts
 * import { encodeProxyHeader } from "ropewalk/haproxy";
 *
 * const source = { kind: "tcp", host: "192.0.2.1", port: 50_000, family: 4 } as const;
 * const destination = { kind: "tcp", host: "192.0.2.2", port: 80, family: 4 } as const;
 * console.log(new TextDecoder().decode(encodeProxyHeader({ source, destination })).trimEnd());
 * // PROXY TCP4 192.0.2.1 192.0.2.2 50000 80
 * console.log(encodeProxyHeader({ version: 2, source, destination }).length); // 28
 * ```
 */
export function encodeProxyHeader(options: ProxyHeaderOptions): Uint8Array {
  return options.version === 2 ? encodeV2(options) : encodeV1(options);
}

function encodeV1(options: ProxyHeaderOptions): Uint8Array {
  const { command, tlvs = [], crc32c: checksum } = options;
  if (tlvs.length > 0 || checksum === true) {
    throw new LocalProxyHeaderError("version 1 has no extensions and no checksum; use version 2");
  }
  const ends = command === "LOCAL" ? undefined : ipEnds(options);
  if (ends === undefined || ends.kind !== "tcp") return TEXT.encodeLatin1("PROXY UNKNOWN\r\n");
  const { source, destination, sourcePort, destinationPort } = ends;
  const family = source.length === 4 ? "TCP4" : "TCP6";
  const hosts = `${formatIp(source)} ${formatIp(destination)}`;
  return TEXT.encodeLatin1(`PROXY ${family} ${hosts} ${sourcePort} ${destinationPort}\r\n`);
}

function encodeV2(options: ProxyHeaderOptions): Uint8Array {
  const isLocal = options.command === "LOCAL";
  const [family, addresses] = isLocal ? [0, []] : addressBlock(options);
  const extensions = encodeTlvs(options.tlvs ?? []);
  if (options.crc32c === true) extensions.push(...encodeTlvs([{ type: TLV.crc32c, value: new Uint8Array(4) }]));
  const length = addresses.length + extensions.length;
  if (length > 0xffff)
    throw new LocalProxyHeaderError(`addresses and extensions have ${length} bytes, 65535 is the most`);
  const fixed = [...V2_SIGNATURE, isLocal ? 0x20 : 0x21, family, length >> 8, length & 0xff];
  const bytes = Uint8Array.from([...fixed, ...addresses, ...extensions]);
  if (options.crc32c === true) new DataView(bytes.buffer).setUint32(bytes.length - 4, crc32c(bytes));
  return bytes;
}

function addressBlock(options: ProxyHeaderOptions): [family: number, bytes: number[]] {
  const { source, destination, datagrams = false } = options;
  if (source?.kind === "unix" && destination?.kind === "unix") {
    return [datagrams ? 0x32 : 0x31, [...unixBytes(source.path), ...unixBytes(destination.path)]];
  }
  const ends = ipEnds(options);
  if (ends === undefined) return [0, []];
  const family = (ends.source.length === 4 ? 0x10 : 0x20) + (ends.kind === "tcp" ? 1 : 2);
  const ports = [ends.sourcePort, ends.destinationPort].flatMap((port) => [port >> 8, port & 0xff]);
  return [family, [...ends.source, ...ends.destination, ...ports]];
}

interface IpEnds {
  readonly kind: "tcp" | "udp";
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
  readonly sourcePort: number;
  readonly destinationPort: number;
}

/** Both ends, in one family: an IPv4 address beside an IPv6 one is written as IPv6. */
function ipEnds({ source: from, destination: to }: ProxyHeaderOptions): IpEnds | undefined {
  if ((from?.kind !== "tcp" && from?.kind !== "udp") || to?.kind !== from.kind) return undefined;
  const [source, destination] = [ipBytes(from.host), ipBytes(to.host)];
  const isSame = source.length === destination.length;
  return {
    kind: from.kind,
    source: isSame ? source : asIpv6(source),
    destination: isSame ? destination : asIpv6(destination),
    sourcePort: from.port,
    destinationPort: to.port,
  };
}

function ipBytes(host: string): Uint8Array {
  // What a link-local address is reached by means nothing on another machine.
  const bytes = parseIp(host.replace(/%.*$/, ""));
  if (bytes === undefined) throw new LocalProxyHeaderError(`"${host}" is no IP address; look the name up before`);
  return bytes;
}

function unixBytes(path: string): Uint8Array {
  const field = new Uint8Array(UNIX_BYTES);
  const bytes = TEXT.encodeUtf8(path);
  if (bytes.length > UNIX_BYTES) {
    throw new LocalProxyHeaderError(`path "${path}" has ${bytes.length} bytes, ${UNIX_BYTES} is the most`);
  }
  field.set(bytes);
  return field;
}

const UNIX_BYTES = (ADDRESS_BYTES[0x31] as number) / 2;
