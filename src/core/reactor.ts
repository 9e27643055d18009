import type { Address } from "./address.ts";
import type { DatagramProtocol, DatagramTransport } from "./datagram.ts";
import type { Deferred } from "./deferred/deferred.ts";
import type { Files } from "./files.ts";
import type { Holding } from "./holdings.ts";
import type { ProcessProtocol, ProcessTransport, SpawnOptions } from "./process.ts";
import type { Protocol, ProtocolFactory } from "./protocol.ts";
import type { Clock } from "./time/clock.ts";
import type { TlsClientOptions, TlsServerOptions } from "./tls.ts";

/**
 * The event loop and the only door to the outside: it tells the time, opens ports, dials, spawns, and calls back. Pass
 * it as an argument, never keep it in a global: then the simulated one is a one-word change.
 */
export interface Reactor extends Clock, Lifecycle {
  /** Milliseconds since 1970; may jump. For stamps only, never for measuring. */
  wallTimeMs(): number;
  /** Uniform in [0, 1); not for secrets. */
  random(): number;
  /** For secrets, nonces and keys. */
  randomBytes(count: number): Uint8Array;

  /** Opens a TCP port. Fails with ListenError. */
  listenTcp(options: ListenTcpOptions, factory: ProtocolFactory): Deferred<Port>;
  /**
   * Dials one address or name (all its addresses, RFC 8305). Fires when the protocol is usable: for TLS after the
   * handshake and verification. Cancelling leaves no socket and no timer. Fails with ConnectError (LookupError, TlsError),
   * TimeoutError, or what the protocol's connectionMade threw.
   */
  connectTcp<P extends Protocol>(options: ConnectTcpOptions, factory: ProtocolFactory<P>): Deferred<P>;
  /** Opens a UNIX-domain port. Removes a stale socket and refuses a live one. Fails with ListenError. */
  listenUnix(options: ListenUnixOptions, factory: ProtocolFactory): Deferred<Port>;
  /** Dials a socket of this machine. Fires and fails as `connectTcp` does. */
  connectUnix<P extends Protocol>(options: ConnectUnixOptions, factory: ProtocolFactory<P>): Deferred<P>;
  /** Accepts on a listening descriptor that another program opened (systemd, a parent). */
  adoptPort(descriptor: number, options: StreamServerOptions, factory: ProtocolFactory): Deferred<Port>;
  /** Takes over a connected stream descriptor. */
  adoptConnection<P extends Protocol>(
    descriptor: number,
    options: StreamOptions,
    factory: ProtocolFactory<P>,
  ): Deferred<P>;
  /** Standard input and output as one connection; standard input's end is the peer's end. Once in a process. */
  openStdio<P extends Protocol>(factory: ProtocolFactory<P>): Deferred<P>;
  /** Opens a UDP port. Fails with ListenError. */
  listenUdp(options: ListenUdpOptions, protocol: DatagramProtocol): Deferred<DatagramTransport>;

  /** Starts a program; what goes wrong, a missing program included, comes as `processEnded`. */
  spawnProcess(protocol: ProcessProtocol, program: string, options?: SpawnOptions): ProcessTransport;

  /** The addresses of a host name, in the resolver's order; an IP literal stands for itself. Fails with LookupError. */
  lookup(host: string): Deferred<readonly HostAddress[]>;
  /** Asks this resolver from now on, until the returned value is disposed; the one installed last counts. */
  installResolver(resolver: Resolver): Disposable;

  /** Files and directories of the machine, as Deferreds. */
  readonly files: Files;

  /** What this process was started with. */
  readonly environment: ProcessEnvironment;

  /**
   * Calls an export of a module (`"default"` unless `options.name` says otherwise) in a worker thread: for work that keeps
   * the CPU busy. `module` is a file: or data: URL, or a package. Argument and result are
   * structured-cloned; so is an error, which keeps its name, message and own properties (`code`), but not a class of its
   * own. Cancelling ends the work.
   */
  runInWorker<R>(module: URL | string, argument: unknown, options?: WorkerOptions): Deferred<R>;

  /**
   * Calls `f` at each arrival of a signal (`"SIGHUP"`), until disposed; what it throws is logged.
   *
   * @throws TypeError if there is no signal of that name, or none that a program can catch.
   */
  onSignal(signal: string, f: () => void): Disposable;

  /**
   * All that it has on its hands now: delayed calls, ports, connections and those that are being made, processes, work in
   * workers. For tests that look for what was left behind, and for a view into a running program; it costs nothing until
   * it is called.
   */
  holdings(): readonly Holding[];
}

/** What a process was started with. */
export interface ProcessEnvironment {
  readonly pid: number;
  readonly variables: Readonly<Record<string, string | undefined>>;
}

/** Starting, running and stopping, in phases. */
export interface Lifecycle {
  readonly running: boolean;
  /** Fires when shutdown is complete. Can be run again after that. Fails with ReactorStateError if it runs already. */
  run(): Deferred<void>;
  /** Starts the shutdown. @throws ReactorStateError if it is not running, or stopping already. */
  stop(): void;
  /**
   * Adds a step to start-up or shutdown. All `before` steps start first, in the order of adding, and their Deferreds are
   * awaited; then `during`; then `after`. Errors are logged and never stop the sequence.
   */
  addTrigger(phase: "before" | "during" | "after", event: "startup" | "shutdown", step: () => unknown): Disposable;
  /** Calls `f` once the reactor runs; at once if it does. */
  callWhenRunning(f: () => void): void;
}

/** An open port that accepts connections. Disposing it stops listening; connections live on. */
export interface Port extends AsyncDisposable {
  readonly address: Address;
  readonly listening: boolean;
  /** Stops accepting, and fires when the descriptor is closed. Calling it again is no error. */
  stopListening(): Deferred<void>;
}

/** How one connection behaves. */
export interface StreamOptions {
  /** writingPaused comes when more than this is buffered; default 65 536 bytes. */
  readonly highWaterBytes?: number | undefined;
  /** How long loseConnection waits for the peer to take what was written; default 30 000 ms. */
  readonly closeTimeoutMs?: number | undefined;
  /** TCP only; default true: what one turn writes leaves at once. */
  readonly noDelay?: boolean | undefined;
  /** TCP only; probes after this silence; default 0, none. */
  readonly keepAliveMs?: number | undefined;
}

/** How the connections of one port behave. */
export interface StreamServerOptions extends StreamOptions {
  readonly tls?: TlsServerOptions | undefined;
}

/** Where to listen for TCP. */
export interface ListenTcpOptions extends StreamServerOptions {
  /** 0 takes a free one; `port.address` says which. */
  readonly port: number;
  /** The address to listen on; default: all, IPv6 and IPv4. */
  readonly host?: string | undefined;
  /** Connections that wait to be accepted; default 511. */
  readonly backlog?: number | undefined;
  /** With an IPv6 host: leave IPv4 alone. Default false. */
  readonly ipv6Only?: boolean | undefined;
  /** In one of several processes that share their ports (`twistd --workers`): keep this one alone. Default false. */
  readonly exclusive?: boolean | undefined;
}

/** Where to listen for connections within this machine. */
export interface ListenUnixOptions extends StreamServerOptions {
  /** At most 107 bytes on Linux, 103 elsewhere. */
  readonly path: string;
  /** Permission bits of the socket; default 0o666 less the umask. */
  readonly mode?: number | undefined;
  /** Connections that wait to be accepted; default 511. */
  readonly backlog?: number | undefined;
  /** Keeps `path.lock` beside the socket so that two processes never fight for it; default false. */
  readonly lockfile?: boolean | undefined;
  /**
   * In one of several workers (`twistd --workers`): keeps the socket to this process, which makes it itself, so that `mode` holds
   * from its first moment on; default false, the workers share it.
   */
  readonly exclusive?: boolean | undefined;
}

/** What every way of dialling has in common. */
export interface DialOptions extends StreamOptions {
  readonly tls?: TlsClientOptions | undefined;
  /** For all of it: lookup, every attempt, TLS. Default 30 000 ms. */
  readonly timeoutMs?: number | undefined;
}

/** Where to dial by TCP. `host` is a name or an IP literal. */
export interface ConnectTcpOptions extends DialOptions {
  readonly host: string;
  readonly port: number;
  /** The local address to dial from. */
  readonly bindAddress?: string | undefined;
  /** Time between attempts at a name's several addresses (RFC 8305, section 5); default 250 ms. */
  readonly attemptDelayMs?: number | undefined;
}

/** Which socket of this machine to dial. */
export interface ConnectUnixOptions extends DialOptions {
  readonly path: string;
}

/** Where to receive datagrams. */
export interface ListenUdpOptions {
  /** 0 takes a free one; `transport.local` says which. */
  readonly port: number;
  /** An IP literal; default: all addresses of the family. */
  readonly host?: string | undefined;
  /** 4 unless host is an IPv6 literal. */
  readonly family?: 4 | 6 | undefined;
  /** Several ports on one address and number, for multicast; default false. */
  readonly reuseAddress?: boolean | undefined;
}

/** One answer of a resolver. `host` is an IP literal. */
export interface HostAddress {
  readonly host: string;
  readonly family: 4 | 6;
}

/** Turns a host name into addresses, in the order to try. Fails with LookupError. */
export type Resolver = (host: string) => Deferred<readonly HostAddress[]>;

/** What to call in a worker. */
export interface WorkerOptions {
  /** The export to call; default `"default"`. */
  readonly name?: string | undefined;
}
