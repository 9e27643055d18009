import { DatagramProtocol } from "../../core/datagram.ts";
import { type Factory, Protocol } from "../../core/protocol.ts";
import type { Reactor } from "../../core/reactor.ts";
import { chargenLines, encodeTime, formatDaytime, QUOTE_BYTES, quoteBytes } from "./codec.ts";
import { type AnswerLimits, Answers, ChargenStream, EchoStream, SayingStream } from "./protocol.ts";

/** One service: the factory of TCP ports, and what a UDP port speaks. */
export interface WireServer extends Factory {
  /** The protocol of one UDP port. */
  datagrams(): DatagramProtocol;
}

/** Limits of `chargenServer`. */
export interface ChargenLimits extends AnswerLimits {
  /** Bytes for one connection; default 16 MiB. */
  readonly maxBytes?: number | undefined;
}

/**
 * Echo (RFC 862): sends back what comes. Give it `idleTimeout` and `limitConnections` of `ropewalk/policies`, as all of
 * these.
 *
 * @example
 * ```ts
 * import { listen } from "ropewalk";
 * import { MemoryReactor } from "ropewalk/testing";
 * import { echoServer } from "ropewalk/wire";
 *
 * const reactor = new MemoryReactor();
 * await listen(reactor, "tcp:7", echoServer(reactor));
 * const guest = reactor.dial(7);
 * guest.remote.write("hello");
 * console.log(guest.text()); // hello
 * ```
 */
export function echoServer(reactor: Reactor, limits: AnswerLimits = {}): WireServer {
  return {
    buildProtocol: () => new EchoStream(),
    datagrams: () => new Answers(reactor, (question) => question, limits),
  };
}

/**
 * Discard (RFC 863): takes everything and says nothing.
 *
 * @example
 * ```ts
 * import { MemoryReactor } from "ropewalk/testing";
 * import { discardServer } from "ropewalk/wire";
 *
 * const port = await new MemoryReactor().listenUdp({ port: 9 }, discardServer().datagrams());
 * port.receive("hello", { host: "192.0.2.1", port: 5000 });
 * console.log(port.sent.length); // 0
 * ```
 */
export function discardServer(): WireServer {
  return { buildProtocol: () => new Protocol(), datagrams: () => new DatagramProtocol() };
}

/**
 * The character generator (RFC 864): over TCP, characters until the peer has had enough or `maxBytes` are sent, no faster
 * than it takes them. Over UDP, at most 512 for a datagram, and never more than came in it: a forged address gets no more
 * from here than the forger paid for.
 *
 * @example
 * ```ts
 * import { listen } from "ropewalk";
 * import { MemoryReactor } from "ropewalk/testing";
 * import { chargenServer } from "ropewalk/wire";
 *
 * const reactor = new MemoryReactor();
 * await listen(reactor, "tcp:19", chargenServer(reactor, { maxBytes: 76 }));
 * console.log(reactor.dial(19).text().slice(72)); // the end of the line, and ` !`
 * ```
 */
export function chargenServer(reactor: Reactor, limits: ChargenLimits = {}): WireServer {
  const { maxBytes = CHARGEN_BYTES } = limits;
  if (!(maxBytes > 0)) throw new RangeError(`maxBytes must be above 0, was ${maxBytes}`);
  let line = 0;
  const answer = (question: Uint8Array): Uint8Array => {
    line = (line + 1) % 95;
    return chargenLines(line, 7).subarray(0, Math.min(question.length, QUOTE_BYTES));
  };
  return {
    buildProtocol: () => new ChargenStream(maxBytes),
    datagrams: () => new Answers(reactor, answer, limits),
  };
}

/**
 * Daytime (RFC 867): the date and time for people, in UTC.
 *
 * @example
 * ```ts
 * import { listen } from "ropewalk";
 * import { MemoryReactor } from "ropewalk/testing";
 * import { daytimeServer } from "ropewalk/wire";
 *
 * const reactor = new MemoryReactor({ wallStartMs: 0 });
 * await listen(reactor, "tcp:13", daytimeServer(reactor));
 * console.log(reactor.dial(13).text().trimEnd()); // Thursday, January 1, 1970 00:00:00-UTC
 * ```
 */
export function daytimeServer(reactor: Reactor, limits: AnswerLimits = {}): WireServer {
  return saying(reactor, () => `${formatDaytime(reactor.wallTimeMs())}\r\n`, limits);
}

/**
 * Time (RFC 868): seconds since 1900, four bytes.
 *
 * @example
 * ```ts
 * import { listen } from "ropewalk";
 * import { MemoryReactor } from "ropewalk/testing";
 * import { readTime, timeServer } from "ropewalk/wire";
 *
 * const reactor = new MemoryReactor({ wallStartMs: 5_000 });
 * await listen(reactor, "tcp:37", timeServer(reactor));
 * console.log(readTime(reactor.dial(37).bytes())); // 5000
 * ```
 */
export function timeServer(reactor: Reactor, limits: AnswerLimits = {}): WireServer {
  return saying(reactor, () => encodeTime(reactor.wallTimeMs()), limits);
}

/**
 * Quote of the day (RFC 865): what `quote` gives, cut after 512 bytes. Over UDP an answer may be larger than what asked
 * for it: keep quotes short or `maxAnswersPerSecond` low where others can reach the port.
 *
 * @example
 * ```ts
 * import { listen } from "ropewalk";
 * import { MemoryReactor } from "ropewalk/testing";
 * import { quoteServer } from "ropewalk/wire";
 *
 * const reactor = new MemoryReactor();
 * await listen(reactor, "tcp:17", quoteServer(reactor, () => "Less is more"));
 * console.log(reactor.dial(17).text()); // Less is more
 * ```
 */
export function quoteServer(reactor: Reactor, quote: () => string, limits: AnswerLimits = {}): WireServer {
  return saying(reactor, () => quoteBytes(quote()), limits);
}

function saying(reactor: Reactor, say: () => Uint8Array | string, limits: AnswerLimits): WireServer {
  return {
    buildProtocol: () => new SayingStream(say),
    datagrams: () => new Answers(reactor, say, limits),
  };
}

const CHARGEN_BYTES = 16 << 20;
