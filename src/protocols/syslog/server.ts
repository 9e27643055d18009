import { type Address, formatAddress, type UdpAddress } from "../../core/address.ts";
import { Logger } from "../../core/log/logger.ts";
import type { Factory } from "../../core/protocol.ts";
import type { RemoteSyslogError } from "./errors.ts";
import type { SyslogMessage } from "./events.ts";
import { SyslogDatagramProtocol, SyslogProtocol, type SyslogProtocolOptions } from "./protocol.ts";

/** How a SyslogServer receives. */
export interface SyslogServerOptions extends SyslogProtocolOptions {
  /** Called for each thing that is no message; it is counted and logged anyway. */
  readonly onRefused?: ((error: RemoteSyslogError, from: Address) => void) | undefined;
}

/** What a SyslogServer has seen. */
export interface SyslogCounts {
  readonly received: number;
  readonly refused: number;
}

/**
 * Receives messages on as many ports as it is given to: it is the factory of stream ports, and `datagrams()` makes the
 * protocol of a UDP port. What is no message is counted; the first, second, fourth, eighth … of them is logged, so that
 * nobody fills the log. Limit the connections with `limitConnections` and `idleTimeout` of `ropewalk/policies`.
 *
 * @example
 * ```ts
 * import { listen } from "ropewalk";
 * import { SyslogServer } from "ropewalk/syslog";
 * import { MemoryReactor } from "ropewalk/testing";
 *
 * const reactor = new MemoryReactor();
 * const server = new SyslogServer(({ text }, from) => console.log(from.kind, text));
 * await listen(reactor, "tcp:601", server);
 * const port = await reactor.listenUdp({ port: 514 }, server.datagrams());
 * port.receive("<13>1 - - - - - - hello", { host: "192.0.2.1", port: 5000 }); // udp hello
 * reactor.dial(601).remote.write("<13>hello\n"); // tcp hello
 * console.log(server.counts.received); // 2
 * ```
 */
export class SyslogServer implements Factory<SyslogProtocol> {
  readonly #received: (message: SyslogMessage, from: Address) => void;
  readonly #options: SyslogServerOptions;
  #receivedCount = 0;
  #refusedCount = 0;

  constructor(received: (message: SyslogMessage, from: Address) => void, options: SyslogServerOptions = {}) {
    this.#received = received;
    this.#options = options;
  }

  /** Since the server was made. */
  get counts(): SyslogCounts {
    return { received: this.#receivedCount, refused: this.#refusedCount };
  }

  buildProtocol(peer: Address): SyslogProtocol {
    return new Stream(this.#options, peer, this.#sink);
  }

  /** The protocol of one UDP port. */
  datagrams(): SyslogDatagramProtocol {
    return new Datagrams(this.#options, this.#sink);
  }

  readonly #sink: Sink = {
    received: (message, from) => {
      this.#receivedCount += 1;
      this.#received(message, from);
    },
    refused: (error, from) => {
      this.#refusedCount += 1;
      const count = this.#refusedCount;
      // Powers of two: a peer that sends nothing else adds a few dozen lines to the log, and no more.
      if (Number.isInteger(Math.log2(count))) {
        const { problem, start } = error;
        log.warn("Message of {peer} refused, the {count}th so far: {problem}; it begins {start}", {
          peer: formatAddress(from),
          count,
          problem,
          start,
        });
      }
      this.#options.onRefused?.(error, from);
    },
  };
}

interface Sink {
  readonly received: (message: SyslogMessage, from: Address) => void;
  readonly refused: (error: RemoteSyslogError, from: Address) => void;
}

class Stream extends SyslogProtocol {
  readonly #peer: Address;
  readonly #sink: Sink;

  constructor(options: SyslogServerOptions, peer: Address, sink: Sink) {
    super(options);
    this.#peer = peer;
    this.#sink = sink;
  }

  override messageReceived(message: SyslogMessage): void {
    this.#sink.received(message, this.#peer);
  }

  override messageRefused(error: RemoteSyslogError): void {
    this.#sink.refused(error, this.#peer);
  }
}

class Datagrams extends SyslogDatagramProtocol {
  readonly #sink: Sink;

  constructor(options: SyslogServerOptions, sink: Sink) {
    super(options);
    this.#sink = sink;
  }

  override messageReceived(message: SyslogMessage, from: UdpAddress): void {
    this.#sink.received(message, from);
  }

  override messageRefused(error: RemoteSyslogError, from: UdpAddress): void {
    this.#sink.refused(error, from);
  }
}

const log: Logger = new Logger("ropewalk.syslog");
