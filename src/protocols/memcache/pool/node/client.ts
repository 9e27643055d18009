/** One server of a pool: whether it can be asked, and the connection by which it can. */
import { Deferred } from "../../../../core/deferred/deferred.ts";
import { succeed } from "../../../../core/deferred/succeed.ts";
import { toError } from "../../../../core/errors.ts";
import type { Reactor } from "../../../../core/reactor.ts";
import type { ReconnectPolicy } from "../../../../endpoints/backoff.ts";
import { ClientService } from "../../../../endpoints/client-service.ts";
import { type MemcacheOptions, MemcacheProtocol } from "../../protocol.ts";
import type { RingNode } from "../ring.ts";

/** What a node is made of. */
export interface NodeOptions extends MemcacheOptions {
  readonly endpoint: string;
  readonly name: string;
  readonly weight: number;
  readonly connectTimeoutMs: number;
  readonly policy: ReconnectPolicy | undefined;
}

export class PoolNode implements RingNode {
  readonly name: string;
  readonly weight: number;
  /** Why it is left out, or was the last time. */
  failure: Error | undefined = undefined;
  readonly #reactor: Reactor;
  readonly #connectTimeoutMs: number;
  readonly #service: ClientService<MemcacheProtocol>;
  readonly #waiters: Set<Deferred<void>> = new Set();
  #protocol: MemcacheProtocol | undefined = undefined;
  /** Nobody knows yet whether it can be asked. */
  #isUntried = true;

  constructor(reactor: Reactor, options: NodeOptions) {
    this.name = options.name;
    this.weight = options.weight;
    this.#reactor = reactor;
    this.#connectTimeoutMs = options.connectTimeoutMs;
    this.#service = new ClientService(reactor, options.endpoint, () => new MemcacheProtocol(reactor, options), {
      policy: options.policy,
      // A host that takes connections may still have no server that answers.
      prepareConnection: (protocol) => protocol.version(),
    });
  }

  /** The connection, if it can be used now. */
  get protocol(): MemcacheProtocol | undefined {
    return this.#protocol?.transport.connected ? this.#protocol : undefined;
  }

  get state(): "untried" | "connected" | "failed" {
    if (this.protocol !== undefined) return "connected";
    return this.#isUntried ? "untried" : "failed";
  }

  start(): void {
    if (this.#service.running) return;
    this.#isUntried = true;
    this.#service.startService();
    this.#follow();
    this.#service
      .whenConnected({ failAfter: 1 })
      .addTimeout(this.#connectTimeoutMs, this.#reactor)
      .addCallbacks(
        () => this.#tried(),
        (error) => this.#tried(toError(error)),
      );
  }

  stop(): Deferred<void> {
    this.#tried(new Error("The pool was stopped"));
    return this.#service.stopService();
  }

  /** Fires when the first attempt is over, well or not; at once if it is. */
  whenTried(): Deferred<void> {
    if (!this.#isUntried) return succeed();
    const waiter = new Deferred<void>((cancelled) => this.#waiters.delete(cancelled));
    this.#waiters.add(waiter);
    return waiter;
  }

  #tried(failure?: Error): void {
    this.failure = failure ?? this.failure;
    this.#isUntried = false;
    for (const waiter of [...this.#waiters]) if (this.#waiters.delete(waiter)) waiter.callback();
  }

  /** Learns of each connection, and of its end. */
  #follow(): void {
    this.#service.whenConnected().addCallbacks(
      (protocol) => {
        this.#protocol = protocol;
        this.#isUntried = false;
        protocol.transport.whenClosed().addCallback((reason) => {
          this.#protocol = undefined;
          this.failure = protocol.fault ?? reason;
          if (this.#service.running) this.#follow();
        });
      },
      (error) => {
        // The service was stopped, or its policy failed, which it has logged.
        this.failure ??= toError(error);
      },
    );
  }
}
