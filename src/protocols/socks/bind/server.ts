/** BIND at the proxy: a port for one caller, RFC 1928 §4. */
import type { Address, TcpAddress } from "../../../core/address.ts";
import { coroutine } from "../../../core/deferred/coroutine.ts";
import { Deferred } from "../../../core/deferred/deferred.ts";
import type { Reactor } from "../../../core/reactor.ts";
import { FarEnd } from "../../../policies/relay.ts";
import { allowedAddresses, type DialSettings } from "../dial/client.ts";
import type { SocksAddress, SocksRequest } from "../events.ts";

/** Where to wait, for whom, and for how long. */
export interface BindSettings extends DialSettings {
  readonly host: string;
  readonly request: SocksRequest;
  readonly onListening: (address: SocksAddress) => void;
  readonly bindTimeoutMs?: number | undefined;
}

/**
 * Listens, says where, and fires with the first connection from the host that was named; others are closed. 0.0.0.0 and ::
 * are anybody. The port is closed after it, and after a failure.
 */
export function waitForCaller(reactor: Reactor, settings: BindSettings): Deferred<FarEnd> {
  const { host, request, onListening, bindTimeoutMs = BIND_TIMEOUT_MS } = settings;
  const waiting = coroutine(function* () {
    const callers = ANYBODY.has(request.host) ? undefined : yield* allowedAddresses(reactor, request, settings);
    const called = new Deferred<FarEnd>();
    const isExpected = (peer: Address): boolean =>
      peer.kind === "tcp" && callers?.every((caller) => caller.host !== peer.host) !== true;
    const port = yield* reactor.listenTcp({ port: 0, host, backlog: 1 }, (peer) =>
      isExpected(peer) && !called.called ? new Caller(called) : undefined,
    );
    try {
      onListening(port.address as TcpAddress);
      return yield* called;
    } finally {
      port.stopListening();
    }
  });
  return waiting.addTimeout(bindTimeoutMs, reactor);
}

class Caller extends FarEnd {
  readonly #called: Deferred<FarEnd>;

  constructor(called: Deferred<FarEnd>) {
    super();
    this.#called = called;
  }

  override connectionMade(): void {
    if (this.#called.called) this.transport.abortConnection();
    else this.#called.callback(this);
  }
}

const ANYBODY = new Set(["0.0.0.0", "::"]);
/** As long as a person may take to make the other side call. */
const BIND_TIMEOUT_MS = 120_000;
