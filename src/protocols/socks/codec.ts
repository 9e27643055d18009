/**
 * SOCKS messages to bytes and back, sans-IO: version 4 and 4a (the NEC memos), version 5 (RFC 1928), login (RFC 1929). Each
 * `read…` looks at the beginning of `bytes`: undefined if the message is not complete (try again with the same bytes and
 * more), else the message and its length. All of them throw RemoteSocksError, and want 600 bytes at most.
 */
import { formatIp, parseIp } from "../../wire/ip.ts";
import { TEXT } from "../../wire/text.ts";
import { encodeAddress, encodeName, encodePort, MAX_TEXT_BYTES, nameIn, portAt, readAddress } from "./address-codec.ts";
import { LocalSocksError, RemoteSocksError } from "./errors.ts";
import type { SocksAddress, SocksCommand, SocksDatagram, SocksLogin, SocksMessage, SocksReply } from "./events.ts";

/** A message, and how many of the bytes it was. */
export interface Read<T> {
  readonly message: T;
  readonly length: number;
}

/** RFC 1928 §3, from the client: the methods that it offers. */
export function readGreeting(bytes: Uint8Array): Read<readonly number[]> | undefined {
  const [version, count] = bytes;
  expectByte("version", version, 5);
  if (count === undefined || bytes.length < 2 + count) return undefined;
  return { message: [...bytes.subarray(2, 2 + count)], length: 2 + count };
}

export function encodeGreeting(methods: readonly number[]): Uint8Array {
  return Uint8Array.of(5, methods.length, ...methods);
}

/** RFC 1928 §3, from the server: the method that it chose. */
export function readMethod(bytes: Uint8Array): Read<number> | undefined {
  const [version, method] = bytes;
  expectByte("version", version, 5);
  return method === undefined ? undefined : { message: method, length: 2 };
}

export function encodeMethod(method: number): Uint8Array {
  return Uint8Array.of(5, method);
}

/** RFC 1929 §2, from the client. Texts are UTF-8. */
export function readLogin(bytes: Uint8Array): Read<SocksLogin> | undefined {
  expectByte("version of the login", bytes[0], 1);
  const nameEnd = 2 + (bytes[1] ?? Number.POSITIVE_INFINITY);
  const end = nameEnd + 1 + (bytes[nameEnd] ?? Number.POSITIVE_INFINITY);
  if (!(bytes.length >= end)) return undefined;
  const username = TEXT.decodeUtf8(bytes, 2, nameEnd);
  return { message: { username, password: TEXT.decodeUtf8(bytes, nameEnd + 1, end) }, length: end };
}

/** @throws LocalSocksError for a text that is empty or too long. */
export function encodeLogin({ username, password }: SocksLogin): Uint8Array {
  const [name, word] = [loginText("username", username), loginText("password", password)];
  return Uint8Array.of(1, name.length, ...name, word.length, ...word);
}

/** RFC 1929 §2, from the server: whether it took the login. */
export function readLoginAnswer(bytes: Uint8Array): Read<boolean> | undefined {
  const [version, status] = bytes;
  // Some servers answer with the version of SOCKS.
  if (version !== 5) expectByte("version of the login", version, 1);
  return status === undefined ? undefined : { message: status === 0, length: 2 };
}

export function encodeLoginAnswer(isTaken: boolean): Uint8Array {
  return Uint8Array.of(1, isTaken ? 0 : 1);
}

/** Version 4, and 4a where a name follows. */
export function readRequest4(bytes: Uint8Array): Read<SocksMessage> | undefined {
  expectByte("version", bytes[0], 4);
  const command = commandOf(bytes[1], 2);
  const user = textAt(bytes, 8, "user id");
  if (command === undefined || user === undefined) return undefined;
  const common = { version: 4, command, port: portAt(bytes, 2), userId: user.text } as const;
  const ip = bytes.subarray(4, 8);
  // 0.0.0.x with another x than 0 is no address: the name follows (4a).
  if (!(ip[0] === 0 && ip[1] === 0 && ip[2] === 0 && ip[3] !== 0)) {
    return { message: { ...common, host: formatIp(ip) }, length: user.end };
  }
  const name = textAt(bytes, user.end, "host name");
  return name && { message: { ...common, host: nameIn(bytes, user.end, name.end - 1) }, length: name.end };
}

/** RFC 1928 §4. */
export function readRequest5(bytes: Uint8Array): Read<SocksMessage> | undefined {
  expectByte("version", bytes[0], 5);
  const command = commandOf(bytes[1], 3);
  expectByte("reserved byte", bytes[2], 0);
  const read = readAddress(bytes, 3);
  if (command === undefined || read === undefined) return undefined;
  return { message: { version: 5, command, ...read.address, userId: "" }, length: read.end };
}

/** @throws LocalSocksError for what the version cannot say. */
export function encodeRequest({ version, command, host, port, userId }: SocksMessage): Uint8Array {
  const code = COMMANDS.indexOf(command);
  if (version === 5) return Uint8Array.of(5, code, 0, ...encodeAddress({ host, port }));
  if (command === "associate") throw new LocalSocksError("version 4 has no UDP; use version 5");
  const ip = parseIp(host);
  if (ip?.length === 16) throw new LocalSocksError(`version 4 has no IPv6 address such as "${host}"; use version 5`);
  const user = userId === "" ? [] : encodeName(userId);
  const name = ip === undefined ? [...encodeName(host), 0] : [];
  return Uint8Array.of(4, code, ...encodePort(port), ...(ip ?? NAME_FOLLOWS), ...user, 0, ...name);
}

/** A reply of the version that is given; version 4's code is 0 where it granted the request. */
export function readReply(bytes: Uint8Array, version: 4 | 5): Read<SocksReply> | undefined {
  return version === 4 ? readReply4(bytes) : readReply5(bytes);
}

/** Version 4 cannot say an IPv6 address or a name: it says 0.0.0.0. `code` is that of version 5, 0 for success. */
export function encodeReply(version: 4 | 5, { code, address }: SocksReply): Uint8Array {
  if (version === 5) return Uint8Array.of(5, code, 0, ...encodeAddress(address));
  const ip = parseIp(address.host);
  return Uint8Array.of(
    0,
    code === 0 ? GRANTED : REJECTED,
    ...encodePort(address.port),
    ...(ip?.length === 4 ? ip : NO_IP),
  );
}

/** RFC 1928 §7. @throws RemoteSocksError for a fragment, and for what is no datagram of a proxy. */
export function readDatagram(bytes: Uint8Array): SocksDatagram {
  const read = bytes.length < 4 ? undefined : readAddress(bytes, 3);
  if (read === undefined) throw new RemoteSocksError("the datagram ends within its address");
  expectByte("reserved byte", bytes[0], 0);
  expectByte("reserved byte", bytes[1], 0);
  // "An implementation that does not support fragmentation MUST drop any datagram whose FRAG field is other than X'00'."
  expectByte("fragment", bytes[2], 0);
  return { ...read.address, data: bytes.subarray(read.end) };
}

/** @throws LocalSocksError for a name that cannot be sent, or no port number. */
export function encodeDatagram({ data, ...address }: SocksDatagram): Uint8Array {
  const header = encodeAddress(address);
  const bytes = new Uint8Array(3 + header.length + data.length);
  bytes.set(header, 3);
  bytes.set(data, 3 + header.length);
  return bytes;
}

function readReply4(bytes: Uint8Array): Read<SocksReply> | undefined {
  const [version, code] = bytes;
  expectByte("version of the reply", version, 0);
  if (code !== undefined && (code < GRANTED || code > 93))
    throw new RemoteSocksError(`reply ${code} is none of 90 to 93`);
  if (code === undefined || bytes.length < 8) return undefined;
  const address = { host: formatIp(bytes.subarray(4, 8)), port: portAt(bytes, 2) };
  return { message: { code: code === GRANTED ? 0 : code, address }, length: 8 };
}

function readReply5(bytes: Uint8Array): Read<SocksReply> | undefined {
  const [version, code] = bytes;
  expectByte("version", version, 5);
  const read = readAddress(bytes, 3);
  if (code === undefined || read === undefined) return undefined;
  return { message: { code, address: read.address }, length: read.end };
}

/** A text that ends with NUL, as version 4 has them. */
function textAt(bytes: Uint8Array, start: number, what: string): { text: string; end: number } | undefined {
  const last = Math.min(bytes.length, start + MAX_TEXT_BYTES + 1);
  for (let at = start; at < last; at++) {
    if (bytes[at] === 0) return { text: TEXT.decodeUtf8(bytes, start, at), end: at + 1 };
  }
  if (last - start <= MAX_TEXT_BYTES) return undefined;
  throw new RemoteSocksError(`its ${what} is longer than ${MAX_TEXT_BYTES} bytes`);
}

function commandOf(code: number | undefined, last: number): SocksCommand | undefined {
  if (code === undefined) return undefined;
  const command = code <= last ? COMMANDS[code] : undefined;
  if (command !== undefined) return command;
  throw new RemoteSocksError(`command ${code} is none of 1 to ${last}`, REPLY.commandUnknown);
}

function expectByte(what: string, seen: number | undefined, expected: number): void {
  if (seen !== undefined && seen !== expected) throw new RemoteSocksError(`${what} is ${seen} instead of ${expected}`);
}

function loginText(what: string, text: string): Uint8Array {
  const bytes = TEXT.encodeUtf8(text);
  if (bytes.length >= 1 && bytes.length <= MAX_TEXT_BYTES) return bytes;
  throw new LocalSocksError(`the ${what} has ${bytes.length} bytes, 1 to ${MAX_TEXT_BYTES} can be sent`);
}

/** By their number. */
const COMMANDS: readonly (SocksCommand | undefined)[] = [undefined, "connect", "bind", "associate"];
const NAME_FOLLOWS = [0, 0, 0, 1];
const NO_IP = [0, 0, 0, 0];
const GRANTED = 90;
const REJECTED = 91;

/** RFC 1928 §3. */
export const METHOD = { none: 0, login: 2, unacceptable: 0xff } as const;
/** RFC 1928 §6. */
export const REPLY = {
  succeeded: 0,
  failure: 1,
  notAllowed: 2,
  networkUnreachable: 3,
  hostUnreachable: 4,
  refused: 5,
  commandUnknown: 7,
} as const;
export const NOWHERE: SocksAddress = { host: "0.0.0.0", port: 0 };
