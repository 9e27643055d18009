/** PROXY headers to bytes and back, sans-IO: the specification's section 2.1 (version 1, text) and 2.2 (version 2). */
import { familyOf } from "../../core/address.ts";
import { formatIp, parseIp } from "../../wire/ip.ts";
import { TEXT } from "../../wire/text.ts";
import { RemoteProxyHeaderError } from "./errors.ts";
import type { ProxiedAddress, ProxyHeader, ProxyTlv } from "./events.ts";
import { ADDRESS_BYTES, FIXED_BYTES, factsOf, readTlvs } from "./tlv-codec.ts";

/** What a received header may be. */
export interface ProxyHeaderSettings {
  /** Bytes in a version 2 header, all told; default 4 096, which is nginx's limit. Version 1 has 107 by itself. */
  readonly maxHeaderBytes?: number | undefined;
  /** The accepted versions; default both. */
  readonly versions?: readonly (1 | 2)[] | undefined;
}

/** A header, and how many of the bytes it was. */
export interface ReadProxyHeader {
  readonly header: ProxyHeader;
  readonly length: number;
}

/**
 * Reads the header that `bytes` begin with. Undefined if it is not complete yet: try again with the same bytes and more.
 * At most `maxHeaderBytes` are ever needed.
 *
 * @throws RemoteProxyHeaderError as soon as the bytes cannot become a header that is allowed.
 *
 * @example
 * ```ts
 * import { readProxyHeader } from "ropewalk/haproxy";
 *
 * const bytes = new TextEncoder().encode("PROXY TCP4 192.0.2.1 192.0.2.2 50000 80\r\nGET /");
 * const read = readProxyHeader(bytes);
 * console.log(read?.length, read?.header.source); // 41 { kind: 'tcp', host: '192.0.2.1', port: 50000, family: 4 }
 * ```
 */
export function readProxyHeader(bytes: Uint8Array, settings: ProxyHeaderSettings = {}): ReadProxyHeader | undefined {
  if (bytes.length === 0) return undefined;
  const signature = bytes[0] === V1_SIGNATURE[0] ? V1_SIGNATURE : V2_SIGNATURE;
  for (let at = 0; at < Math.min(bytes.length, signature.length); at++) {
    if (bytes[at] !== signature[at]) {
      const seen = `0x${(bytes[at] as number).toString(16).padStart(2, "0")}`;
      throw new RemoteProxyHeaderError(`it does not begin as one does: byte ${at} is ${seen}`);
    }
  }
  if (bytes.length < signature.length) return undefined;
  const version = signature === V1_SIGNATURE ? 1 : 2;
  if (settings.versions !== undefined && !settings.versions.includes(version)) {
    throw new RemoteProxyHeaderError(`version ${version} is not accepted here`);
  }
  return version === 1 ? readV1(bytes) : readV2(bytes, settings.maxHeaderBytes ?? MAX_HEADER_BYTES);
}

function readV1(bytes: Uint8Array): ReadProxyHeader | undefined {
  let end = V1_SIGNATURE.length;
  const last = Math.min(bytes.length, V1_BYTES);
  while (end < last && !(bytes[end] === LF && bytes[end - 1] === CR)) end++;
  if (end === V1_BYTES) throw new RemoteProxyHeaderError(`its line has no end within ${V1_BYTES} bytes`);
  if (end === bytes.length) return undefined;
  const line = TEXT.decodeLatin1(bytes, 0, end - 1);
  return { header: headerOfLine(line), length: end + 1 };
}

function headerOfLine(line: string): ProxyHeader {
  const common = { version: 1, command: "PROXY", datagrams: false, tlvs: [], facts: {} } as const;
  // Whatever follows UNKNOWN is to be passed over.
  if (/^PROXY UNKNOWN(?: |$)/.test(line)) return { ...common, source: undefined, destination: undefined };
  const [, family, source, destination, sourcePort, destinationPort] = V1_LINE.exec(line) ?? [];
  const addresses = [tcpAddress(family, source, sourcePort), tcpAddress(family, destination, destinationPort)] as const;
  if (addresses[0] !== undefined && addresses[1] !== undefined) {
    return { ...common, source: addresses[0], destination: addresses[1] };
  }
  throw new RemoteProxyHeaderError(`cannot read its line ${JSON.stringify(line)}`);
}

function tcpAddress(familyName = "", host = "", digits = ""): ProxiedAddress | undefined {
  const bytes = parseIp(host);
  const port = Number(digits);
  if (bytes === undefined || bytes.length !== (familyName === "TCP6" ? 16 : 4) || !(port <= 65_535)) return undefined;
  return ipAddress("tcp", bytes, port);
}

function readV2(bytes: Uint8Array, maxHeaderBytes: number): ReadProxyHeader | undefined {
  // By index: each proxied connection comes by here, and destructuring costs an iterator.
  const versionAndCommand = bytes[V2_SIGNATURE.length];
  const family = bytes[13];
  const high = bytes[14];
  const low = bytes[15];
  if (versionAndCommand === undefined) return undefined;
  if (versionAndCommand >> 4 !== 2) throw new RemoteProxyHeaderError(`it is of version ${versionAndCommand >> 4}`);
  const command = COMMANDS[versionAndCommand & 0x0f];
  if (command === undefined) throw new RemoteProxyHeaderError(`its command is ${versionAndCommand & 0x0f}`);
  if (family === undefined) return undefined;
  const addressBytes = ADDRESS_BYTES[family];
  // The family of LOCAL is to be passed over, with all that follows.
  if (command === "PROXY" && addressBytes === undefined) {
    throw new RemoteProxyHeaderError(`its family is 0x${family.toString(16).padStart(2, "0")}`);
  }
  if (high === undefined || low === undefined) return undefined;
  const length = FIXED_BYTES + (high << 8) + low;
  if (length > maxHeaderBytes) {
    throw new RemoteProxyHeaderError(`it has ${length} bytes, ${maxHeaderBytes} are allowed`);
  }
  if (command === "LOCAL") return bytes.length < length ? undefined : { header: LOCAL, length };
  if (length < FIXED_BYTES + (addressBytes as number)) {
    throw new RemoteProxyHeaderError(`its ${length} bytes are too few for its addresses`);
  }
  if (bytes.length < length) return undefined;
  const source = addressAt(bytes, family, 0);
  const destination = addressAt(bytes, family, 1);
  const tlvsAt = FIXED_BYTES + (addressBytes as number);
  const tlvs = tlvsAt === length ? NO_TLVS : readTlvs(bytes.subarray(0, length), tlvsAt);
  const datagrams = (family & 0x0f) === 2;
  return {
    header: { version: 2, command: "PROXY", source, destination, datagrams, tlvs, facts: factsOf(tlvs) },
    length,
  };
}

/** The first address, 0, or the second, 1. */
function addressAt(bytes: Uint8Array, family: number, index: 0 | 1): ProxiedAddress | undefined {
  const kind = (family & 0x0f) === 1 ? "tcp" : "udp";
  switch (family >> 4) {
    case 1: {
      const at = FIXED_BYTES + 4 * index;
      const host = `${bytes[at]}.${bytes[at + 1]}.${bytes[at + 2]}.${bytes[at + 3]}`;
      return { kind, host, port: portAt(bytes, FIXED_BYTES + 8 + 2 * index), family: 4 };
    }
    case 2: {
      const at = FIXED_BYTES + 16 * index;
      return ipAddress(kind, bytes.subarray(at, at + 16), portAt(bytes, FIXED_BYTES + 32 + 2 * index));
    }
    case 3: {
      const at = FIXED_BYTES + UNIX_BYTES * index;
      return unixAddress(bytes.subarray(at, at + UNIX_BYTES));
    }
    default:
      return undefined;
  }
}

function portAt(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
}

/** An IPv4 address among IPv6 ones is the IPv4 address that it is, as in every address of a transport. */
function ipAddress(kind: "tcp" | "udp", bytes: Uint8Array, port: number): ProxiedAddress {
  const text = formatIp(bytes);
  const host = text.startsWith(MAPPED) ? text.slice(MAPPED.length) : text;
  return { kind, host, port, family: familyOf(host) };
}

/** A path ends at its first NUL; a name in Linux's abstract namespace begins with one, and ends before the padding. */
function unixAddress(bytes: Uint8Array): ProxiedAddress {
  let end = 0;
  if (bytes[0] === 0) end = bytes.findLastIndex((byte) => byte !== 0) + 1;
  else while (end < bytes.length && bytes[end] !== 0) end++;
  const path = TEXT.decodeUtf8(bytes, 0, end);
  // Or what is received could not be sent on: a replacement character is longer than what it replaces.
  if (path.includes("\ufffd")) throw new RemoteProxyHeaderError("a path in it is not UTF-8");
  return { kind: "unix", path };
}

const NO_TLVS: readonly ProxyTlv[] = Object.freeze([]);
const UNIX_BYTES = 108;
const MAPPED = "::ffff:";
const CR = 0x0d;
const LF = 0x0a;
/** "PROXY " */
const V1_SIGNATURE: Uint8Array = Uint8Array.of(0x50, 0x52, 0x4f, 0x58, 0x59, 0x20);
/** "\r\n\r\n\0\r\nQUIT\n" */
export const V2_SIGNATURE: Uint8Array = Uint8Array.of(13, 10, 13, 10, 0, 13, 10, 81, 85, 73, 84, 10);
const V1_LINE = /^PROXY (TCP[46]) ([\d.a-fA-F:]+) ([\d.a-fA-F:]+) (0|[1-9]\d{0,4}) (0|[1-9]\d{0,4})$/;
/** Two IPv6 addresses as "UNKNOWN" may have them, and the line's end: section 2.1 counts 107. */
const V1_BYTES = 107;
/** nginx's NGX_PROXY_PROTOCOL_MAX_HEADER: room for the names in a certificate, and not for a flood. */
const MAX_HEADER_BYTES = 4_096;
const COMMANDS = ["LOCAL", "PROXY"] as const;
const LOCAL: ProxyHeader = Object.freeze({
  version: 2,
  command: "LOCAL",
  source: undefined,
  destination: undefined,
  datagrams: false,
  tlvs: [],
  facts: {},
});
