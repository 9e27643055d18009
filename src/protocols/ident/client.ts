import type { TcpAddress } from "../../core/address.ts";
import { Deferred } from "../../core/deferred/deferred.ts";
import { ConnectionDone } from "../../core/errors.ts";
import type { Reactor } from "../../core/reactor.ts";
import type { RemoteLineLengthError } from "../line/errors.ts";
import { LineProtocol } from "../line/protocol.ts";
import { encodeIdentLine, readIdentAnswer } from "./codec.ts";
import { RemoteIdentError } from "./errors.ts";
import type { IdentAnswer, IdentQuery } from "./events.ts";

/** A connection, as the transport of its accepting end has it. */
export interface IdentConnectionEnds {
  /** The end that is asked about: its machine is the one that answers. */
  readonly peer: TcpAddress;
  /** This end, from whose address the question is asked, as §4 wants it. */
  readonly local: TcpAddress;
}

/** How to ask. */
export interface AskIdentOptions {
  /** Default 113. */
  readonly port?: number | undefined;
  /** For all of it; default 10 000 ms. */
  readonly timeoutMs?: number | undefined;
}

/**
 * Asks the peer's machine who owns that end of a connection (RFC 1413). What it says is its own affair: fit for a log, and
 * for no login. Fails with RemoteIdentError, TimeoutError, ConnectError (nearly nobody runs the service today) or
 * ConnectionLost.
 *
 * @example
 * ```ts
 * import { listen, type TcpAddress } from "ropewalk";
 * import { askIdent, identServer } from "ropewalk/ident";
 * import { MemoryReactor } from "ropewalk/testing";
 *
 * const reactor = new MemoryReactor({ network: true });
 * await listen(reactor, "tcp:113", identServer(() => ({ kind: "error", error: "HIDDEN-USER" }), { clock: reactor }));
 * const end = (port: number): TcpAddress => ({ kind: "tcp", host: "127.0.0.1", port, family: 4 });
 * const asked = askIdent(reactor, { peer: end(50_000), local: end(25) });
 * reactor.settle();
 * console.log(await asked); // { kind: 'error', error: 'HIDDEN-USER' }
 * ```
 */
export function askIdent(
  reactor: Reactor,
  ends: IdentConnectionEnds,
  options: AskIdentOptions = {},
): Deferred<IdentAnswer> {
  const { peer, local } = ends;
  const { port = IDENT_PORT, timeoutMs = TIMEOUT_MS } = options;
  const query = { serverPort: peer.port, clientPort: local.port };
  return reactor
    .connectTcp({ host: peer.host, port, bindAddress: local.host }, () => new Asker(query))
    .addCallback(({ answer }) => answer)
    .addTimeout(timeoutMs, reactor);
}

class Asker extends LineProtocol {
  override maxLength = MAX_ANSWER_BYTES;
  override acceptBareNewline = true;
  readonly answer: Deferred<IdentAnswer> = new Deferred(() => this.transport.abortConnection());
  readonly #query: IdentQuery;

  constructor(query: IdentQuery) {
    super();
    this.#query = query;
  }

  override connectionMade(): void {
    this.sendLine(encodeIdentLine(this.#query));
  }

  override lineReceived(line: string): void {
    this.transport.loseConnection();
    try {
      this.answer.callback(readIdentAnswer(line, this.#query));
    } catch (error) {
      if (!(error instanceof RemoteIdentError)) throw error;
      this.answer.errback(error);
    }
  }

  override lineLengthExceeded({ maxLength }: RemoteLineLengthError): void {
    this.transport.loseConnection();
    this.answer.errback(new RemoteIdentError(`it has more than ${maxLength} bytes`));
  }

  override connectionLost(reason: Error): void {
    if (this.answer.called) return;
    const silent = new RemoteIdentError("the connection ended before it came");
    this.answer.errback(reason instanceof ConnectionDone ? silent : reason);
  }
}

const IDENT_PORT = 113;
const TIMEOUT_MS = 10_000;
/** RFC 1413 §6: a reply has at most 1 000 characters. */
const MAX_ANSWER_BYTES = 1_000;
