import type { UdpAddress } from "../../core/address.ts";
import { DatagramProtocol } from "../../core/datagram.ts";
import { Deferred } from "../../core/deferred/deferred.ts";
import { ConnectionDone } from "../../core/errors.ts";
import { Protocol } from "../../core/protocol.ts";
import type { Reactor } from "../../core/reactor.ts";
import { connect } from "../../endpoints/connect.ts";
import { udpTarget } from "../../endpoints/udp-target.ts";
import { joinBytes } from "../../wire/join-bytes.ts";
import { TEXT } from "../../wire/text.ts";
import { QUOTE_BYTES, readTime } from "./codec.ts";
import { RemoteWireError } from "./errors.ts";

/** How patient a question is. */
export interface WireAskOptions {
  /** For all of it; default 10 000 ms. Datagrams get lost: over UDP, ask again yourself. */
  readonly timeoutMs?: number | undefined;
}

/**
 * The answer of a daytime service (RFC 867), as it wrote it; no two agree on the form. `endpoint` is a client description
 * or `udp:HOST:PORT`, as for all of these. Fails with RemoteWireError, TimeoutError, ConnectError or ConnectionLost.
 *
 * @throws EndpointSyntaxError
 * @example
 * ```ts
 * import { listen } from "ropewalk";
 * import { MemoryReactor } from "ropewalk/testing";
 * import { askDaytime, daytimeServer } from "ropewalk/wire";
 *
 * const reactor = new MemoryReactor({ network: true, wallStartMs: 0 });
 * await listen(reactor, "tcp:13", daytimeServer(reactor));
 * const asked = askDaytime(reactor, "tcp:127.0.0.1:13");
 * reactor.settle();
 * console.log(await asked); // Thursday, January 1, 1970 00:00:00-UTC
 * ```
 */
export function askDaytime(reactor: Reactor, endpoint: string, options: WireAskOptions = {}): Deferred<string> {
  return ask(reactor, endpoint, { maxBytes: QUOTE_BYTES }, options).addCallback((answer) => textOf(answer).trimEnd());
}

/**
 * The time by a time service (RFC 868), in ms since 1970, to the second. See `askDaytime` for endpoints and failures.
 *
 * @example
 * ```ts
 * import { listen } from "ropewalk";
 * import { MemoryReactor } from "ropewalk/testing";
 * import { askTime, timeServer } from "ropewalk/wire";
 *
 * const reactor = new MemoryReactor({ network: true, wallStartMs: 5_000 });
 * await listen(reactor, "tcp:37", timeServer(reactor));
 * const asked = askTime(reactor, "tcp:127.0.0.1:37");
 * reactor.settle();
 * console.log(await asked); // 5000
 * ```
 */
export function askTime(reactor: Reactor, endpoint: string, options: WireAskOptions = {}): Deferred<number> {
  return ask(reactor, endpoint, { maxBytes: 5, enough: 4 }, options).addCallback(readTime);
}

/**
 * The quote of the day (RFC 865), at most 512 bytes of it; it may hold control characters. See `askDaytime` for endpoints
 * and failures.
 *
 * @example
 * ```ts
 * import { listen } from "ropewalk";
 * import { MemoryReactor } from "ropewalk/testing";
 * import { askQuote, quoteServer } from "ropewalk/wire";
 *
 * const reactor = new MemoryReactor({ network: true });
 * await listen(reactor, "tcp:17", quoteServer(reactor, () => "Less is more"));
 * const asked = askQuote(reactor, "tcp:127.0.0.1:17");
 * reactor.settle();
 * console.log(await asked); // Less is more
 * ```
 */
export function askQuote(reactor: Reactor, endpoint: string, options: WireAskOptions = {}): Deferred<string> {
  return ask(reactor, endpoint, { maxBytes: QUOTE_BYTES }, options).addCallback(textOf);
}

/**
 * Sends `data` to an echo service (RFC 862) and waits until it is back. Fails with RemoteWireError if it came back changed;
 * see `askDaytime` for endpoints and the other failures. Over UDP, one datagram.
 *
 * @example
 * ```ts
 * import { listen } from "ropewalk";
 * import { MemoryReactor } from "ropewalk/testing";
 * import { askEcho, echoServer } from "ropewalk/wire";
 *
 * const reactor = new MemoryReactor({ network: true });
 * await listen(reactor, "tcp:7", echoServer(reactor));
 * const asked = askEcho(reactor, "tcp:127.0.0.1:7", new Uint8Array(100));
 * reactor.settle();
 * await asked;
 * ```
 */
export function askEcho(
  reactor: Reactor,
  endpoint: string,
  data: Uint8Array,
  options: WireAskOptions = {},
): Deferred<void> {
  const limits = { maxBytes: data.length, enough: data.length };
  return ask(reactor, endpoint, { ...limits, say: data }, options).addCallback((answer) => {
    if (answer.length === data.length && answer.every((byte, index) => byte === data[index])) return;
    throw new RemoteWireError(`it echoed ${answer.length} of ${data.length} bytes, or others`);
  });
}

/**
 * The first `count` characters of a character generator (RFC 864); over UDP, of one datagram, so there may be fewer. See
 * `askDaytime` for endpoints and failures.
 *
 * @example
 * ```ts
 * import { listen } from "ropewalk";
 * import { MemoryReactor } from "ropewalk/testing";
 * import { askChargen, chargenServer } from "ropewalk/wire";
 *
 * const reactor = new MemoryReactor({ network: true });
 * await listen(reactor, "tcp:19", chargenServer(reactor));
 * const asked = askChargen(reactor, "tcp:127.0.0.1:19", 5);
 * reactor.settle();
 * console.log(await asked); // ` !"#$`
 * ```
 */
export function askChargen(
  reactor: Reactor,
  endpoint: string,
  count: number,
  options: WireAskOptions = {},
): Deferred<string> {
  // A service as careful as ours answers with no more than it was sent.
  const say = udpTarget(endpoint) === undefined ? undefined : new Uint8Array(Math.min(count, QUOTE_BYTES));
  const asked = ask(reactor, endpoint, { maxBytes: count, enough: count, say }, options);
  return asked.addCallback((answer) => TEXT.decodeLatin1(answer, 0, answer.length));
}

interface Question {
  /** More is cut off. */
  readonly maxBytes: number;
  /** Waits for no more than this; default: for the end of the connection. */
  readonly enough?: number;
  readonly say?: Uint8Array | undefined;
}

function ask(
  reactor: Reactor,
  endpoint: string,
  question: Question,
  { timeoutMs = TIMEOUT_MS }: WireAskOptions,
): Deferred<Uint8Array> {
  const target = udpTarget(endpoint);
  const answer =
    target === undefined
      ? connect(reactor, endpoint, () => new Asker(question)).addCallback((asker) => asker.answer)
      : askByDatagram(reactor, target, question);
  return answer.addTimeout(timeoutMs, reactor);
}

class Asker extends Protocol {
  readonly answer: Deferred<Uint8Array> = new Deferred(() => this.transport.abortConnection());
  readonly #question: Question;
  #pieces: Uint8Array[] = [];
  #length = 0;

  constructor(question: Question) {
    super();
    this.#question = question;
  }

  override connectionMade(): void {
    if (this.#question.say !== undefined) this.transport.write(this.#question.say);
    if (this.#question.enough === 0) this.#finish();
  }

  override dataReceived(data: Uint8Array): void {
    this.#pieces.push(data);
    this.#length += data.length;
    const { maxBytes, enough = maxBytes } = this.#question;
    if (this.#length >= enough) this.#finish();
  }

  override connectionLost(reason: Error): void {
    if (this.answer.called) return;
    if (reason instanceof ConnectionDone) this.#finish();
    else this.answer.errback(reason);
  }

  #finish(): void {
    this.transport.loseConnection();
    this.answer.callback(joinBytes(this.#pieces).subarray(0, this.#question.maxBytes));
  }
}

function askByDatagram(
  reactor: Reactor,
  { host, port }: { readonly host: string; readonly port: number },
  { say = new Uint8Array(0), maxBytes }: Question,
): Deferred<Uint8Array> {
  return reactor.lookup(host).addCallback(([address]) => {
    if (address === undefined) throw new RemoteWireError(`"${host}" has no address`);
    const asker = new DatagramAsker({ host: address.host, port });
    return reactor.listenUdp({ port: 0, family: address.family }, asker).addCallback((transport) => {
      transport.write(say, { host: address.host, port });
      return asker.answer.addCallbacks(
        (answer) => {
          transport.stopListening();
          return answer.subarray(0, maxBytes);
        },
        (error: Error) => {
          transport.stopListening();
          throw error;
        },
      );
    });
  });
}

class DatagramAsker extends DatagramProtocol {
  readonly answer: Deferred<Uint8Array> = new Deferred();
  readonly #to: { readonly host: string; readonly port: number };

  constructor(to: { readonly host: string; readonly port: number }) {
    super();
    this.#to = to;
  }

  override datagramReceived(data: Uint8Array, from: UdpAddress): void {
    // Anybody who guesses the port could answer first.
    if (from.host === this.#to.host && from.port === this.#to.port && !this.answer.called) this.answer.callback(data);
  }
}

function textOf(bytes: Uint8Array): string {
  return TEXT.decodeUtf8(bytes, 0, bytes.length);
}

const TIMEOUT_MS = 10_000;
