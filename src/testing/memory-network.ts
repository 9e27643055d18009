import { type Address, familyOf, formatAddress, type TcpAddress, type UnixAddress } from "../core/address.ts";
import { connectWithin } from "../core/connecting.ts";
import { Deferred } from "../core/deferred/deferred.ts";
import { fail, succeed } from "../core/deferred/succeed.ts";
import { ListenError, TlsError } from "../core/errors.ts";
import { happyEyeballs } from "../core/happy-eyeballs.ts";
import { heldUntilSettled } from "../core/holdings.ts";
import type { Protocol, ProtocolFactory } from "../core/protocol.ts";
import type {
  ConnectTcpOptions,
  ConnectUnixOptions,
  DialOptions,
  HostAddress,
  Port,
  StreamOptions,
  StreamServerOptions,
} from "../core/reactor.ts";
import { systemError } from "../core/system-error.ts";
import type { TlsClientOptions } from "../core/tls.ts";
import { joinedTransports } from "./joined-transports.ts";
import { type AcceptOptions, begin, connectError, MemoryConnect, targetOf } from "./memory-connect.ts";
import type { MemoryLoop } from "./memory-loop.ts";
import { MemoryPort } from "./memory-port.ts";
import { MemoryTransport } from "./memory-transport.ts";
import type { PipeTransport } from "./pipe-transport.ts";
import { agree, type Handshake } from "./pretend-tls.ts";
import type { Splits } from "./splits.ts";

/** What the network behind a MemoryReactor is like. */
export interface NetworkOptions {
  /** Connects to ports that are open, and refuses others; else each connect waits for the test. Default false. */
  readonly network?: boolean | undefined;
  /** Where the network cuts the bytes; default `"whole"`. */
  readonly splits?: Splits | undefined;
  /** Bytes on the way in each direction before a writer has to hold on; default 65 536. */
  readonly capacityBytes?: number | undefined;
  /** Hosts of the network that never answer. */
  readonly silentHosts?: readonly string[] | undefined;
}

/** The ports and connections of one MemoryReactor. */
export class MemoryNetwork {
  readonly ports: MemoryPort[] = [];
  readonly connects: MemoryConnect[] = [];
  readonly connections: Set<PipeTransport> = new Set();
  /** What a network is connecting now, and where to. */
  readonly #dialling: Map<Deferred<unknown>, string> = new Map();
  readonly #loop: MemoryLoop;
  readonly #options: NetworkOptions;
  #nextPort = FIRST_FREE_PORT;

  constructor(loop: MemoryLoop, options: NetworkOptions) {
    this.#loop = loop;
    this.#options = options;
  }

  /** The connects that wait for the test, or for the network. */
  get connecting(): readonly (readonly [Deferred<unknown>, string])[] {
    const waiting = this.connects.filter(({ state }) => state === "waiting");
    return [...waiting.map(({ result, target }) => [result, target] as const), ...this.#dialling];
  }

  listen(asked: TcpAddress | UnixAddress, options: StreamServerOptions, factory: ProtocolFactory): Deferred<Port> {
    const address = asked.kind === "tcp" && asked.port === 0 ? { ...asked, port: this.freePort() } : asked;
    if (this.#portAt(address) !== undefined) {
      const cause = systemError("EADDRINUSE", "listen", "path" in address ? address.path : `${address.port}`);
      return fail(new ListenError(address, "the address is in use (EADDRINUSE)", { code: "EADDRINUSE", cause }));
    }
    const port = new MemoryPort(address, options, factory, () => this.ports.splice(this.ports.indexOf(port), 1));
    this.ports.push(port);
    return succeed(port);
  }

  /** `lookup` is asked only by a network; a test that answers by hand sees the name. */
  connectTcp<P extends Protocol>(
    options: ConnectTcpOptions,
    lookup: (host: string) => Deferred<readonly HostAddress[]>,
    factory: ProtocolFactory<P>,
  ): Deferred<P> {
    if (this.#options.network !== true) return this.#waitForTest(options, factory);
    const { host, port, bindAddress = undefined } = options;
    const dialled = lookup(host).addCallback((found) =>
      happyEyeballs(
        this.#loop,
        found.map((one): TcpAddress => ({ kind: "tcp", host: one.host, port, family: one.family })),
        (address) => this.#attempt(address, { ...address, host: bindAddress ?? address.host }, options, host),
        {
          ...(options.attemptDelayMs !== undefined && { attemptDelayMs: options.attemptDelayMs }),
          target: targetOf(options),
          discard: (late) => late.abortConnection(),
        },
      ),
    );
    return heldUntilSettled(this.#dialling, targetOf(options), this.#establish(dialled, options, factory));
  }

  connectUnix<P extends Protocol>(options: ConnectUnixOptions, factory: ProtocolFactory<P>): Deferred<P> {
    if (this.#options.network !== true) return this.#waitForTest(options, factory);
    const address: UnixAddress = { kind: "unix", path: options.path };
    const dialled = this.#attempt(address, { kind: "unix", path: "" }, options, undefined);
    return heldUntilSettled(this.#dialling, targetOf(options), this.#establish(dialled, options, factory));
  }

  /**
   * Connects to an open port as its peer, which the test is: it drives `remote` of what comes back.
   *
   * @throws Error if nobody listens there.
   */
  dial(where: number | string, options: AcceptOptions & { readonly asks?: TlsClientOptions } = {}): MemoryTransport {
    const port = this.ports.find(({ address }) =>
      address.kind === "tcp" ? address.port === where : address.kind === "unix" && address.path === where,
    );
    if (port === undefined) throw new Error(`Cannot dial ${where}: no port of this reactor listens there`);
    const serverTls = port.options.tls;
    const handshake = serverTls === undefined ? undefined : agree(options.asks ?? {}, serverTls, undefined);
    if (handshake instanceof Error) throw handshake;
    const transport = this.#alone(
      { ...(handshake !== undefined && { tls: handshake.server }), local: port.address, ...options },
      port.options,
    );
    port.accept(transport);
    this.#loop.settle();
    return transport;
  }

  /** A connection whose peer is the test. */
  adopt(local: Address, options: StreamOptions): MemoryTransport {
    return this.#alone({ local }, options);
  }

  freePort(): number {
    this.#nextPort += 1;
    return this.#nextPort - 1;
  }

  #waitForTest<P extends Protocol>(
    options: ConnectTcpOptions | ConnectUnixOptions,
    factory: ProtocolFactory<P>,
  ): Deferred<P> {
    const { tls } = options;
    const dialled = "host" in options ? options.host : undefined;
    const pretended = tls === undefined ? undefined : (agree(tls, { alpn: tls.alpn ?? [] }, dialled) as Handshake);
    const connect = new MemoryConnect<P>(
      options,
      (accepted) =>
        this.#alone(
          { ...(pretended !== undefined && { tls: pretended.client }), peer: peerOf(options), ...accepted },
          options,
        ),
      (answered) => this.#establish(answered, options, factory),
    );
    this.connects.push(connect as unknown as MemoryConnect);
    return connect.result;
  }

  #establish<P extends Protocol>(
    dialled: Deferred<PipeTransport>,
    options: ConnectTcpOptions | ConnectUnixOptions,
    factory: ProtocolFactory<P>,
  ): Deferred<P> {
    const usable = dialled.addCallback((transport) => begin(transport, factory));
    return connectWithin(usable, targetOf(options), options.timeoutMs, this.#loop);
  }

  /** One address: refused, accepted or left without an answer, in a later turn. */
  #attempt(
    address: TcpAddress | UnixAddress,
    from: TcpAddress | UnixAddress,
    options: DialOptions,
    host: string | undefined,
  ): Deferred<PipeTransport> {
    let isCancelled = false;
    const attempt = new Deferred<PipeTransport>(() => {
      isCancelled = true;
    });
    if (address.kind === "tcp" && this.#options.silentHosts?.includes(address.host)) return attempt;
    this.#loop.soon(() => {
      if (isCancelled) return;
      const port = this.#portAt(address);
      if (port === undefined) {
        attempt.errback(connectError(formatAddress(address), address.kind === "tcp" ? "ECONNREFUSED" : "ENOENT"));
        return;
      }
      const local = from.kind === "tcp" ? { ...from, port: this.freePort() } : from;
      this.#meet(port, address, local, options, host).addCallbacks(
        (transport) => attempt.callback(transport),
        (error) => attempt.errback(error),
      );
    });
    return attempt;
  }

  #meet(
    port: MemoryPort,
    address: Address,
    local: Address,
    options: DialOptions,
    host: string | undefined,
  ): Deferred<PipeTransport> {
    const handshake = handshakeOf(options.tls, port, host);
    if (handshake instanceof Error) return fail(handshake);
    const splits = this.#options.splits ?? "whole";
    const { a, b } = joinedTransports(this.#loop, {
      splitsFromA: splits,
      splitsFromB: splits,
      capacityBytes: this.#options.capacityBytes ?? CAPACITY_BYTES,
      addressA: local,
      addressB: address,
      optionsA: options,
      optionsB: port.options,
      handshake,
    });
    this.#track(a);
    this.#track(b);
    // A server that expects TLS takes what it gets for garbage.
    if (port.options.tls !== undefined && handshake === undefined) b.abortConnection();
    else this.#loop.soon(() => port.accept(b));
    return succeed<PipeTransport>(a);
  }

  #alone(accepted: AcceptOptions, options: StreamOptions): MemoryTransport {
    const {
      highWaterBytes = undefined,
      closeTimeoutMs = undefined,
      noDelay = undefined,
      keepAliveMs = undefined,
    } = options;
    const transport = new MemoryTransport({
      ...(highWaterBytes !== undefined && { highWaterBytes }),
      ...(closeTimeoutMs !== undefined && { closeTimeoutMs }),
      ...(noDelay !== undefined && { noDelay }),
      ...(keepAliveMs !== undefined && { keepAliveMs }),
      ...accepted,
      loop: this.#loop,
    });
    this.#track(transport);
    return transport;
  }

  #portAt(wanted: Address): MemoryPort | undefined {
    return this.ports.find(({ address }) => reaches(wanted, address));
  }

  #track(transport: PipeTransport): void {
    this.connections.add(transport);
    transport.whenClosed().addCallback(() => this.connections.delete(transport));
  }
}

/** What the two ends' options make of TLS: facts, a fault, or nothing if neither asked for it. */
function handshakeOf(
  asked: TlsClientOptions | undefined,
  port: MemoryPort,
  host: string | undefined,
): Handshake | TlsError | undefined {
  const served = port.options.tls;
  if (asked === undefined) return undefined;
  if (served === undefined) return new TlsError(`TLS handshake failed: ${formatAddress(port.address)} speaks no TLS`);
  return agree(asked, served, host);
}

function reaches(wanted: Address, open: Address): boolean {
  if (wanted.kind === "unix") return open.kind === "unix" && open.path === wanted.path;
  if (wanted.kind !== "tcp" || open.kind !== "tcp" || open.port !== wanted.port) return false;
  return open.host === wanted.host || WILDCARDS.has(open.host) || WILDCARDS.has(wanted.host);
}

function peerOf(options: ConnectTcpOptions | ConnectUnixOptions): Address {
  if ("path" in options) return { kind: "unix", path: options.path };
  return { kind: "tcp", host: options.host, port: options.port, family: familyOf(options.host) };
}

const WILDCARDS = new Set(["::", "0.0.0.0"]);

/** Where the ports that nobody asked for by number begin (RFC 6335, section 6). */
const FIRST_FREE_PORT = 49_152;

/** As much as a kernel takes of a connection whose peer does not read, give or take. */
const CAPACITY_BYTES = 65_536;
