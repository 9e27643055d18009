import { type Address, formatAddress, type TcpAddress } from "../../../core/address.ts";
import type { Deferred } from "../../../core/deferred/deferred.ts";
import { maybeDeferred } from "../../../core/deferred/succeed.ts";
import { Logger } from "../../../core/log/logger.ts";
import type { Reactor } from "../../../core/reactor.ts";
import type { DelayedCall } from "../../../core/time/clock.ts";
import { FarEnd, IdleTimer, NearEnd } from "../../../policies/relay.ts";
import { waitForCaller } from "../bind/server.ts";
import { METHOD, NOWHERE, REPLY } from "../codec.ts";
import { SocksServerConnection } from "../connection.ts";
import { dial, replyTo } from "../dial/client.ts";
import { RemoteSocksError } from "../errors.ts";
import type {
  SocksAddress,
  SocksCommand,
  SocksLogin,
  SocksMessage,
  SocksRequest,
  SocksServerEvent,
} from "../events.ts";
import type { SocksServerOptions } from "../server.ts";
import { UdpAssociation } from "../udp/server.ts";

/** One client of a server: its negotiation, and then what it asked for. */
export class SocksSession extends NearEnd {
  readonly #reactor: Reactor;
  readonly #options: SocksServerOptions;
  readonly #connection: SocksServerConnection = new SocksServerConnection();
  #username: string | undefined = undefined;
  #handshakeTimer: DelayedCall | undefined = undefined;
  /** What is under way, and what the client says meanwhile waits for. */
  #work: Deferred<unknown> | undefined = undefined;
  #udp: UdpAssociation | undefined = undefined;

  constructor(reactor: Reactor, options: SocksServerOptions) {
    super();
    this.#reactor = reactor;
    this.#options = options;
  }

  override connectionMade(): void {
    const { handshakeTimeoutMs = HANDSHAKE_TIMEOUT_MS } = this.#options;
    this.#handshakeTimer = this.#reactor.callLater(handshakeTimeoutMs, () => {
      this.#handshakeTimer = undefined;
      this.#close(`it did not say what it wants within ${handshakeTimeoutMs} ms`);
    });
  }

  override dataReceived(data: Uint8Array): void {
    if (this.isJoined) {
      super.dataReceived(data);
      return;
    }
    // A connection that keeps an association open has nothing to say.
    if (this.#udp !== undefined) return;
    this.#connection.push(data);
    if (this.#work === undefined) this.#advance();
    else this.transport.pauseReading();
  }

  override readConnectionLost(): void {
    if (this.isJoined) super.readConnectionLost();
    else this.transport.loseConnection();
  }

  override connectionLost(reason: Error): void {
    this.#stopHandshakeTimer();
    this.#work?.cancel();
    this.#udp?.close();
    super.connectionLost(reason);
  }

  #advance(): void {
    try {
      while (this.#work === undefined && this.transport.connected) {
        const event = this.#connection.next();
        if (event === undefined) return;
        this.#heard(event);
      }
    } catch (error) {
      if (!(error instanceof RemoteSocksError)) throw error;
      this.transport.write(this.#connection.refusal(error));
      this.#close(error.message);
    }
  }

  #heard(event: SocksServerEvent): void {
    if (event.type === "greeting") this.#greeted(event.methods);
    else if (event.type === "login") this.#loggedIn(event);
    else this.#requested(event);
  }

  #greeted(methods: readonly number[]): void {
    const wanted = this.#options.authenticate === undefined ? METHOD.none : METHOD.login;
    const method = methods.includes(wanted) ? wanted : METHOD.unacceptable;
    this.transport.write(this.#connection.chooseMethod(method));
    if (method === METHOD.unacceptable) this.#close(`it offers the methods ${methods.join(", ")}, not ${wanted}`);
  }

  #loggedIn({ username, password }: SocksLogin): void {
    this.#await(
      maybeDeferred(() => this.#options.authenticate?.({ username, password }) ?? false),
      (isTaken) => {
        this.transport.write(this.#connection.judgeLogin(isTaken));
        if (isTaken) this.#username = username;
        else this.#close(`its login as ${JSON.stringify(username)} is wrong`);
      },
      (error) => {
        log.failure("Cannot judge a login", error);
        this.transport.write(this.#connection.judgeLogin(false));
        this.#close("its login could not be judged");
      },
    );
  }

  #requested({ version, command, host, port, userId }: SocksMessage): void {
    this.#stopHandshakeTimer();
    const { commands = ALL_COMMANDS, allow, authenticate } = this.#options;
    const { peer } = this.transport;
    const request: SocksRequest = { version, command, host, port, userId, username: this.#username, peer };
    if (!commands.includes(request.command)) this.#refuse(REPLY.commandUnknown, request);
    else if (request.version === 4 && authenticate !== undefined) this.#refuse(REPLY.notAllowed, request);
    else if (request.command === "associate") this.#associate(request);
    else {
      this.#await(
        maybeDeferred(() => allow?.(request) ?? true),
        (isAllowed) => {
          if (!isAllowed) this.#refuse(REPLY.notAllowed, request);
          else if (request.command === "connect") this.#connect(request);
          else this.#bind(request);
        },
        (error) => {
          log.failure("Cannot judge a request", error);
          this.#refuse(REPLY.failure, request, error);
        },
      );
    }
  }

  #connect(request: SocksRequest): void {
    this.#await(
      dial(this.#reactor, request, this.#options),
      (far) => this.#relay(far, far.transport.local),
      (error) => this.#refuse(replyTo(error), request, error),
    );
  }

  #bind(request: SocksRequest): void {
    const host = this.#bindHost();
    if (host === undefined) {
      this.#refuse(REPLY.failure, request);
      return;
    }
    const onListening = (address: SocksAddress): void => this.#reply(REPLY.succeeded, address);
    this.#await(
      waitForCaller(this.#reactor, { ...this.#options, host, request, onListening }),
      (far) => this.#relay(far, far.transport.peer),
      (error) => this.#refuse(replyTo(error), request, error),
    );
  }

  #associate(request: SocksRequest): void {
    const host = this.#bindHost();
    const { peer } = this.transport;
    if (host === undefined || peer.kind !== "tcp") {
      this.#refuse(REPLY.failure, request);
      return;
    }
    const timer = this.#idleTimer(() => this.transport.abortConnection());
    const udp = new UdpAssociation(this.#reactor, { ...this.#options, host, client: peer, request, timer });
    this.#udp = udp;
    this.#await(
      udp.open(),
      (address) => this.#reply(REPLY.succeeded, address),
      (error) => this.#refuse(REPLY.failure, request, error),
    );
  }

  /** Answers, joins the two ends, and hands over what the client sent ahead. */
  #relay(far: FarEnd, address: Address): void {
    this.#reply(REPLY.succeeded, address as TcpAddress);
    this.join(
      far,
      this.#idleTimer(() => far.abort()),
    );
    const early = this.#connection.takeRest();
    if (early.length > 0) far.send(early);
  }

  /** One step at a time: what the client sends meanwhile waits, and its leaving cancels. */
  #await<T>(work: Deferred<T>, onValue: (value: T) => void, onError: (error: Error) => void): void {
    this.#work = work;
    const goOn = (): void => {
      this.#advance();
      if (this.#work === undefined) this.transport.resumeReading();
    };
    work.addCallbacks(
      (value) => {
        this.#work = undefined;
        if (this.transport.connected) onValue(value);
        else if (value instanceof FarEnd) value.transport.abortConnection();
        goOn();
      },
      (error: Error) => {
        this.#work = undefined;
        if (this.transport.connected) onError(error);
        goOn();
      },
    );
  }

  #refuse(code: number, { command, host, port }: SocksRequest, error?: Error): void {
    this.#reply(code, NOWHERE);
    this.#close(`${command} ${JSON.stringify(host)} ${port} got reply ${code}${error ? ` (${error.message})` : ""}`);
  }

  #reply(code: number, address: SocksAddress): void {
    this.transport.write(this.#connection.reply({ code, address }));
  }

  #close(why: string): void {
    log.info("Client {peer} refused: {why}", { peer: formatAddress(this.transport.peer), why });
    this.transport.loseConnection();
  }

  #stopHandshakeTimer(): void {
    this.#handshakeTimer?.cancel();
    this.#handshakeTimer = undefined;
  }

  #idleTimer(end: () => void): IdleTimer {
    const { idleTimeoutMs = IDLE_TIMEOUT_MS } = this.#options;
    return new IdleTimer(this.#reactor, idleTimeoutMs, () => {
      log.info("Relay for {peer} was idle for {idleTimeoutMs} ms: closing it", {
        peer: formatAddress(this.transport.peer),
        idleTimeoutMs,
      });
      end();
    });
  }

  #bindHost(): string | undefined {
    const { local } = this.transport;
    return this.#options.bindHost ?? (local.kind === "tcp" ? local.host : undefined);
  }
}

const log: Logger = new Logger("ropewalk.socks");

const ALL_COMMANDS: readonly SocksCommand[] = ["connect", "bind", "associate"];
/** Three short messages; long enough for a person's tunnel over a slow link. */
const HANDSHAKE_TIMEOUT_MS = 10_000;
/** Ten minutes: longer than the keep-alives of HTTP and SSH clients, shorter than a forgotten connection's life. */
const IDLE_TIMEOUT_MS = 600_000;
