import { formatAddress } from "../core/address.ts";
import type { Deferred } from "../core/deferred/deferred.ts";
import { CancelledError } from "../core/deferred/errors.ts";
import { Logger } from "../core/log/logger.ts";
import type { Factory } from "../core/protocol.ts";
import type { Reactor } from "../core/reactor.ts";
import { connect } from "../endpoints/connect.ts";
import { endpointTypes } from "../endpoints/default-types.ts";
import type { ClientEndpoint } from "../endpoints/types.ts";
import { FarEnd, IdleTimer, NearEnd } from "./relay.ts";

/** How long a forwarded connection waits for what. */
export interface ForwardOptions {
  /** For reaching the other side, its name's lookup included; default 30 000 ms. */
  readonly connectTimeoutMs?: number | undefined;
  /** Resets both connections when nothing went either way for so long; default: never. A peer that is gone is found out without. */
  readonly idleTimeoutMs?: number | undefined;
}

/**
 * A factory for `listen`, each of whose connections is joined with one of its own to `endpoint`, a client description. Bytes
 * pass both ways, in order and no faster than the slower side takes them; so do the end of each direction and a reset. A
 * connection is not read before the other side is there; if that cannot be reached, it is logged, and the connection is reset.
 *
 * @throws EndpointSyntaxError, or RangeError if a time is not above 0.
 *
 * @example
 * ```ts
 * import { connect, listen, Protocol } from "ropewalk";
 * import { forwardTo } from "ropewalk/policies";
 * import { MemoryReactor } from "ropewalk/testing";
 *
 * class Greeter extends Protocol {
 *   override connectionMade(): void {
 *     this.transport.write("hello");
 *   }
 * }
 * const reactor = new MemoryReactor({ network: true });
 * await listen(reactor, "tcp:8007", () => new Greeter());
 * await listen(reactor, "tcp:9000", forwardTo(reactor, "tcp:127.0.0.1:8007"));
 * const guest = new Protocol();
 * guest.dataReceived = (data) => console.log(new TextDecoder().decode(data)); // hello
 * const connecting = connect(reactor, "tcp:127.0.0.1:9000", () => guest);
 * reactor.settle();
 * await connecting;
 * ```
 */
export function forwardTo(reactor: Reactor, endpoint: string | ClientEndpoint, options: ForwardOptions = {}): Factory {
  for (const ms of [options.connectTimeoutMs, options.idleTimeoutMs]) {
    if (ms !== undefined && !(ms > 0)) throw new RangeError(`Cannot wait for ${ms} ms: a time must be above 0`);
  }
  const to = typeof endpoint === "string" ? endpointTypes.client(endpoint) : endpoint;
  const name = typeof endpoint === "string" ? endpoint : "the other side";
  return { buildProtocol: () => new Forwarded(reactor, to, name, options) };
}

class Forwarded extends NearEnd {
  readonly #reactor: Reactor;
  readonly #to: ClientEndpoint;
  readonly #name: string;
  readonly #options: ForwardOptions;
  #dialling: Deferred<unknown> | undefined = undefined;

  constructor(reactor: Reactor, to: ClientEndpoint, name: string, options: ForwardOptions) {
    super();
    this.#reactor = reactor;
    this.#to = to;
    this.#name = name;
    this.#options = options;
  }

  override connectionMade(): void {
    const { connectTimeoutMs = CONNECT_TIMEOUT_MS } = this.#options;
    this.transport.pauseReading();
    this.#dialling = connect(this.#reactor, this.#to, () => new FarEnd(true))
      .addTimeout(connectTimeoutMs, this.#reactor)
      .addCallbacks(
        (far) => this.#reached(far),
        (error: Error) => this.#refuse(error),
      );
  }

  override connectionLost(reason: Error): void {
    this.#dialling?.cancel();
    super.connectionLost(reason);
  }

  #reached(far: FarEnd): void {
    this.#dialling = undefined;
    const { idleTimeoutMs } = this.#options;
    for (const transport of [this.transport, far.transport]) transport.setKeepAlive(KEEP_ALIVE_MS);
    const timer =
      idleTimeoutMs === undefined
        ? undefined
        : new IdleTimer(this.#reactor, idleTimeoutMs, () => this.#giveUp(far, idleTimeoutMs));
    this.join(far, timer);
    this.transport.resumeReading();
  }

  #refuse(error: Error): void {
    this.#dialling = undefined;
    // Whoever asked for it is gone.
    if (error instanceof CancelledError) return;
    log.warn("Connection with {peer} reset: cannot reach {to}: {problem}", {
      peer: formatAddress(this.transport.peer),
      to: this.#name,
      problem: error.message,
    });
    this.transport.abortConnection();
  }

  #giveUp(far: FarEnd, idleTimeoutMs: number): void {
    log.info("Connection with {peer} was idle for {idleTimeoutMs} ms: resetting it", {
      peer: formatAddress(this.transport.peer),
      idleTimeoutMs,
    });
    far.abort();
  }
}

const log: Logger = new Logger("ropewalk.forward");

/** As long as every other way of dialling. */
const CONNECT_TIMEOUT_MS = 30_000;
/** Often enough for the tables of routers in between (RFC 5382 asks for two hours), and nothing beside traffic. */
const KEEP_ALIVE_MS = 300_000;
