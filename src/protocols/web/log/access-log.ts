/** A line for each request that was served. What a client says is escaped: it can neither end a line, nor a field of it. */
import type { Address } from "../../../core/address.ts";
import { Logger } from "../../../core/log/logger.ts";
import { DAY_MS, dateOf, MONTH_NAMES } from "../../../wire/calendar.ts";
import type { Request } from "../message/request.ts";
import type { ServedRequest } from "../server/site.ts";

/** What a line is made of, besides the request. */
export interface AccessDetails {
  /** When the request came, in milliseconds since 1970. */
  readonly receivedMs: number;
  /** Who was logged in. */
  readonly user?: string | undefined;
  /** Whom it came from, if that is known better than by the connection. */
  readonly ip?: string | undefined;
}

/** How requests are noted. */
export interface AccessLogOptions {
  /** What tells the time: the reactor. */
  readonly clock: { wallTimeMs(): number };
  /** Default `combinedLogLine`. */
  readonly format?: ((served: ServedRequest, details: AccessDetails) => string) | undefined;
  /** Takes each line, which has no line end. Default: the logger `ropewalk.web.access`. */
  readonly write?: ((line: string) => void) | undefined;
  /** Who is logged in with this request. */
  readonly userOf?: ((request: Request) => string | undefined) | undefined;
  /** Whom the request came from, for servers behind a proxy that they trust. Default: the connection's other end. */
  readonly ipOf?: ((request: Request) => string | undefined) | undefined;
}

/**
 * What the option `served` of `serve` takes.
 *
 * @example
 * ```ts
 * import { NodeReactor } from "ropewalk";
 * import { accessLog, jsonLogLine, Response, serve } from "ropewalk/web";
 *
 * const reactor = new NodeReactor();
 * const served = accessLog({ clock: reactor, format: jsonLogLine, write: (line) => console.log(line) });
 * const port = await serve(reactor, "unix:logged.sock", () => new Response("hello"), { served });
 * await port.stopListening();
 * ```
 */
export function accessLog(options: AccessLogOptions): (served: ServedRequest) => void {
  const { clock, format = combinedLogLine, write = toLogger, userOf, ipOf } = options;
  return (served) => {
    const receivedMs = clock.wallTimeMs() - served.tookMs;
    write(format(served, { receivedMs, user: userOf?.(served.request), ip: ipOf?.(served.request) }));
  };
}

/**
 * The line that Apache and nginx call "combined", in UTC. Characters that are not printable ASCII, quotes and backslashes are
 * written as `\x22`. A client that went before there was an answer has the status 499.
 *
 * @example
 * ```ts
 * import { combinedLogLine, Request } from "ropewalk/web";
 *
 * const request = new Request("http://example.org/ropes", { headers: { "User-Agent": 'say "knot"' } });
 * const peer = { kind: "tcp", host: "192.0.2.1", port: 50000, family: 4 } as const;
 * const served = { request, peer, status: 200, sentBytes: 5, tookMs: 1.25, isComplete: true };
 * console.log(combinedLogLine(served, { receivedMs: 0 }));
 * // 192.0.2.1 - - [01/Jan/1970:00:00:00 +0000] "GET /ropes HTTP/1.1" 200 5 "-" "say \x22knot\x22"
 * ```
 */
export function combinedLogLine(served: ServedRequest, details: AccessDetails): string {
  const { request, status, sentBytes } = served;
  const asked = `${request.method} ${targetOf(request)} HTTP/${request.head?.version ?? "1.1"}`;
  const ip = word(details.ip ?? ipOfPeer(served.peer));
  const columns = [ip, "-", word(details.user), `[${clfTime(details.receivedMs)}]`, quoted(asked)];
  columns.push(String(status === 0 ? 499 : status), String(sentBytes));
  columns.push(quoted(request.headers.get("referer")), quoted(request.headers.get("user-agent")));
  return columns.join(" ");
}

/**
 * An object of JSON in ASCII: time, ip, user, method, target, version, status, bytes, ms, complete, host, referer, agent. What
 * is not known is left out; status is null for a client that went before there was an answer.
 *
 * @example
 * ```ts
 * import { jsonLogLine, Request } from "ropewalk/web";
 *
 * const request = new Request("http://example.org/ropes");
 * const peer = { kind: "tcp", host: "192.0.2.1", port: 50000, family: 4 } as const;
 * const line = jsonLogLine({ request, peer, status: 200, sentBytes: 5, tookMs: 1.25, isComplete: true }, { receivedMs: 0 });
 * console.log(JSON.parse(line).time, JSON.parse(line).ms); // 1970-01-01T00:00:00.000Z 1.25
 * ```
 */
export function jsonLogLine(served: ServedRequest, details: AccessDetails): string {
  const { request, status, sentBytes, tookMs, isComplete } = served;
  const { headers, head, method } = request;
  const line = JSON.stringify({
    time: isoTime(details.receivedMs),
    ip: details.ip ?? ipOfPeer(served.peer),
    user: details.user,
    method,
    target: targetOf(request),
    version: head?.version,
    status: status === 0 ? null : status,
    bytes: sentBytes,
    ms: Math.round(tookMs * 1_000) / 1_000,
    complete: isComplete,
    host: headers.get("host") ?? undefined,
    referer: headers.get("referer") ?? undefined,
    agent: headers.get("user-agent") ?? undefined,
  });
  return line.replace(NOT_PRINTABLE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

function toLogger(line: string): void {
  log.info("{line}", { line });
}

function targetOf(request: Request): string {
  return request.head?.target ?? request.path + new URL(request.url).search;
}

function ipOfPeer(peer: Address): string | undefined {
  return peer.kind === "tcp" ? peer.host : undefined;
}

function quoted(text: string | null): string {
  return text === null || text === "" ? '"-"' : `"${text.replace(UNSAFE_IN_QUOTES, escaped)}"`;
}

function word(text: string | undefined): string {
  return text === undefined || text === "" ? "-" : text.replace(UNSAFE_IN_WORD, escaped);
}

/** As nginx has it; what is more than a byte can only come from the program itself. */
function escaped(character: string): string {
  const code = character.charCodeAt(0);
  if (code < 0x100) return `\\x${code.toString(16).padStart(2, "0")}`;
  return `\\u${code.toString(16).padStart(4, "0")}`;
}

function clfTime(ms: number): string {
  const { year, month, day, clock } = partsOf(ms);
  return `${two(day)}/${MONTH_NAMES[month - 1]}/${year}:${clock} +0000`;
}

function isoTime(ms: number): string {
  const { year, month, day, clock, milliseconds } = partsOf(ms);
  return `${year}-${two(month)}-${two(day)}T${clock}.${String(milliseconds).padStart(3, "0")}Z`;
}

function partsOf(ms: number): {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly clock: string;
  readonly milliseconds: number;
} {
  const days = Math.floor(ms / DAY_MS);
  const rest = Math.floor(ms - days * DAY_MS);
  const seconds = Math.floor(rest / 1_000);
  const clock = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60, seconds % 60].map(two).join(":");
  return { ...dateOf(days), clock, milliseconds: rest % 1_000 };
}

function two(value: number): string {
  return value < 10 ? `0${value}` : String(value);
}

const log = new Logger("ropewalk.web.access");
const UNSAFE_IN_QUOTES = /[^ !#-[\]-~]/g;
const UNSAFE_IN_WORD = /[^!#-[\]-~]/g;
const NOT_PRINTABLE = /[^ -~]/g;
