import { Deferred } from "../../core/deferred/deferred.ts";
import { TimeoutError } from "../../core/deferred/errors.ts";
import { fail } from "../../core/deferred/succeed.ts";
import { FrameProtocol } from "../../core/frame-protocol.ts";
import type { Clock, DelayedCall } from "../../core/time/clock.ts";
import type { Transport } from "../../core/transport.ts";
import { writeBlock } from "./block.ts";
import { MemcacheCommands } from "./client.ts";
import { FrameDecoder } from "./codec.ts";
import { LocalMemcacheError, RemoteMemcacheError } from "./errors.ts";
import type { Frame } from "./events.ts";
import { limitsWith, type MemcacheLimits, type SomeMemcacheLimits } from "./limits.ts";
import { Pipeline } from "./machine.ts";
import { flushRequest, statsRequest, versionRequest } from "./requests/classic.ts";
import { metaNoopRequest } from "./requests/meta.ts";
import type { Request } from "./requests/request.ts";

/** What a connection may be told. */
export interface MemcacheOptions {
  /** Those that are to differ from the defaults. */
  readonly limits?: SomeMemcacheLimits | undefined;
  /**
   * How long a request may wait for its answer; default 5 000 ms. Answers come in order, so a late one means a server that
   * is not there any more: the connection is aborted, and all that waits fails with a TimeoutError.
   */
  readonly timeoutMs?: number | undefined;
}

/**
 * One connection to a memcache server. What is asked about keys is in `cache`; the rest is here. When the connection goes,
 * unanswered requests fail with its reason.
 *
 * @example
 * ```ts
 * import { connect, listen, NodeReactor } from "ropewalk";
 * import { MemcacheProtocol, MemcacheServer } from "ropewalk/memcache";
 *
 * const reactor = new NodeReactor();
 * const port = await listen(reactor, "unix:cache.sock", new MemcacheServer(reactor));
 * const client = await connect(reactor, "unix:cache.sock", () => new MemcacheProtocol(reactor));
 * await client.cache.set("greeting", "hello", { ttlMs: 60_000 });
 * const item = await client.cache.get("greeting");
 * console.log(new TextDecoder().decode(item?.value)); // hello
 * client.transport.loseConnection();
 * await port.stopListening();
 * ```
 */
export class MemcacheProtocol extends FrameProtocol {
  /** Asks about keys. */
  readonly cache: MemcacheCommands = new ConnectionCommands(this);
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #limits: MemcacheLimits;
  readonly #decoder: FrameDecoder;
  readonly #pipeline: Pipeline<Deferred<unknown>> = new Pipeline();
  #timer: DelayedCall | undefined = undefined;
  /** Why this side ends the connection: those who wait had better know that than that it was closed. */
  #fault: Error | undefined = undefined;

  /** @throws RangeError if `timeoutMs` is not above 0. */
  constructor(clock: Clock, options: MemcacheOptions = {}) {
    super();
    const { timeoutMs = TIMEOUT_MS } = options;
    if (!(timeoutMs > 0)) throw new RangeError(`Cannot time out after ${timeoutMs} ms: timeoutMs must be above 0`);
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
    this.#limits = limitsWith(options.limits);
    this.#decoder = new FrameDecoder("replies", this.#limits);
  }

  /** How many requests wait for their answers, cancelled ones included. */
  get inFlight(): number {
    return this.#pipeline.size;
  }

  /** Why this side ended the connection, if it did for a reason. */
  get fault(): Error | undefined {
    return this.#fault;
  }

  override makeConnection(transport: Transport): void {
    // Not by connectionLost: a subclass that overrides it need not think of the requests.
    transport.whenClosed().addCallback((reason) => this.#failAll(reason));
    super.makeConnection(transport);
  }

  /** What the server says it is. */
  version(): Deferred<string> {
    return this.request(versionRequest());
  }

  /** The server's figures, by name; those of a section (`"items"`, `"settings"`), or those that it always has. */
  stats(section?: string): Deferred<Map<string, string>> {
    try {
      return this.request(statsRequest(section));
    } catch (error) {
      return fail(error);
    }
  }

  /** Forgets every item, now or after `delayMs`, which is rounded up to whole seconds. */
  flushAll(delayMs: number = 0): Deferred<undefined> {
    if (!(delayMs >= 0 && delayMs <= MAX_DELAY_MS)) {
      return fail(new LocalMemcacheError(`Cannot flush in ${delayMs} ms: it is 0 to 30 days`));
    }
    return this.request(flushRequest(Math.ceil(delayMs / 1_000)));
  }

  /** `mn`: fires when all that was asked before is answered. */
  metaNoop(): Deferred<undefined> {
    return this.request(metaNoopRequest());
  }

  /** The server broke the protocol or a limit. The connection closes after this, whatever it does. */
  replyRefused(_error: RemoteMemcacheError): void {}

  /** Sends what `cache` and the methods above make. */
  request<T>(request: Request<T>): Deferred<T> {
    const refusal = this.#refusal(request.valueBytes);
    if (refusal !== undefined) return fail(refusal);
    const { head, body, valueBytes, answer } = request;
    const waiter = new Deferred<T>();
    this.#pipeline.add(answer, valueBytes >= 0, this.#clock.now(), waiter as unknown as Deferred<unknown>);
    this.#timer ??= this.#clock.callLater(this.#timeoutMs, () => this.#checkTime());
    if (body === undefined) this.transport.writeLatin1(head);
    else writeBlock(this.transport, head, body);
    return waiter;
  }

  protected override bytesReceived(data: Uint8Array): void {
    this.#decoder.push(data);
  }

  protected override discardBytes(): void {
    this.#decoder.discard();
  }

  protected override deliverFrame(): boolean {
    const frame = this.#decoder.next();
    if (frame === undefined) return false;
    if (frame instanceof RemoteMemcacheError) this.#refuse(frame);
    else this.#received(frame);
    return true;
  }

  #received(frame: Frame): void {
    const outcome = this.#pipeline.take(frame);
    if (outcome === undefined) return;
    if (outcome instanceof RemoteMemcacheError) {
      this.#refuse(outcome);
      return;
    }
    const { waiter, result, error, isFatal } = outcome;
    if (isFatal) {
      this.#fault ??= error;
      this.transport.loseConnection();
    }
    if (error === undefined) waiter.callback(result);
    else waiter.errback(error);
  }

  #refuse(error: RemoteMemcacheError): void {
    this.#fault ??= error;
    try {
      this.replyRefused(error);
    } finally {
      this.transport.loseConnection();
    }
  }

  /** Why nothing can be sent now. */
  #refusal(valueBytes: number): Error | undefined {
    const { maxValueBytes, maxInFlight, maxUnsentBytes } = this.#limits;
    if (this.transport === undefined) return new LocalMemcacheError("Cannot send: there is no connection yet");
    if (!this.transport.connected) return this.#fault ?? new LocalMemcacheError("Cannot send: the connection closes");
    if (valueBytes > maxValueBytes) {
      return new LocalMemcacheError(`Cannot send a value of ${valueBytes} bytes: ${maxValueBytes} are allowed`);
    }
    if (this.#pipeline.size >= maxInFlight) {
      return new LocalMemcacheError(`Cannot send: ${maxInFlight} requests are unanswered, as many as are allowed`);
    }
    if (this.transport.bufferedBytes > maxUnsentBytes) {
      return new LocalMemcacheError(`Cannot send: more than ${maxUnsentBytes} bytes wait for the server to take them`);
    }
    return undefined;
  }

  /** One timer a connection, set anew only when it runs out. */
  #checkTime(): void {
    this.#timer = undefined;
    const sentAtMs = this.#pipeline.oldestSentAtMs;
    if (sentAtMs === undefined) return;
    const leftMs = sentAtMs + this.#timeoutMs - this.#clock.now();
    if (leftMs > 0) {
      this.#timer = this.#clock.callLater(leftMs, () => this.#checkTime());
      return;
    }
    const message = `Memcache server did not answer within ${this.#timeoutMs} ms`;
    this.#fault ??= new TimeoutError(this.#timeoutMs, { message });
    this.transport.abortConnection();
  }

  #failAll(reason: Error): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#fault ??= reason;
    for (const waiter of this.#pipeline.takeAll()) waiter.errback(this.#fault);
  }
}

class ConnectionCommands extends MemcacheCommands {
  readonly #protocol: MemcacheProtocol;

  constructor(protocol: MemcacheProtocol) {
    super();
    this.#protocol = protocol;
  }

  protected override send<T>(_key: string, request: Request<T>): Deferred<T> {
    return this.#protocol.request(request);
  }
}

/** A cache that takes longer is slower than what it is there to save. */
const TIMEOUT_MS = 5_000;
const MAX_DELAY_MS = 30 * 24 * 3_600_000;
