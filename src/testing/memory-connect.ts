import type { Address } from "../core/address.ts";
import { begin as beginDialled, CONNECT_TIMEOUT_MS, type Dialled } from "../core/connecting.ts";
import { Deferred } from "../core/deferred/deferred.ts";
import { TimeoutError } from "../core/deferred/errors.ts";
import { ConnectError } from "../core/errors.ts";
import type { Protocol, ProtocolFactory } from "../core/protocol.ts";
import type { ConnectTcpOptions, ConnectUnixOptions } from "../core/reactor.ts";
import { systemError } from "../core/system-error.ts";
import type { TlsFacts } from "../core/tls.ts";
import type { MemoryTransport } from "./memory-transport.ts";
import type { PipeTransport } from "./pipe-transport.ts";

/**
 * One call of connectTcp or connectUnix that waits for the test to say how it ends; until then it can time out.
 *
 * @example
 * ```ts
 * import { Protocol } from "ropewalk";
 * import { MemoryReactor } from "ropewalk/testing";
 *
 * const reactor = new MemoryReactor();
 * const connected = reactor.connectTcp({ host: "example.org", port: 25 }, () => new Protocol());
 * const connection = reactor.connects[0]?.accept();
 * (await connected).transport.write("HELO");
 * console.log(reactor.connects[0]?.target, connection?.text()); // example.org:25 HELO
 * ```
 */
export class MemoryConnect<P extends Protocol = Protocol> {
  readonly options: ConnectTcpOptions | ConnectUnixOptions;
  /** Fires as the caller of connectTcp or connectUnix was promised. */
  readonly result: Deferred<P>;
  state: "waiting" | "connected" | "failed" | "cancelled" = "waiting";
  readonly #answered: Deferred<PipeTransport>;
  readonly #makeTransport: (options: AcceptOptions) => MemoryTransport;

  constructor(
    options: ConnectTcpOptions | ConnectUnixOptions,
    makeTransport: (options: AcceptOptions) => MemoryTransport,
    establish: (answered: Deferred<PipeTransport>) => Deferred<P>,
  ) {
    this.options = options;
    this.#makeTransport = makeTransport;
    this.#answered = new Deferred<PipeTransport>(() => {
      this.state = "cancelled";
    });
    this.result = establish(this.#answered);
  }

  /** The host and port, or the path, that was dialled. */
  get target(): string {
    return targetOf(this.options);
  }

  /** Makes the connection; the test is the peer, through `remote` of what comes back. @throws Error if it is settled. */
  accept(options: AcceptOptions = {}): MemoryTransport {
    this.#settle("connected");
    const transport = this.#makeTransport(options);
    this.#answered.callback(transport);
    return transport;
  }

  /** Nobody listens there. @throws Error if it is settled. */
  refuse(): void {
    this.fail(connectError(this.target, "ECONNREFUSED"));
  }

  /** Nobody answers, and the caller's time is up. @throws Error if it is settled. */
  timeOut(): void {
    this.fail(new TimeoutError(this.options.timeoutMs ?? CONNECT_TIMEOUT_MS));
  }

  /** @throws Error if it is settled. */
  fail(error: Error): void {
    this.#settle("failed");
    this.#answered.errback(error);
  }

  #settle(state: "connected" | "failed"): void {
    if (this.state !== "waiting") throw new Error(`Cannot answer this connect: it is ${this.state} already`);
    this.state = state;
  }
}

/** What a test can choose of a connection that it accepts. */
export interface AcceptOptions {
  readonly peer?: Address | undefined;
  readonly local?: Address | undefined;
  /** What a TLS handshake agreed on; default: pretended, if the caller asked for TLS. */
  readonly tls?: TlsFacts | undefined;
}

/** Gives a connection that was made its protocol. @throws what the factory or connectionMade threw. */
export function begin<P extends Protocol>(transport: PipeTransport, factory: ProtocolFactory<P>): P {
  const dialled: Dialled = {
    peer: transport.peer,
    abortConnection: () => transport.abortConnection(),
    open: (protocol) => transport.attach(protocol),
    refuse: () => transport.loseConnection(),
  };
  return beginDialled(dialled, factory);
}

export function targetOf(options: ConnectTcpOptions | ConnectUnixOptions): string {
  return "path" in options ? `unix:${options.path}` : `${options.host}:${options.port}`;
}

export function connectError(target: string, code: string): ConnectError {
  return new ConnectError(`Cannot connect to ${target}: ${code}`, {
    code,
    cause: systemError(code, "connect", target),
  });
}
