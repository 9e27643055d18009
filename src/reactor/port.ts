import { createServer, type Server } from "node:net";
import { type Address, formatAddress } from "../core/address.ts";
import { Deferred } from "../core/deferred/deferred.ts";
import { CancelledError } from "../core/deferred/errors.ts";
import { Logger } from "../core/log/logger.ts";
import { buildProtocol, type Protocol, type ProtocolFactory } from "../core/protocol.ts";
import type { Port, StreamServerOptions } from "../core/reactor.ts";
import { HANDSHAKES_AT_ONCE } from "../tls/handshakes-at-once.ts";
import { acceptConnections } from "./accept.ts";
import { laterTls } from "./later-tls.ts";
import { asListenError } from "./listen-error.ts";
import type { NodeLoop } from "./node-loop.ts";
import { NodeTransport } from "./node-transport.ts";
import type { Where } from "./primary.ts";
import { serverAddressOf } from "./socket-address.ts";

/** Where the connections of a port come from. */
export interface Source {
  readonly address: Address;
  /** Gives each connection that comes a transport from `make`, and passes that to `accepted`. */
  start(make: () => NodeTransport, accepted: (transport: NodeTransport) => void): void;
  /** No connection comes any more once this has fired. */
  close(): Deferred<void>;
}

/** A listening socket, and the factory that its connections go to. */
export class NodePort implements Port {
  readonly address: Address;
  readonly #source: Source;
  readonly #ends: { readonly local: Address };
  readonly #loop: NodeLoop;
  readonly #options: StreamServerOptions;
  readonly #factory: ProtocolFactory;
  #closed: Deferred<void>[] | undefined = undefined;
  #listening = true;
  #handshakes = 0;

  constructor(source: Source, loop: NodeLoop, options: StreamServerOptions, factory: ProtocolFactory) {
    this.#source = source;
    this.#loop = loop;
    this.#options = options;
    this.#factory = factory;
    this.address = source.address;
    loop.ports.add(this);
    const ends = { local: this.address };
    this.#ends = ends;
    source.start(
      () => new NodeTransport(loop, options, ends),
      (transport) => this.#accepted(transport),
    );
  }

  get listening(): boolean {
    return this.#listening;
  }

  stopListening(): Deferred<void> {
    const closed = new Deferred<void>();
    if (this.#listening) {
      this.#listening = false;
      this.#closed = [];
      this.#loop.ports.delete(this);
      this.#source.close().addCallback(() => {
        const waiting = this.#closed ?? [];
        this.#closed = undefined;
        for (const waiter of waiting) waiter.callback();
      });
    }
    if (this.#closed === undefined) closed.callback();
    else this.#closed.push(closed);
    return closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stopListening();
  }

  /** Asks its connections to end when what is under way is done: see `Factory.drain`. */
  drain(quietMs: number): void {
    if (typeof this.#factory !== "function") void this.#factory.drain?.(quietMs);
  }

  /** The connections that it has accepted and that are not closed yet. */
  connections(): NodeTransport[] {
    const isOwn = (transport: unknown): transport is NodeTransport =>
      transport instanceof NodeTransport && transport.ends === this.#ends;
    return [...this.#loop.transports].filter(isOwn);
  }

  #accepted(transport: NodeTransport): void {
    if (this.address.kind === "tcp" && transport.peer.kind !== "tcp") {
      // The peer was gone before it was accepted: the system does not know any more who it was.
      transport.abortConnection();
      return;
    }
    if (this.#options.noDelay !== false) transport.setNoDelay(true);
    if (this.#options.keepAliveMs) transport.setKeepAlive(this.#options.keepAliveMs);
    const { tls } = this.#options;
    if (tls === undefined) {
      this.#open(transport);
      return;
    }
    if (this.#handshakes === HANDSHAKES_AT_ONCE) {
      log.debug("Refused {peer}: {count} TLS handshakes are under way", {
        peer: formatAddress(transport.peer),
        count: HANDSHAKES_AT_ONCE,
      });
      transport.abortConnection();
      return;
    }
    this.#handshakes += 1;
    transport.handshake({ side: "server", tls }).addCallbacks(
      () => {
        this.#handshakes -= 1;
        this.#open(transport);
      },
      (error: Error) => {
        this.#handshakes -= 1;
        log.info("TLS handshake with {peer} failed: {error}", { peer: formatAddress(transport.peer), error });
      },
    );
  }

  #open(transport: NodeTransport): void {
    const protocol = this.#build(transport);
    if (protocol === undefined) transport.refuse();
    else transport.open(protocol);
  }

  #build(transport: NodeTransport): Protocol | undefined {
    try {
      return buildProtocol(this.#factory, transport.peer);
    } catch (error) {
      log.error("buildProtocol threw: closing the connection with {peer}", {
        peer: formatAddress(transport.peer),
        error,
      });
      return undefined;
    }
  }
}

/** Opens a listening socket; one for TLS when its certificates are known to be usable. */
export function openPort(
  loop: NodeLoop,
  where: Where,
  asked: Address,
  options: StreamServerOptions,
  factory: ProtocolFactory,
): Deferred<Port> {
  const { tls } = options;
  if (tls === undefined) return openListening(loop, where, asked, options, factory);
  return loop.later(formatAddress(asked), laterTls, ({ prepareListener }) => {
    prepareListener(asked, tls);
    return openListening(loop, where, asked, options, factory);
  });
}

function openListening(
  loop: NodeLoop,
  where: Where,
  asked: Address,
  options: StreamServerOptions,
  factory: ProtocolFactory,
): Deferred<Port> {
  if (loop.primary?.accepts === true && where.path === undefined && where.exclusive !== true) {
    return loop.primary.listen(where).addCallbacks(
      (source) => new NodePort(source, loop, options, factory),
      (error: Error) => {
        throw error instanceof CancelledError ? error : asListenError(asked, error);
      },
    );
  }
  const server = createServer({ allowHalfOpen: true });
  const opened = new Deferred<Port>(() => server.close());
  const failed = (error: Error): void => {
    if (!opened.called) opened.errback(asListenError(asked, error));
  };
  server.once("error", failed);
  try {
    server.listen(where, () => {
      server.off("error", failed);
      server.on("error", (error) =>
        log.error("Port {address} reports {error}", { address: formatAddress(asked), error }),
      );
      if (opened.called) server.close();
      else opened.callback(new NodePort(new ServerSource(server, loop.acceptsDirectly), loop, options, factory));
    });
  } catch (error) {
    failed(error as Error);
  }
  return opened;
}

/** A server of Node's own. */
class ServerSource implements Source {
  readonly address: Address;
  readonly #server: Server;
  readonly #direct: boolean;

  constructor(server: Server, direct: boolean) {
    this.address = serverAddressOf(server);
    this.#server = server;
    this.#direct = direct;
  }

  start(make: () => NodeTransport, accepted: (transport: NodeTransport) => void): void {
    acceptConnections(this.#server, make, accepted, this.#direct);
  }

  close(): Deferred<void> {
    const closed = new Deferred<void>();
    this.#server.close();
    // The "close" event of the server would wait for its connections too; the descriptor is closed in this turn.
    setImmediate(() => closed.callback());
    return closed;
  }
}

const log: Logger = new Logger("ropewalk.reactor");
