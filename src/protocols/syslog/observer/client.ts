/** Ropewalk's own log, sent to a syslog server: bounded in memory, whatever the server does. */
import type { Deferred } from "../../../core/deferred/deferred.ts";
import type { LogEvent, LogObserver } from "../../../core/log/event.ts";
import type { Reactor } from "../../../core/reactor.ts";
import type { ReconnectPolicy } from "../../../endpoints/backoff.ts";
import { udpTarget } from "../../../endpoints/udp-target.ts";
import { DatagramOutlet, type Outlet, StreamOutlet } from "../outlets/client.ts";
import { type EventEncoding, encodeEvent, syslogName } from "./protocol.ts";

/** Who speaks, and how much is kept for a server that is away. */
export interface SyslogObserverOptions {
  /** Which program; default `"ropewalk"`. */
  readonly appName?: string | undefined;
  /** Default: not said; receivers then go by the address. */
  readonly hostname?: string | undefined;
  /** 0 to 23; default 1, user. */
  readonly facility?: number | undefined;
  /** Of the element that holds the event's fields; default `"event@32473"`, whose number is for examples: give your own. */
  readonly sdId?: string | undefined;
  /** Longer messages are cut; default 2 048, which every receiver should take (RFC 5424 §6.1). */
  readonly maxMessageBytes?: number | undefined;
  /** Kept while the server is away or slow; the oldest go first. Default 1 MiB. */
  readonly maxQueuedBytes?: number | undefined;
  /** When to call again; default `backoff()`. Streams only. */
  readonly policy?: ReconnectPolicy | undefined;
}

/** An observer that sends, and can be stopped. */
export interface SyslogObserver extends LogObserver, AsyncDisposable {
  /** Events that were dropped because the queue was full. */
  readonly dropped: number;
  /** Bytes of messages that wait to be sent. */
  readonly queuedBytes: number;
  /** Sends what waits if the server is there, and closes. Later events are ignored. */
  stop(): Deferred<void>;
}

/**
 * An observer that sends each event to a syslog server: the message as text with controls escaped, so that nothing in it
 * can pass for another message, and every field as structured data with a sequence number. `endpoint` is a client
 * description (`"tcp:logs.example:601"`, `"tls:…"`, `"unix:…"`), on which messages are counted in octets and to which it
 * connects again and again, or `"udp:HOST:PORT"`. Nothing is acknowledged: what a lost connection had taken may be lost.
 *
 * @throws EndpointSyntaxError; RangeError for a limit that leaves no room; LocalSyslogError for a name that cannot be sent.
 * @example
 * ```ts
 * import { Logger, addObserver } from "ropewalk/log";
 * import { syslogObserver } from "ropewalk/syslog";
 * import { MemoryReactor } from "ropewalk/testing";
 *
 * const reactor = new MemoryReactor();
 * const observer = syslogObserver(reactor, "udp:192.0.2.1:514", { appName: "shop" });
 * using added = addObserver(observer);
 * new Logger("shop.till").warn("{n} left", { n: 3 });
 * reactor.settle();
 * const [datagram] = reactor.datagramPorts[0]?.sent ?? [];
 * console.log(new TextDecoder().decode(datagram?.data).endsWith(' n="3"] 3 left')); // true
 * ```
 */
export function syslogObserver(
  reactor: Reactor,
  endpoint: string,
  options: SyslogObserverOptions = {},
): SyslogObserver {
  const forwarder = new Forwarder(reactor, endpoint, options);
  const observer = (event: LogEvent): void => forwarder.add(event);
  Object.defineProperties(observer, {
    name: { value: "syslogObserver" },
    dropped: { get: () => forwarder.dropped },
    queuedBytes: { get: () => forwarder.queuedBytes },
    stop: { value: () => forwarder.stop() },
    [Symbol.asyncDispose]: { value: async () => await forwarder.stop() },
  });
  forwarder.start();
  return observer as SyslogObserver;
}

/** The queue between the log, which never waits, and an outlet that may be away. */
class Forwarder {
  dropped = 0;
  queuedBytes = 0;
  readonly #encoding: EventEncoding;
  readonly #maxQueuedBytes: number;
  readonly #outlet: Outlet;
  #queue: Uint8Array[] = [];
  /** The first that was not sent yet; what is before it is cut off now and then. */
  #next = 0;
  #sequence = 0;
  #isStopped = false;

  constructor(reactor: Reactor, endpoint: string, options: SyslogObserverOptions) {
    const { maxMessageBytes = 2_048, maxQueuedBytes = 1_048_576, facility = 1, appName = "ropewalk" } = options;
    if (!(maxQueuedBytes >= maxMessageBytes)) {
      throw new RangeError(`maxQueuedBytes must be at least maxMessageBytes, was ${maxQueuedBytes}`);
    }
    const procId = syslogName(String(reactor.environment.pid), 128) ?? "0";
    const { hostname, sdId = "event@32473" } = options;
    this.#encoding = { facility, hostname, appName, procId, sdId, maxMessageBytes };
    this.#maxQueuedBytes = maxQueuedBytes;
    // Whatever is wrong with the names is the caller's mistake, and shows now, not in the log.
    const least = encodeEvent(LONGEST_HEAD, MAX_SEQUENCE, this.#encoding).length + LEAST_TEXT_BYTES;
    if (!(maxMessageBytes >= least)) {
      throw new RangeError(`maxMessageBytes must be at least ${least} with these names, was ${maxMessageBytes}`);
    }
    const onReady = (): void => this.#send();
    const target = udpTarget(endpoint);
    this.#outlet =
      target === undefined
        ? new StreamOutlet(reactor, endpoint, options.policy, onReady)
        : new DatagramOutlet(reactor, target, onReady);
  }

  start(): void {
    this.#outlet.start();
  }

  add(event: LogEvent): void {
    if (this.#isStopped) return;
    this.#sequence = (this.#sequence % MAX_SEQUENCE) + 1;
    const message = encodeEvent(event, this.#sequence, this.#encoding);
    this.#queue.push(message);
    this.queuedBytes += message.length;
    while (this.queuedBytes > this.#maxQueuedBytes) {
      this.#take();
      this.dropped += 1;
    }
    this.#send();
  }

  stop(): Deferred<void> {
    this.#isStopped = true;
    this.#send();
    return this.#outlet.stop();
  }

  #send(): void {
    while (this.queuedBytes > 0 && this.#outlet.isReady) this.#outlet.write(this.#take());
  }

  #take(): Uint8Array {
    const message = this.#queue[this.#next] as Uint8Array;
    this.#next += 1;
    this.queuedBytes -= message.length;
    if (this.#next >= CUT_AFTER || this.#next === this.#queue.length) {
      this.#queue = this.#queue.slice(this.#next);
      this.#next = 0;
    }
    return message;
  }
}

/** RFC 5424 §7.3.1. */
const MAX_SEQUENCE = 2_147_483_647;
const CUT_AFTER = 256;
const LONGEST_HEAD: LogEvent = { level: "info", namespace: "x".repeat(32), timeMs: 1, format: "" };
const LEAST_TEXT_BYTES = 64;
