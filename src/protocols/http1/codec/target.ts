/** Request targets and hosts (RFC 9112 §3.2), on the text of a head that is made of visible characters already. */
import { parseIp } from "../../../wire/ip.ts";
import { HEX, HOST } from "./tables.ts";

/**
 * What is wrong with the target for this method, or undefined: "/path" for all, a whole URL for all, "host:port" for CONNECT
 * and nothing else, "*" for OPTIONS.
 */
export function targetProblem(method: string, target: string): string | undefined {
  if (method === "CONNECT") {
    // The colons of an IPv6 address stand before its bracket, and are none of a port.
    const colon = target.indexOf(":", target.lastIndexOf("]") + 1);
    const isWhole = colon > 0 && colon < target.length - 1 && isAuthority(target);
    return isWhole ? undefined : "the target of CONNECT is no host:port";
  }
  if (target.charCodeAt(0) === SLASH) return undefined;
  if (target === "*") return method === "OPTIONS" ? undefined : "a target of * in another method than OPTIONS";
  const start = authorityStart(target);
  if (start === -1) return "the target is neither a path nor a URL";
  const authority = target.slice(start, authorityEnd(target, start));
  return authority !== "" && isAuthority(authority) ? undefined : "the target is a URL without a valid host";
}

/** The authority that a target names; undefined if it names none, and Host is what counts. */
export function authorityOfTarget(method: string, target: string): string | undefined {
  if (method === "CONNECT") return target;
  if (target.charCodeAt(0) === SLASH || target === "*") return undefined;
  const start = authorityStart(target);
  return start === -1 ? undefined : target.slice(start, authorityEnd(target, start));
}

/** Whether this is `host [":" port]` (RFC 3986 §3.2.2, §3.2.3): a name, an IPv4 address, or an IPv6 one in brackets. */
export function isAuthority(text: string): boolean {
  let at = 0;
  if (text.charCodeAt(0) === OPENING) {
    const closing = text.indexOf("]");
    if (closing === -1 || parseIp(text.slice(1, closing))?.length !== 16) return false;
    at = closing + 1;
  } else {
    for (; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code === PERCENT && isHex(text, at + 1) && isHex(text, at + 2)) at += 2;
      else if (code > 255 || HOST[code] !== 1) break;
    }
    if (at === 0) return false;
  }
  if (at === text.length) return true;
  return text.charCodeAt(at) === COLON && isPort(text, at + 1);
}

/** Behind "scheme://", or -1. */
function authorityStart(target: string): number {
  const [match] = SCHEME.exec(target) ?? [];
  return match === undefined ? -1 : match.length;
}

function authorityEnd(target: string, start: number): number {
  for (let at = start; at < target.length; at++) {
    const code = target.charCodeAt(at);
    if (code === SLASH || code === QUESTION) return at;
  }
  return target.length;
}

/** Digits up to 65535, or none at all (RFC 3986 §3.2.3). */
function isPort(text: string, start: number): boolean {
  if (text.length - start > 5) return false;
  let port = 0;
  for (let at = start; at < text.length; at++) {
    const digit = text.charCodeAt(at) - 0x30;
    if (digit < 0 || digit > 9) return false;
    port = 10 * port + digit;
  }
  return port <= 65_535;
}

function isHex(text: string, at: number): boolean {
  return at < text.length && (HEX[text.charCodeAt(at)] ?? 16) < 16;
}

const OPENING = 0x5b;
const SLASH = 0x2f;
const COLON = 0x3a;
const QUESTION = 0x3f;
const PERCENT = 0x25;
const SCHEME = /^[a-z][a-z\d+.-]*:\/\//i;
