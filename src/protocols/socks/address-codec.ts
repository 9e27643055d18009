/** Addresses as version 5 writes them: RFC 1928 §5. */
import { formatIp, parseIp } from "../../wire/ip.ts";
import { TEXT } from "../../wire/text.ts";
import { LocalSocksError, RemoteSocksError } from "./errors.ts";
import type { SocksAddress } from "./events.ts";

/** Reads the address that begins at `at`. Undefined if it is not complete. @throws RemoteSocksError */
export function readAddress(bytes: Uint8Array, at: number): { address: SocksAddress; end: number } | undefined {
  const [type, length] = bytes.subarray(at, at + 2);
  if (type === undefined) return undefined;
  if (type === NAME) {
    if (length === undefined) return undefined;
    const end = at + 2 + length;
    if (bytes.length < end + 2) return undefined;
    return { address: { host: nameIn(bytes, at + 2, end), port: portAt(bytes, end) }, end: end + 2 };
  }
  const size = type === IPV4 ? 4 : type === IPV6 ? 16 : undefined;
  if (size === undefined)
    throw new RemoteSocksError(`address type ${type} is none of 1, 3 and 4`, ADDRESS_TYPE_UNKNOWN);
  const end = at + 1 + size;
  if (bytes.length < end + 2) return undefined;
  return { address: { host: formatIp(bytes.subarray(at + 1, end)), port: portAt(bytes, end) }, end: end + 2 };
}

/** The bytes of an address. @throws LocalSocksError for a name that cannot be sent, or no port number. */
export function encodeAddress({ host, port }: SocksAddress): number[] {
  const ip = parseIp(host);
  if (ip !== undefined) return [ip.length === 4 ? IPV4 : IPV6, ...ip, ...encodePort(port)];
  const name = encodeName(host);
  return [NAME, name.length, ...name, ...encodePort(port)];
}

/** A host name, which must be visible ASCII: what else is in it would be lost, or mean something, on its way to a resolver. */
export function nameIn(bytes: Uint8Array, start: number, end: number): string {
  const name = TEXT.decodeLatin1(bytes, start, end);
  if (VISIBLE.test(name)) return name;
  throw new RemoteSocksError(`${JSON.stringify(name)} is no host name`);
}

export function encodeName(name: string): Uint8Array {
  if (VISIBLE.test(name) && name.length <= MAX_TEXT_BYTES) return TEXT.encodeLatin1(name);
  throw new LocalSocksError(`host ${JSON.stringify(name)} is not 1 to ${MAX_TEXT_BYTES} characters of visible ASCII`);
}

export function portAt(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
}

export function encodePort(port: number): [high: number, low: number] {
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return [port >> 8, port & 0xff];
  throw new LocalSocksError(`port ${port} is no integer from 0 to 65535`);
}

/** What one byte can say of a length; version 4 sets no limit, and is held to the same one. */
export const MAX_TEXT_BYTES = 255;

const VISIBLE = /^[\x21-\x7e]+$/;
const IPV4 = 1;
const NAME = 3;
const IPV6 = 4;
/** RFC 1928 §6. */
const ADDRESS_TYPE_UNKNOWN = 8;
