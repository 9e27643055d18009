/*
 * Theory of operation. The service is in one of these states, and only `#enter` changes it:
 *
 *   idle ── startService ─→ connecting ── made ─→ preparing ── done ─→ connected ── lost ─→ waiting
 *                               │ failed             │ failed, lost                           │ time is up
 *                               ↓                    ↓                                        ↓
 *                            waiting              discarding ── lost ─→ waiting           connecting
 *
 *   stopService: idle, waiting → stopped; connecting → (cancels) stopping; preparing, discarding, connected → stopping.
 *   stopping ── the attempt or connection is over ─→ stopped, or connecting if startService came meanwhile.
 *   stopped ── startService ─→ connecting
 *
 * Every Deferred that it waits for belongs to one state object: a result that arrives when the service is in another one
 * is late, and changes nothing.
 */

import { Deferred } from "../core/deferred/deferred.ts";
import { CancelledError } from "../core/deferred/errors.ts";
import { fail, maybeDeferred, succeed } from "../core/deferred/succeed.ts";
import { Logger } from "../core/log/logger.ts";
import type { Protocol, ProtocolFactory } from "../core/protocol.ts";
import type { Reactor } from "../core/reactor.ts";
import type { DelayedCall } from "../core/time/clock.ts";
import type { Innermost } from "../policies/wrapper.ts";
import { backoff, type ReconnectPolicy } from "./backoff.ts";
import { connect } from "./connect.ts";
import { endpointTypes } from "./default-types.ts";
import type { ClientEndpoint, EndpointTypes } from "./types.ts";

/** What a ClientService does between connections, and first on each. */
export interface ClientServiceOptions<P extends Protocol> {
  /** How long to wait before the next attempt; default `backoff()`. */
  readonly policy?: ReconnectPolicy | undefined;
  /**
   * What has to be done on a new connection before it is of use: log in, choose a channel. Until its result is there,
   * `whenConnected` waits; if it fails, the connection is closed and counts as a failed attempt.
   */
  readonly prepareConnection?: ((protocol: Innermost<P>) => unknown) | undefined;
  /** The table that reads the description; default `endpointTypes`. */
  readonly types?: EndpointTypes | undefined;
}

/** How patient a caller of `whenConnected` is. */
export interface WhenConnectedOptions {
  /** Gives up after this many failed attempts, counted from the call; default: never. */
  readonly failAfter?: number | undefined;
}

/**
 * Keeps one connection: connects, and connects again after every failure or loss, until it is stopped.
 *
 * @example
 * ```ts
 * import { NodeReactor, Protocol, listen } from "ropewalk";
 * import { ClientService } from "ropewalk/endpoints";
 *
 * const reactor = new NodeReactor();
 * const port = await listen(reactor, "unix:service.sock", () => new Protocol());
 * const service = new ClientService(reactor, "unix:service.sock", () => new Protocol());
 * service.startService();
 * const protocol = await service.whenConnected({ failAfter: 3 });
 * protocol.transport.write("hello");
 * await service.stopService();
 * await port.stopListening();
 * ```
 */
export class ClientService<P extends Protocol> implements AsyncDisposable {
  readonly #reactor: Reactor;
  readonly #endpoint: ClientEndpoint;
  readonly #description: string;
  readonly #factory: ProtocolFactory<P>;
  readonly #policy: ReconnectPolicy;
  readonly #prepare: ((protocol: Innermost<P>) => unknown) | undefined;
  readonly #connectWaiters = new Set<ConnectWaiter<Innermost<P>>>();
  readonly #stopWaiters = new Set<Deferred<void>>();
  #state: State<Innermost<P>> = { name: "idle" };
  #retries = 0;

  /** @throws EndpointSyntaxError */
  constructor(
    reactor: Reactor,
    endpoint: string | ClientEndpoint,
    factory: ProtocolFactory<P>,
    options: ClientServiceOptions<P> = {},
  ) {
    this.#reactor = reactor;
    this.#endpoint = typeof endpoint === "string" ? (options.types ?? endpointTypes).client(endpoint) : endpoint;
    this.#description = typeof endpoint === "string" ? endpoint : endpoint.constructor.name;
    this.#factory = factory;
    this.#policy = options.policy ?? backoff();
    this.#prepare = options.prepareConnection;
  }

  /** Started, and not told to stop since. */
  get running(): boolean {
    const state = this.#state;
    return state.name === "stopping" ? state.restart : state.name !== "idle" && state.name !== "stopped";
  }

  /** Begins to connect. Does nothing if it runs; while it stops, it starts again as soon as it has stopped. */
  startService(): void {
    const state = this.#state;
    if (state.name === "stopping") this.#enter({ ...state, restart: true });
    else if (state.name === "idle" || state.name === "stopped") this.#connectAnew();
  }

  /**
   * Gives up what it is doing and closes the connection. Fires when connectionLost has been called. Those who wait for a
   * connection get a CancelledError.
   */
  stopService(): Deferred<void> {
    const state = this.#state;
    if (state.name === "waiting") state.timer.cancel();
    if (state.name === "idle" || state.name === "stopped" || state.name === "waiting") {
      this.#enter({ name: "stopped" });
      this.#cancelWaiters();
      return succeed();
    }
    const stopped = new Deferred<void>((cancelled) => this.#stopWaiters.delete(cancelled));
    this.#stopWaiters.add(stopped);
    this.#enter({ name: "stopping", restart: false });
    this.#cancelWaiters();
    if (state.name === "connecting") state.attempt?.cancel();
    if (state.name === "preparing") state.preparation?.cancel();
    if ("protocol" in state) state.protocol.transport.loseConnection();
    return stopped;
  }

  /**
   * The protocol of the present connection, or of the next one. Before the first start it waits; once the service is
   * stopped it fails with CancelledError; after `failAfter` failures it fails with the last one's error.
   *
   * @throws RangeError if failAfter is not a whole number of at least 1.
   */
  whenConnected(options: WhenConnectedOptions = {}): Deferred<Innermost<P>> {
    const { failAfter = Number.POSITIVE_INFINITY } = options;
    if (!(failAfter >= 1) || (failAfter !== Number.POSITIVE_INFINITY && !Number.isInteger(failAfter))) {
      throw new RangeError(`failAfter must be a whole number of at least 1, was ${failAfter}`);
    }
    const state = this.#state;
    if (state.name === "connected") return succeed(state.protocol);
    if (state.name !== "idle" && !this.running) return fail(new CancelledError("The service is stopped"));
    const waiter: ConnectWaiter<Innermost<P>> = {
      result: new Deferred<Innermost<P>>(() => this.#connectWaiters.delete(waiter)),
      failuresLeft: failAfter,
    };
    this.#connectWaiters.add(waiter);
    return waiter.result;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stopService();
  }

  #enter(state: State<Innermost<P>>): void {
    this.#state = state;
  }

  #isIn(state: State<Innermost<P>>): boolean {
    return this.#state === state;
  }

  #cancelWaiters(): void {
    this.#settle((waiter) => waiter.errback(new CancelledError("The service was stopped")));
  }

  #connectAnew(): void {
    this.#retries = 0;
    this.#connect();
  }

  #connect(): void {
    // Entered first: dialling calls the factory, which may call this service.
    const state: Connecting<Innermost<P>> = { name: "connecting", attempt: undefined };
    this.#enter(state);
    const attempt = connect(this.#reactor, this.#endpoint, this.#factory);
    state.attempt = attempt;
    attempt.addCallbacks(
      (protocol) => this.#made(state, protocol),
      (error: Error) => this.#attemptFailed(state, error),
    );
    if (!this.#isIn(state)) attempt.cancel();
  }

  #made(from: Connecting<Innermost<P>>, protocol: Innermost<P>): void {
    if (!this.#isIn(from)) {
      // Cancelled too late: the connection was there already.
      protocol.transport.whenClosed().addCallback(() => this.#stopped());
      protocol.transport.loseConnection();
      return;
    }
    const state: Preparing<Innermost<P>> = { name: "preparing", protocol, preparation: undefined };
    this.#enter(state);
    protocol.transport.whenClosed().addCallback((reason) => this.#lost(protocol, reason));
    if (!this.#isIn(state)) return;
    const preparation = maybeDeferred(() => this.#prepare?.(protocol));
    state.preparation = preparation;
    preparation.addCallbacks(
      () => this.#prepared(state),
      (error: Error) => this.#preparationFailed(state, error),
    );
    if (!this.#isIn(state)) preparation.cancel();
  }

  #prepared(from: Preparing<Innermost<P>>): void {
    if (!this.#isIn(from)) return;
    const { protocol } = from;
    this.#enter({ name: "connected", protocol });
    this.#retries = 0;
    this.#settle((waiter) => waiter.callback(protocol));
  }

  #preparationFailed(from: Preparing<Innermost<P>>, error: Error): void {
    if (!this.#isIn(from)) return;
    this.#enter({ name: "discarding", protocol: from.protocol, error });
    from.protocol.transport.loseConnection();
  }

  /** connectionLost was called. */
  #lost(protocol: Innermost<P>, reason: Error): void {
    const state = this.#state;
    if (state.name === "stopping") this.#stopped();
    if (!("protocol" in state) || state.protocol !== protocol) return;
    if (state.name === "connected") {
      this.#wait("Lost {endpoint}: {reason.message}; next attempt in {delayMs} ms", reason);
    }
    if (state.name === "discarding") this.#failed(state.error);
    if (state.name === "preparing") {
      this.#failed(reason);
      state.preparation?.cancel(reason);
    }
  }

  #attemptFailed(from: Connecting<Innermost<P>>, error: Error): void {
    if (this.#isIn(from)) this.#failed(error);
    else this.#stopped();
  }

  /** An attempt has failed, and nothing is left of it. */
  #failed(error: Error): void {
    this.#wait("No connection with {endpoint}: {reason.message}; next attempt in {delayMs} ms", error);
    for (const waiter of [...this.#connectWaiters]) {
      waiter.failuresLeft -= 1;
      if (waiter.failuresLeft <= 0 && this.#connectWaiters.delete(waiter)) waiter.result.errback(error);
    }
  }

  #wait(message: string, reason: Error): void {
    const endpoint = this.#description;
    try {
      const delayMs = this.#policy(this.#retries, () => this.#reactor.random());
      this.#retries += 1;
      this.#enter({ name: "waiting", timer: this.#reactor.callLater(delayMs, () => this.#connect()) });
      // Not as `error`: the stack of what is to be expected, again and again, would drown the log.
      log.info(message, { endpoint, reason, delayMs: Math.round(delayMs) });
    } catch (policyError) {
      // It cannot be asked again: the service is over, and whoever waits is told.
      log.failure("Cannot connect to {endpoint} any more: the reconnect policy failed", policyError, { endpoint });
      this.#enter({ name: "stopped" });
      this.#settle((waiter) => waiter.errback(policyError));
    }
  }

  /** What stopService waits for is over. */
  #stopped(): void {
    const state = this.#state;
    if (state.name !== "stopping") return;
    if (state.restart) this.#connectAnew();
    else this.#enter({ name: "stopped" });
    for (const waiter of [...this.#stopWaiters]) if (this.#stopWaiters.delete(waiter)) waiter.callback();
  }

  /** A waiter that an earlier one's link cancelled is no longer there. */
  #settle(how: (result: Deferred<Innermost<P>>) => void): void {
    for (const waiter of [...this.#connectWaiters]) if (this.#connectWaiters.delete(waiter)) how(waiter.result);
  }
}

interface ConnectWaiter<P> {
  readonly result: Deferred<P>;
  failuresLeft: number;
}

type State<P> =
  | { readonly name: "idle" }
  | Connecting<P>
  | Preparing<P>
  | { readonly name: "connected"; readonly protocol: P }
  | { readonly name: "discarding"; readonly protocol: P; readonly error: Error }
  | { readonly name: "waiting"; readonly timer: DelayedCall }
  | { readonly name: "stopping"; readonly restart: boolean }
  | { readonly name: "stopped" };

interface Connecting<P> {
  readonly name: "connecting";
  attempt: Deferred<P> | undefined;
}

interface Preparing<P> {
  readonly name: "preparing";
  readonly protocol: P;
  preparation: Deferred<unknown> | undefined;
}

const log: Logger = new Logger("ropewalk.endpoints.client-service");
