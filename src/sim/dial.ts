import { type Address, formatAddress, type TcpAddress } from "../core/address.ts";
import { begin, connectWithin } from "../core/connecting.ts";
import { Deferred } from "../core/deferred/deferred.ts";
import { ConnectError } from "../core/errors.ts";
import type { Protocol, ProtocolFactory } from "../core/protocol.ts";
import type { DialOptions } from "../core/reactor.ts";
import { systemError } from "../core/system-error.ts";
import { localOf } from "./sim-port.ts";
import type { SimProcess } from "./sim-process.ts";
import { SimTransport } from "./tcp/sim-transport.ts";
import type { TcpConnection, TcpUser } from "./tcp/tcp-connection.ts";

/** One attempt at one address, until it is a transport. Fails with a ConnectError that carries the system's code. */
export function dial(
  owner: SimProcess,
  connection: TcpConnection,
  peer: Address,
  options: DialOptions,
): Deferred<SimTransport> {
  const attempt = new Attempt(owner, connection, peer, options);
  connection.user = attempt;
  owner.open.add(attempt);
  connection.dial();
  return attempt.result;
}

/** From a dialled connection to a protocol that is usable, or to nothing left behind. */
export function establish<P extends Protocol>(
  owner: SimProcess,
  dialled: Deferred<SimTransport>,
  options: DialOptions,
  factory: ProtocolFactory<P>,
  { name, host }: { readonly name: string; readonly host?: string | undefined },
): Deferred<P> {
  const { tls, timeoutMs } = options;
  const usable = dialled
    .addCallback((transport) =>
      tls === undefined ? transport : transport.secure({ side: "client", tls, host }).addCallback(() => transport),
    )
    .addCallback((transport) => begin(transport, factory));
  return connectWithin(usable, name, timeoutMs, owner);
}

class Attempt implements TcpUser {
  readonly result: Deferred<SimTransport>;
  readonly #process: SimProcess;
  readonly #connection: TcpConnection;
  readonly #peer: Address;
  readonly #options: DialOptions;

  constructor(owner: SimProcess, connection: TcpConnection, peer: Address, options: DialOptions) {
    this.#process = owner;
    this.#connection = connection;
    this.#peer = peer;
    this.#options = options;
    this.result = new Deferred<SimTransport>(() => this.killed());
  }

  established(): void {
    this.#process.soon(() => {
      this.#process.open.delete(this);
      if (this.result.called || this.#connection.user !== this) return;
      const local: Address = this.#peer.kind === "unix" ? { kind: "unix", path: "" } : localOf(this.#connection);
      this.result.callback(
        new SimTransport(this.#process, this.#connection, { local, peer: this.#peer }, this.#options),
      );
    });
  }

  readable(): void {}

  hasRoom(): void {}

  broken(code: string): void {
    this.#process.soon(() => {
      this.#process.open.delete(this);
      if (this.result.called) return;
      const target = formatAddress(this.#peer as TcpAddress);
      const cause = systemError(code, "connect", target);
      this.result.errback(new ConnectError(`Cannot connect to ${target}: ${code}`, { code, cause }));
    });
  }

  /** Called off, or the process is gone. */
  killed(): void {
    this.#process.open.delete(this);
    this.#connection.reset();
  }
}
