import { type Address, formatAddress, type TcpAddress, type UnixAddress } from "../core/address.ts";
import { Deferred } from "../core/deferred/deferred.ts";
import { succeed } from "../core/deferred/succeed.ts";
import { Logger } from "../core/log/logger.ts";
import { buildProtocol, type ProtocolFactory } from "../core/protocol.ts";
import type { Port, StreamServerOptions } from "../core/reactor.ts";
import { HANDSHAKES_AT_ONCE } from "../tls/handshakes-at-once.ts";
import { prepareListener } from "../tls/listener.ts";
import { tlsHomeOf } from "./node/tls-home.ts";
import type { SimProcess } from "./sim-process.ts";
import { SimTransport } from "./tcp/sim-transport.ts";
import type { TcpConnection } from "./tcp/tcp-connection.ts";
import type { Listener, TcpStack } from "./tcp/tcp-stack.ts";

/** An open port of a simulated process. */
export class SimPort implements Port, Listener {
  readonly address: TcpAddress | UnixAddress;
  readonly host: string;
  readonly port: number;
  readonly ipv6Only: boolean;
  readonly backlog: number;
  waiting = 0;
  readonly #process: SimProcess;
  readonly #stack: TcpStack;
  readonly #options: StreamServerOptions;
  readonly #factory: ProtocolFactory;
  readonly #closed: () => void;
  #isOpen = true;
  #handshakes = 0;
  #hasClosed = false;
  #waiters: Deferred<void>[] = [];

  constructor(
    owner: SimProcess,
    stack: TcpStack,
    where: Where,
    options: StreamServerOptions,
    factory: ProtocolFactory,
  ) {
    this.address = where.address;
    this.host = where.host;
    this.port = where.port;
    this.ipv6Only = where.ipv6Only ?? false;
    this.backlog = where.backlog ?? DEFAULT_BACKLOG;
    this.#closed = where.closed ?? nothing;
    this.#process = owner;
    this.#stack = stack;
    this.#options = options;
    this.#factory = factory;
    if (options.tls !== undefined) prepareListener(where.address, options.tls, tlsHomeOf(owner));
    stack.listen(this);
    owner.open.add(this);
  }

  get listening(): boolean {
    return this.#isOpen;
  }

  stopListening(): Deferred<void> {
    if (this.#hasClosed) return succeed();
    const waiter = new Deferred<void>();
    this.#waiters.push(waiter);
    if (!this.#isOpen) return waiter;
    this.#close();
    this.#process.open.delete(this);
    this.#process.soon(() => {
      this.#hasClosed = true;
      for (const each of this.#waiters.splice(0)) each.callback();
    });
    return waiter;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stopListening();
  }

  killed(): void {
    this.#close();
  }

  // From the kernel.

  accept(connection: TcpConnection): void {
    this.waiting += 1;
    this.#process.soon(() => {
      this.waiting -= 1;
      if (this.#isOpen) this.#open(connection);
      else connection.reset();
    });
  }

  #open(connection: TcpConnection): void {
    const { address } = this;
    const [local, peer] = address.kind === "unix" ? [address, UNNAMED] : [localOf(connection), peerOf(connection)];
    const transport = new SimTransport(this.#process, connection, { local, peer }, this.#options);
    const { tls } = this.#options;
    if (tls === undefined) {
      this.#give(transport);
      return;
    }
    if (this.#handshakes === HANDSHAKES_AT_ONCE) {
      log.debug("Refused {peer}: {count} TLS handshakes are under way", {
        peer: formatAddress(peer),
        count: HANDSHAKES_AT_ONCE,
      });
      transport.abortConnection();
      return;
    }
    this.#handshakes += 1;
    transport.secure({ side: "server", tls }).addCallbacks(
      () => {
        this.#handshakes -= 1;
        this.#give(transport);
      },
      (error: Error) => {
        this.#handshakes -= 1;
        log.info("TLS handshake with {peer} failed: {error}", { peer: formatAddress(peer), error });
      },
    );
  }

  #give(transport: SimTransport): void {
    const { peer } = transport;
    try {
      const protocol = buildProtocol(this.#factory, peer);
      if (protocol === undefined) transport.refuse();
      else transport.open(protocol);
    } catch (error) {
      log.failure("buildProtocol for {peer} threw: closing this connection", error, { peer });
      transport.abortConnection();
    }
  }

  #close(): void {
    this.#isOpen = false;
    this.#stack.close(this);
    this.#closed();
  }
}

/** Where a port is. */
export interface Where {
  readonly address: TcpAddress | UnixAddress;
  readonly host: string;
  readonly port: number;
  readonly ipv6Only?: boolean | undefined;
  readonly backlog?: number | undefined;
  /** The port has been closed. */
  readonly closed?: (() => void) | undefined;
}

export function localOf({ local, localPort }: TcpConnection): TcpAddress {
  return { kind: "tcp", host: local.host, port: localPort, family: local.family };
}

function peerOf({ remoteHost, remotePort, local }: TcpConnection): TcpAddress {
  return { kind: "tcp", host: remoteHost, port: remotePort, family: local.family };
}

function nothing(): void {}

const UNNAMED: Address = Object.freeze({ kind: "unix", path: "" });

const log: Logger = new Logger("ropewalk.sim");

/** Node's own. */
const DEFAULT_BACKLOG = 511;
