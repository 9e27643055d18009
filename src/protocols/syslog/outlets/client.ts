/** The two ways on which a queue of messages leaves: a stream that comes back, and datagrams. */
import { DatagramProtocol } from "../../../core/datagram.ts";
import type { Deferred } from "../../../core/deferred/deferred.ts";
import { succeed } from "../../../core/deferred/succeed.ts";
import { Protocol } from "../../../core/protocol.ts";
import type { Reactor } from "../../../core/reactor.ts";
import type { DelayedCall } from "../../../core/time/clock.ts";
import type { ReconnectPolicy } from "../../../endpoints/backoff.ts";
import { ClientService } from "../../../endpoints/client-service.ts";
import { encodeSyslogFrame } from "../frame-codec.ts";

/** Where messages go, when they can. */
export interface Outlet {
  start(): void;
  /** False if it cannot take more now; it calls `onReady` when it can. */
  readonly isReady: boolean;
  write(message: Uint8Array): void;
  stop(): Deferred<void>;
}

export class StreamOutlet implements Outlet {
  readonly #service: ClientService<Link>;
  #link: Link | undefined = undefined;

  constructor(reactor: Reactor, endpoint: string, policy: ReconnectPolicy | undefined, onReady: () => void) {
    const changed = (link: Link | undefined): void => {
      this.#link = link;
      if (link !== undefined) onReady();
    };
    this.#service = new ClientService(reactor, endpoint, () => new Link(changed), { ...(policy && { policy }) });
  }

  get isReady(): boolean {
    return this.#link !== undefined;
  }

  start(): void {
    this.#service.startService();
  }

  write(message: Uint8Array): void {
    this.#link?.transport.write(encodeSyslogFrame(message, "octet-counting"));
  }

  stop(): Deferred<void> {
    return this.#service.stopService();
  }
}

/** Tells whether messages can go to it: connected, and its buffer not over the limit. */
class Link extends Protocol {
  readonly #changed: (link: Link | undefined) => void;

  constructor(changed: (link: Link | undefined) => void) {
    super();
    this.#changed = changed;
  }

  override connectionMade(): void {
    this.#changed(this);
  }

  override writingPaused(): void {
    this.#changed(undefined);
  }

  override writingResumed(): void {
    this.#changed(this);
  }

  override connectionLost(): void {
    this.#changed(undefined);
  }
}

export class DatagramOutlet implements Outlet {
  readonly #reactor: Reactor;
  readonly #host: string;
  readonly #port: number;
  readonly #onReady: () => void;
  #protocol: DatagramProtocol | undefined = undefined;
  #to: { readonly host: string; readonly port: number } | undefined = undefined;
  #retry: DelayedCall | undefined = undefined;
  #isStopped = false;

  constructor(reactor: Reactor, target: { readonly host: string; readonly port: number }, onReady: () => void) {
    this.#reactor = reactor;
    this.#host = target.host;
    this.#port = target.port;
    this.#onReady = onReady;
  }

  get isReady(): boolean {
    return this.#to !== undefined;
  }

  start(): void {
    this.#retry = undefined;
    const opened = this.#reactor.lookup(this.#host).addCallback(([address]) => {
      if (address === undefined || this.#isStopped) return undefined;
      const protocol = new DatagramProtocol();
      return this.#reactor.listenUdp({ port: 0, family: address.family }, protocol).addCallback((transport) => {
        this.#protocol = protocol;
        if (this.#isStopped) return transport.stopListening();
        this.#to = { host: address.host, port: this.#port };
        this.#onReady();
        return undefined;
      });
    });
    // The name may be known later: it is asked again, quietly, for this is where complaints would go.
    opened.addErrback(() => {
      if (!this.#isStopped) this.#retry = this.#reactor.callLater(LOOKUP_AGAIN_MS, () => this.start());
    });
  }

  write(message: Uint8Array): void {
    this.#protocol?.transport.write(message, this.#to);
  }

  stop(): Deferred<void> {
    this.#isStopped = true;
    this.#to = undefined;
    this.#retry?.cancel();
    return this.#protocol?.transport.stopListening() ?? succeed();
  }
}

const LOOKUP_AGAIN_MS = 10_000;
