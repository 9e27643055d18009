import type { Deferred } from "../../../../core/deferred/deferred.ts";
import type { Protocol } from "../../../../core/protocol.ts";
import type { Reactor } from "../../../../core/reactor.ts";
import type { TlsClientOptions } from "../../../../core/tls.ts";
import { Exchange, type Patience, WHOLE_BYTES } from "../../client/exchange.ts";
import type { PoolLimits } from "../../client/lane.ts";
import type { Place } from "../../client/place.ts";
import { Pool } from "../../client/pool.ts";
import { WebClientProtocol } from "../../client/protocol.ts";
import type { Headers } from "../../message/headers.ts";
import type { Response } from "../../message/response.ts";
import type { Onward } from "../onward.ts";
import { type Switched, UpgradeProtocol } from "./protocol.ts";

/** Connects to a place. */
export type Connect = <P extends Protocol>(place: Place, timeoutMs: number, make: () => P) => Deferred<P>;

/** How long a proxy waits for the servers behind it, in ms. */
export interface BackendPatience {
  readonly connectTimeoutMs: number;
  readonly answerTimeoutMs: number;
  readonly silenceTimeoutMs: number;
}

/** What a request is told about on its way. */
export interface Ears {
  readonly informed: (status: number, headers: Headers) => void;
  /** Nothing is held for the request any more; called once, whatever came of it. */
  readonly over: () => void;
}

/** Sends requests to the servers behind a proxy, over connections that are shared; those that may leave HTTP have their own. */
export class Backend {
  readonly #reactor: Reactor;
  readonly #connect: Connect;
  readonly #patience: BackendPatience;
  readonly #pool: Pool;

  constructor(reactor: Reactor, connect: Connect, patience: BackendPatience, limits: PoolLimits) {
    this.#reactor = reactor;
    this.#connect = connect;
    this.#patience = patience;
    this.#pool = new Pool(reactor, limits, (place, timeoutMs, owner) =>
      connect(place, timeoutMs, () => new WebClientProtocol(owner, reactor)),
    );
  }

  /** Fires with the answer when its head is there. Cancelling it leaves no connection. Fails with RequestError. */
  send(place: Place, { method, target, fields, body, expectsContinue }: Onward, ears: Ears): Deferred<Response> {
    const patience: Patience = {
      ...this.#patience,
      queueTimeoutMs: this.#patience.connectTimeoutMs,
      continueTimeoutMs: expectsContinue ? CONTINUE_TIMEOUT_MS : -1,
      maxCollectedBytes: WHOLE_BYTES,
      maxExpansion: 0,
      informed: ears.informed,
    };
    const url = `${place.key}${target}`;
    const exchange = new Exchange({ method, url, target, headers: fields, body, isRedirected: false, patience });
    exchange.whenOver = ears.over;
    this.#pool.dispatch(exchange, place);
    return exchange.answered;
  }

  /** The same for a request that offers another protocol. Fails as `connectTcp` does, with TimeoutError and ConnectionLost. */
  upgrade(place: Place, { method, target, fields }: Onward, ears: Ears): Deferred<Response | Switched> {
    const { connectTimeoutMs } = this.#patience;
    const head = { type: "request", method, target, headers: fields } as const;
    return this.#connect(
      place,
      connectTimeoutMs,
      () => new UpgradeProtocol(head, this.#reactor, this.#patience),
    ).addCallbacks(
      (protocol) => {
        protocol.whenOver = ears.over;
        return protocol.answered;
      },
      (error: Error) => {
        ears.over();
        throw error;
      },
    );
  }

  /** Closes what is free, and lets the rest come to its end. Fires when no connection is left. */
  close(): Deferred<void> {
    return this.#pool.close();
  }
}

/** How places are connected to if nobody says otherwise. */
export function connectTo(reactor: Reactor, tls: TlsClientOptions | undefined): Connect {
  return ({ isSecure, host, port, socketPath }, timeoutMs, make) => {
    const secured = isSecure ? { servername: host, alpn: HTTP_1, ...tls } : undefined;
    if (socketPath !== undefined) return reactor.connectUnix({ path: socketPath, tls: secured, timeoutMs }, make);
    return reactor.connectTcp({ host, port, tls: secured, timeoutMs }, make);
  };
}

/** A name of this proxy, unlike any other's. */
export function pseudonymOf(reactor: Reactor): string {
  return `ropewalk-${Array.from(reactor.randomBytes(4), (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

const HTTP_1 = ["http/1.1"];
/** As curl waits: servers of old know nothing of 100. */
const CONTINUE_TIMEOUT_MS = 1_000;
