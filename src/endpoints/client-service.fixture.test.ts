/** What the tests of ClientService share: an endpoint whose connections they make and break. */
import { Deferred } from "../core/deferred/deferred.ts";
import { ConnectionDone } from "../core/errors.ts";
import { Protocol, type ProtocolFactory } from "../core/protocol.ts";
import type { Reactor } from "../core/reactor.ts";
import type { Transport } from "../core/transport.ts";
import { Clock } from "../testing/clock.ts";
import { ClientService, type ClientServiceOptions } from "./client-service.ts";
import type { ClientEndpoint } from "./types.ts";

/** How each test sees the world: it makes and breaks the connections that the service asks for. */
export class Net implements ClientEndpoint {
  readonly clock: Clock = new Clock();
  readonly reactor: Reactor = Object.assign(this.clock, { random: () => 0 }) as unknown as Reactor;
  readonly attempts: Deferred<Protocol>[] = [];
  readonly cancelled: Deferred<Protocol>[] = [];
  /** What happens when an attempt is cancelled, besides being written down. */
  onCancel: (attempt: Deferred<Protocol>) => void = () => {};

  connect<P extends Protocol>(_reactor: Reactor, _factory: ProtocolFactory<P>): Deferred<P> {
    const attempt = new Deferred<Protocol>(() => {
      this.cancelled.push(attempt);
      this.onCancel(attempt);
    });
    this.attempts.push(attempt);
    return attempt as unknown as Deferred<P>;
  }

  /** The last attempt succeeds. */
  made(): Line {
    const line = new Line();
    const protocol = new Protocol();
    protocol.transport = line as unknown as Transport;
    line.protocol = protocol;
    this.attempts.at(-1)?.callback(protocol);
    return line;
  }

  /** The last attempt fails. */
  failed(message: string): void {
    this.attempts.at(-1)?.errback(new Error(message));
  }
}

/** A transport that is lost when the test says so. */
export class Line {
  protocol!: Protocol;
  losing = false;
  #reason: Error | undefined;
  readonly #waiters: Deferred<Error>[] = [];

  loseConnection(): void {
    this.losing = true;
  }

  whenClosed(): Deferred<Error> {
    const waiter = new Deferred<Error>();
    this.#waiters.push(waiter);
    if (this.#reason !== undefined) waiter.callback(this.#reason);
    return waiter;
  }

  lost(reason: Error = new ConnectionDone()): this {
    this.#reason = reason;
    for (const waiter of this.#waiters) if (!waiter.called) waiter.callback(reason);
    return this;
  }
}

/** What came of a Deferred so far. */
export function outcome<T>(deferred: Deferred<T>): { value?: T; error?: Error } {
  const seen: { value?: T; error?: Error } = {};
  deferred.addCallbacks(
    (value) => {
      seen.value = value;
    },
    (error: Error) => {
      seen.error = error;
    },
  );
  return seen;
}

export function newService(net: Net, options: ClientServiceOptions<Protocol> = {}): ClientService<Protocol> {
  return new ClientService(net.reactor, net, () => new Protocol(), options);
}

export function startService(net: Net, options?: ClientServiceOptions<Protocol>): ClientService<Protocol> {
  const service = newService(net, options);
  service.startService();
  return service;
}
