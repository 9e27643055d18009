import type { Address } from "../../core/address.ts";
import { maybeDeferred } from "../../core/deferred/succeed.ts";
import { Logger } from "../../core/log/logger.ts";
import type { Factory, Protocol } from "../../core/protocol.ts";
import type { Clock } from "../../core/time/clock.ts";
import { idleTimeout } from "../../policies/idle-timeout.ts";
import { LineProtocol } from "../line/protocol.ts";
import { encodeIdentLine, readIdentQuery } from "./codec.ts";
import { RemoteIdentError } from "./errors.ts";
import type { IdentAnswer, IdentQuery } from "./events.ts";

/** Limits of `identServer`. */
export interface IdentServerOptions {
  /** The reactor, or a test's Clock. */
  readonly clock: Clock;
  /** Silence after which a connection is closed; default 30 000 ms (RFC 1413 §3 allows any). */
  readonly idleTimeoutMs?: number | undefined;
  /** Queries of one connection; default 10. */
  readonly maxQueries?: number | undefined;
}

/** The two ends of the connection by which the query came. */
export interface IdentHosts {
  readonly peer: Address;
  readonly local: Address;
}

/** Says who owns a connection of this machine with `peer`'s. */
export type IdentLookup = (query: IdentQuery, hosts: IdentHosts) => IdentAnswer | PromiseLike<IdentAnswer>;

/**
 * Answers ident queries (RFC 1413). `lookup` is asked for ports that can be; what it throws is logged, and answered with
 * `UNKNOWN-ERROR`. A line that is no query closes the connection, as §6 allows. Answers go out in the order of the queries.
 *
 * @example
 * ```ts
 * import { listen } from "ropewalk";
 * import { identServer } from "ropewalk/ident";
 * import { MemoryReactor } from "ropewalk/testing";
 *
 * const reactor = new MemoryReactor();
 * const server = identServer(() => ({ kind: "user", system: "OTHER", user: "nobody you know" }), { clock: reactor });
 * await listen(reactor, "tcp:113", server);
 * const guest = reactor.dial(113);
 * guest.remote.write("6191, 23\r\n");
 * console.log(guest.text().trimEnd()); // 6191, 23 : USERID : OTHER : nobody you know
 * ```
 */
export function identServer(lookup: IdentLookup, options: IdentServerOptions): Factory<Protocol> {
  const { clock, idleTimeoutMs = IDLE_TIMEOUT_MS, maxQueries = MAX_QUERIES } = options;
  return idleTimeout(() => new IdentConnection(lookup, maxQueries), { clock, idleTimeoutMs });
}

class IdentConnection extends LineProtocol {
  override maxLength = MAX_QUERY_BYTES;
  override acceptBareNewline = true;
  readonly #lookup: IdentLookup;
  #queriesLeft: number;

  constructor(lookup: IdentLookup, maxQueries: number) {
    super();
    this.#lookup = lookup;
    this.#queriesLeft = maxQueries;
  }

  override lineReceived(line: string): void {
    const query = this.#read(line);
    if (query === undefined) {
      this.transport.loseConnection();
      return;
    }
    this.#queriesLeft -= 1;
    // The next query waits for the answer to this one.
    this.pauseReading();
    this.#answer(query).addCallback((text) => {
      this.sendLine(text);
      if (this.#queriesLeft <= 0) this.transport.loseConnection();
      this.resumeReading();
    });
  }

  #read(line: string): IdentQuery | undefined {
    try {
      return readIdentQuery(line);
    } catch (error) {
      if (!(error instanceof RemoteIdentError)) throw error;
      log.debug("Query refused: {problem}", { problem: error.problem });
      return undefined;
    }
  }

  #answer(query: IdentQuery) {
    const { peer, local } = this.transport;
    const isValid = [query.serverPort, query.clientPort].every((port) => port >= 1 && port <= 65_535);
    const failed = (error: string): IdentAnswer => ({ kind: "error", error });
    return maybeDeferred(() => (isValid ? this.#lookup(query, { peer, local }) : failed("INVALID-PORT")))
      .addCallback((answer) => encodeIdentLine(query, answer))
      .addErrback((error: Error) => {
        log.error("Lookup of {query} failed: {error}", { query, error });
        return encodeIdentLine(query, failed("UNKNOWN-ERROR"));
      });
  }
}

const log: Logger = new Logger("ropewalk.ident");

/** Two ports, a comma and more blanks than anybody sends. */
const MAX_QUERY_BYTES = 64;
const MAX_QUERIES = 10;
const IDLE_TIMEOUT_MS = 30_000;
