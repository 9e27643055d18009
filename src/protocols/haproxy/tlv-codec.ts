/** The extensions of version 2 headers: type, length and value (specification, section 2.2). */
import { TEXT } from "../../wire/text.ts";
import { crc32c } from "./crc32c.ts";
import { RemoteProxyHeaderError } from "./errors.ts";
import type { ProxyFacts, ProxySslFacts, ProxyTlv } from "./events.ts";

/** The extensions of a whole header, which begin at `at`: its checksum is verified, padding is left out. */
export function readTlvs(header: Uint8Array, at: number): ProxyTlv[] {
  return splitTlvs(header, at).filter(({ type, value }) => {
    if (type === TLV.crc32c) checkSum(header, value);
    return type !== TLV.crc32c && type !== TLV.noop;
  });
}

/** What the registered ones say; of one that is repeated, the first. */
export function factsOf(tlvs: readonly ProxyTlv[]): ProxyFacts {
  if (tlvs.length === 0) return NO_FACTS;
  const facts: { -readonly [Name in keyof ProxyFacts]: ProxyFacts[Name] } = {};
  for (const { type, value } of tlvs) {
    if (type === TLV.alpn) facts.alpn ??= text(value);
    else if (type === TLV.authority) facts.authority ??= text(value);
    else if (type === TLV.uniqueId) facts.uniqueId ??= shortEnough(value);
    else if (type === TLV.ssl) facts.ssl ??= sslFactsOf(value);
    else if (type === TLV.networkNamespace) facts.networkNamespace ??= text(value);
  }
  return facts;
}

/** The bytes of extensions, one after the other. */
export function encodeTlvs(tlvs: readonly ProxyTlv[]): number[] {
  return tlvs.flatMap(({ type, value }) => [type, value.length >> 8, value.length & 0xff, ...value]);
}

function splitTlvs(bytes: Uint8Array, start: number): ProxyTlv[] {
  const tlvs: ProxyTlv[] = [];
  for (let at = start; at < bytes.length; ) {
    const [type = 0, high, low] = bytes.subarray(at, at + 3);
    if (high === undefined || low === undefined) throw new RemoteProxyHeaderError("its last extension is cut off");
    const end = at + 3 + (high << 8) + low;
    if (end > bytes.length)
      throw new RemoteProxyHeaderError(`extension 0x${type.toString(16)} is longer than the header`);
    // A copy: a view would keep alive all that came in the same read.
    tlvs.push({ type, value: bytes.slice(at + 3, end) });
    at = end;
  }
  return tlvs;
}

function checkSum(header: Uint8Array, value: Uint8Array): void {
  if (value.length !== 4) throw new RemoteProxyHeaderError(`its checksum has ${value.length} bytes instead of 4`);
  const stated = uint32(value, 0);
  const copy = header.slice();
  copy.fill(0, ...placeOfChecksum(copy));
  const computed = crc32c(copy);
  if (stated === computed) return;
  const hex = (sum: number) => `0x${sum.toString(16).padStart(8, "0")}`;
  throw new RemoteProxyHeaderError(`its checksum says ${hex(stated)}, its bytes come to ${hex(computed)}`);
}

/** Where the four bytes of the only checksum are. */
function placeOfChecksum(header: Uint8Array): [start: number, end: number] {
  const places: [number, number][] = [];
  for (let at = addressesEnd(header); at < header.length; ) {
    const length = ((header[at + 1] as number) << 8) | (header[at + 2] as number);
    if (header[at] === TLV.crc32c) places.push([at + 3, at + 3 + length]);
    at += 3 + length;
  }
  const [place] = places;
  if (place === undefined || places.length > 1) throw new RemoteProxyHeaderError("it has two checksums");
  return place;
}

/** Where the addresses of a whole header end and its extensions begin. */
function addressesEnd(header: Uint8Array): number {
  return FIXED_BYTES + (ADDRESS_BYTES[header[13] as number] ?? 0);
}

function sslFactsOf(value: Uint8Array): ProxySslFacts {
  if (value.length < 5)
    throw new RemoteProxyHeaderError(`its TLS extension has ${value.length} bytes, 5 are the least`);
  const client = value[0] as number;
  const texts: Partial<Record<(typeof SSL_TEXTS)[number], string>> = {};
  for (const { type, value: sub } of splitTlvs(value, 5)) {
    const name = SSL_TEXTS[type - FIRST_SSL_TEXT];
    if (name !== undefined) texts[name] ??= text(sub);
  }
  const certificateOnConnection = (client & 2) !== 0;
  const certificateInSession = (client & 4) !== 0;
  return {
    secured: (client & 1) !== 0,
    certificateOnConnection,
    certificateInSession,
    verified: (certificateOnConnection || certificateInSession) && uint32(value, 1) === 0,
    ...texts,
  };
}

function shortEnough(uniqueId: Uint8Array): Uint8Array {
  if (uniqueId.length <= 128) return uniqueId;
  throw new RemoteProxyHeaderError(`its unique id has ${uniqueId.length} bytes, 128 are the most`);
}

function uint32(bytes: Uint8Array, at: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset + at, 4).getUint32(0);
}

function text(bytes: Uint8Array): string {
  return TEXT.decodeUtf8(bytes, 0, bytes.length);
}

const NO_FACTS: ProxyFacts = Object.freeze({});

/** PP2_TYPE_… of the specification. */
export const TLV = {
  alpn: 0x01,
  authority: 0x02,
  crc32c: 0x03,
  noop: 0x04,
  uniqueId: 0x05,
  ssl: 0x20,
  networkNamespace: 0x30,
} as const;

/** PP2_SUBTYPE_SSL_… from VERSION on. */
const SSL_TEXTS = ["version", "commonName", "cipher", "signatureAlgorithm", "keyAlgorithm"] as const;
const FIRST_SSL_TEXT = 0x21;

/** Signature, version and command, family, length. */
export const FIXED_BYTES = 16;
/** Bytes of both addresses, by family and transport: none, TCP and UDP over IPv4 and IPv6, UNIX streams and datagrams. */
export const ADDRESS_BYTES: Readonly<Record<number, number>> = {
  0: 0,
  17: 12,
  18: 12,
  33: 36,
  34: 36,
  49: 216,
  50: 216,
};
