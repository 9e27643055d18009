import { createServer, type ListenOptions, type Server } from "node:net";
import { type Address, formatAddress } from "../core/address.ts";
import { Deferred } from "../core/deferred/deferred.ts";
import { Logger } from "../core/log/logger.ts";
import { buildProtocol, type Protocol, type ProtocolFactory } from "../core/protocol.ts";
import type { Port, StreamServerOptions } from "../core/reactor.ts";
import { HANDSHAKES_AT_ONCE, prepareListener } from "../tls/listener.ts";
import { acceptConnections } from "./accept.ts";
import { asListenError } from "./listen-error.ts";
import type { NodeLoop } from "./node-loop.ts";
import { NodeTransport } from "./node-transport.ts";
import { serverAddressOf } from "./socket-address.ts";

/** A listening socket, and the factory that its connections go to. */
class NodePort implements Port {
  readonly address: Address;
  readonly #server: Server;
  readonly #loop: NodeLoop;
  readonly #options: StreamServerOptions;
  readonly #factory: ProtocolFactory;
  #closed: Deferred<void>[] | undefined = undefined;
  #listening = true;
  #handshakes = 0;

  constructor(server: Server, loop: NodeLoop, options: StreamServerOptions, factory: ProtocolFactory, direct: boolean) {
    this.#server = server;
    this.#loop = loop;
    this.#options = options;
    this.#factory = factory;
    this.address = serverAddressOf(server);
    loop.ports.add(this);
    const ends = { local: this.address };
    acceptConnections(
      server,
      () => new NodeTransport(loop, options, ends),
      (transport) => this.#accepted(transport),
      direct,
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
      this.#server.close();
      // The "close" event of the server would wait for its connections too; the descriptor is closed in this turn.
      setImmediate(() => {
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
    else transport.opened(protocol);
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

/** Opens a listening socket. */
export function openPort(
  loop: NodeLoop,
  where: ListenOptions & { fd?: number },
  asked: Address,
  options: StreamServerOptions,
  factory: ProtocolFactory,
): Deferred<Port> {
  const server = createServer({ allowHalfOpen: true });
  const opened = new Deferred<Port>(() => server.close());
  const failed = (error: Error): void => {
    if (!opened.called) opened.errback(asListenError(asked, error));
  };
  server.once("error", failed);
  try {
    if (options.tls !== undefined) prepareListener(asked, options.tls);
    server.listen(where, () => {
      server.off("error", failed);
      server.on("error", (error) =>
        log.error("Port {address} reports {error}", { address: formatAddress(asked), error }),
      );
      if (opened.called) server.close();
      else opened.callback(new NodePort(server, loop, options, factory, loop.acceptsDirectly));
    });
  } catch (error) {
    failed(error as Error);
  }
  return opened;
}

const log: Logger = new Logger("ropewalk.reactor");
