import type { Deferred } from "../../core/deferred/deferred.ts";
import { fail } from "../../core/deferred/succeed.ts";
import { toError } from "../../core/errors.ts";
import { FrameProtocol } from "../../core/frame-protocol.ts";
import { Logger } from "../../core/log/logger.ts";
import { buildProtocol, type Protocol, type ProtocolFactory } from "../../core/protocol.ts";
import type { TlsFacts } from "../../core/tls.ts";
import type { StartTlsOptions, Transport } from "../../core/transport.ts";
import { Asking } from "./client.ts";
import { BoxDecoder } from "./codec.ts";
import { type AnyCommand, type Command, command } from "./command.ts";
import { LocalAmpError, RemoteAmpError } from "./errors.ts";
import type { AskEvent, Box } from "./events.ts";
import type { Fields, NoFields, ValuesOf } from "./fields.ts";
import { type AmpLimits, limitsWith, type SomeAmpLimits } from "./limits.ts";
import { eventOf } from "./machine.ts";
import { Answering, Responders } from "./server.ts";
import type { Encoded } from "./short-text.ts";

/** What an AmpProtocol may be told. */
export interface AmpOptions {
  /** Those that are to differ from the defaults. */
  readonly limits?: SomeAmpLimits | undefined;
  /** How to turn to TLS when the peer asks for it; unless given, it is told that nobody responds to that. */
  readonly tls?: StartTlsOptions | undefined;
}

/**
 * Asynchronous Messaging Protocol, as Twisted speaks it: both ends call commands of the other, any number at once, and
 * each is answered when its responder is through. An answer may overtake another; calls arrive in order.
 *
 * When the connection goes, unanswered calls fail with its reason. A box that is no AMP closes it.
 *
 * @example
 * ```ts
 * import * as amp from "ropewalk/amp";
 * import { connectedPair } from "ropewalk/testing";
 *
 * class ZeroDivisionError extends Error {}
 * const Divide = amp.command("Divide", {
 *   arguments: { numerator: amp.Integer, denominator: amp.Integer },
 *   response: { result: amp.Float },
 *   errors: { ZERO_DIVISION: ZeroDivisionError },
 * });
 * const responders = new amp.Responders().respond(Divide, ({ numerator, denominator }) => {
 *   if (denominator === 0) throw new ZeroDivisionError("not even here");
 *   return { result: numerator / denominator };
 * });
 *
 * const { a: client, flush } = connectedPair(new amp.AmpProtocol(), new amp.AmpProtocol(responders));
 * client.callRemote(Divide, { numerator: 1, denominator: 0 }).addErrback((error: Error) => {
 *   console.log(error instanceof ZeroDivisionError, error.message); // true not even here
 * });
 * flush();
 * ```
 */
export class AmpProtocol extends FrameProtocol {
  readonly #limits: AmpLimits;
  readonly #tls: StartTlsOptions | undefined;
  readonly #asking: Asking;
  readonly #answering: Answering;
  #decoder: BoxDecoder;
  /** Boxes that must not leave now: they wait for TLS, or for what the peer says to a switch. */
  #held: Encoded[] | undefined = undefined;
  #heldBytes = 0;
  #hasAskedForTls = false;
  #isSwitching = false;
  #inner: Protocol | undefined = undefined;
  /** Why this side ends the connection: unanswered calls had better know that than that it was closed. */
  #fault: Error | undefined = undefined;

  constructor(responders: Responders = NOBODY, options: AmpOptions = {}) {
    super();
    this.#limits = limitsWith(options.limits);
    this.#tls = options.tls;
    const send = (box: Encoded): void => this.#send(box);
    const close = (): void => this.transport.loseConnection();
    const switchTo = (protocol: Protocol): void => this.#switchTo(protocol);
    this.#asking = new Asking(this.#limits.maxCalls, send);
    this.#answering = new Answering(responders, this.#limits.maxCalls, { send, close, switchTo });
    this.#decoder = new BoxDecoder(this.#limits);
  }

  override get innermost(): Protocol {
    return this.#inner?.innermost ?? this;
  }

  override makeConnection(transport: Transport): void {
    // Not by connectionLost: a subclass that overrides it need not think of the calls.
    transport.whenClosed().addCallback((reason) => {
      this.#fault ??= reason;
      this.#asking.failAll(this.#fault);
    });
    super.makeConnection(transport);
  }

  /**
   * Calls a command of the peer. Gives what it answers; a one-way command gives nothing.
   *
   * @throws LocalAmpError if the values cannot be sent, or the call cannot be made now. For a command that is answered this
   *   and all else is a failure of the Deferred: errors that the command declares; RemoteCallError for others,
   *   UnhandledCommandError among them; RemoteAmpError if what comes back is not what the command declares; the reason of
   *   the loss if the connection goes first.
   */
  callRemote<A extends Fields, R extends Fields>(
    command: Command<A, R, "answered">,
    ...values: CallValues<A>
  ): Deferred<ValuesOf<R>>;
  callRemote<A extends Fields>(command: Command<A, NoFields, "one-way">, ...values: CallValues<A>): void;
  callRemote(command: AnyCommand, values: Readonly<Record<string, unknown>> = {}): Deferred<unknown> | undefined {
    if (command.kind !== "one-way") return this.#call(command, values);
    const refusal = this.#refusal(command);
    if (refusal !== undefined) throw refusal;
    this.#send(command.encodeAsk(values, undefined));
    return undefined;
  }

  /**
   * Asks the peer to speak another protocol. When it agrees, `factory` makes the protocol of this side, which gets every
   * byte from there on. No other call can be made until then; those that are unanswered fail with LocalAmpError.
   *
   * @throws (as a failure) what `callRemote` does; if the peer declines, the connection goes on as before.
   */
  switchProtocol<A extends Fields, P extends Protocol>(
    command: Command<A, NoFields, "switch">,
    values: ValuesOf<A>,
    factory: ProtocolFactory<P>,
  ): Deferred<P> {
    if (this.#held !== undefined) return fail(new LocalAmpError(`Cannot call "${command.name}": wait for TLS`));
    const answer = this.#call(command as AnyCommand, values);
    if (answer.called) return answer as Deferred<never>;
    this.#isSwitching = true;
    this.#held = [];
    return answer.addCallbacks(
      () => {
        const protocol = buildProtocol(factory, this.transport.peer);
        if (protocol === undefined) {
          this.transport.loseConnection();
          throw new LocalAmpError(`Cannot follow "${command.name}": the factory built no protocol`);
        }
        this.#switchTo(protocol);
        return protocol;
      },
      (error) => {
        this.#isSwitching = false;
        this.#release();
        throw error;
      },
    );
  }

  /**
   * Asks the peer for TLS and turns to it when it agrees. What is called meanwhile waits for that. If the peer declines,
   * the connection closes and nothing that waited is sent: it was not meant to be read on the way.
   *
   * @throws (as a failure) LocalAmpError if there is TLS already; what `callRemote` does; what the handshake does.
   */
  override startTls(options: StartTlsOptions): Deferred<TlsFacts> {
    if (this.#hasTls()) return fail(new LocalAmpError("Cannot start TLS twice on one connection"));
    const answer = this.#call(StartTls, {});
    if (answer.called) return answer as Deferred<never>;
    this.#hasAskedForTls = true;
    this.#held = [];
    return answer.addCallbacks(
      () => {
        const facts = super.startTls(options);
        this.#release();
        return facts;
      },
      (error) => {
        this.#fault ??= toError(error);
        this.transport.loseConnection();
        throw error;
      },
    );
  }

  /** The peer broke AMP or a limit. The connection closes after this, whatever it does. */
  boxRefused(_error: RemoteAmpError): void {}

  override dataReceived(data: Uint8Array): void {
    if (this.#inner === undefined) super.dataReceived(data);
    else this.#inner.dataReceived(data);
  }

  override writingPaused(): void {
    this.#inner?.writingPaused();
  }

  override writingResumed(): void {
    this.#inner?.writingResumed();
  }

  protected override bytesReceived(data: Uint8Array): void {
    this.#decoder.push(data);
  }

  protected override discardBytes(): void {
    this.#decoder = new BoxDecoder(this.#limits);
  }

  protected override deliverFrame(): boolean {
    if (this.#inner !== undefined) return false;
    const box = this.#decoder.next();
    if (box === undefined) return false;
    if (box instanceof Map) this.#received(box);
    else this.#refuse(box);
    return true;
  }

  #received(box: Box): void {
    const event = eventOf(box);
    if (event instanceof Error) {
      this.#refuse(event);
    } else if (event.kind === "ask") {
      if (event.command === StartTls.name && this.#tls !== undefined) this.#askedForTls(this.#tls, event);
      else this.#answering.asked(event, this);
    } else if (!this.#asking.settle(event)) {
      const call = JSON.stringify(event.tag.slice(0, 40));
      this.#refuse(new RemoteAmpError("stray answer", `Peer answered the call ${call}, which nobody made`));
    }
  }

  #refuse(error: RemoteAmpError): void {
    this.#fault ??= error;
    try {
      this.boxRefused(error);
    } finally {
      this.transport.loseConnection();
    }
  }

  #call(command: AnyCommand, values: Readonly<Record<string, unknown>>): Deferred<Record<string, unknown>> {
    const refusal = this.#refusal(command);
    if (refusal !== undefined) return fail(refusal);
    try {
      return this.#asking.call(command, values);
    } catch (error) {
      return fail(error);
    }
  }

  /** Why no call can be made now. */
  #refusal(command: AnyCommand): Error | undefined {
    const cannot = `Cannot call "${command.name}"`;
    if (this.transport === undefined) return new LocalAmpError(`${cannot}: there is no connection yet`);
    if (this.#isSwitching) return new LocalAmpError(`${cannot}: the connection changes its protocol`);
    return this.transport.connected
      ? undefined
      : (this.#fault ?? new LocalAmpError(`${cannot}: the connection closes`));
  }

  #send(box: Encoded): void {
    // The connection is another protocol's now.
    if (this.#inner !== undefined) return;
    if (this.#held !== undefined) {
      this.#held.push(box);
      this.#heldBytes += box.length;
    } else if (typeof box === "string") {
      this.transport.writeLatin1(box);
    } else {
      this.transport.write(box);
    }
    const { maxUnsentBytes } = this.#limits;
    if (this.transport.bufferedBytes + this.#heldBytes <= maxUnsentBytes || !this.transport.connected) return;
    this.#fault ??= new RemoteAmpError("unsent bytes", `Peer left more than ${maxUnsentBytes} bytes untaken`);
    log.warn("Aborting: {error}", { error: this.#fault });
    this.transport.abortConnection();
  }

  #release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    this.#heldBytes = 0;
    for (const box of held) this.#send(box);
  }

  #hasTls(): boolean {
    return this.#hasAskedForTls || this.transport?.tls !== undefined;
  }

  #askedForTls(options: StartTlsOptions, event: AskEvent): void {
    const { tag } = event;
    if (tag === undefined || this.#hasTls()) {
      this.#refuse(new RemoteAmpError("box kind", "Peer asked for TLS twice, or without waiting for the answer"));
      return;
    }
    this.#hasAskedForTls = true;
    this.#send(StartTls.encodeAnswer({}, tag));
    super.startTls(options).addErrback((error) => {
      log.warn("No TLS with {peer}: {error}", { peer: this.transport.peer, error });
    });
  }

  #switchTo(inner: Protocol): void {
    this.#isSwitching = true;
    this.#held = undefined;
    this.#inner = inner;
    if (inner.readConnectionLost !== undefined) this.readConnectionLost = () => inner.readConnectionLost?.();
    this.#asking.failAll(new LocalAmpError("The connection changed its protocol before the answer came"));
    this.transport.whenClosed().addCallback((reason) => inner.connectionLost(reason));
    const rest = this.#decoder.takeRest();
    try {
      inner.makeConnection(this.transport);
      if (rest.length > 0 && this.transport.connected) inner.dataReceived(rest);
    } catch (error) {
      this.transport.loseConnection();
      throw error;
    }
  }
}

/** A call's last argument, which may be left out if every argument may. */
export type CallValues<A extends Fields> =
  NoFields extends ValuesOf<A> ? [values?: ValuesOf<A>] : [values: ValuesOf<A>];

const StartTls: AnyCommand = command("StartTLS");
const NOBODY = new Responders();
const log = new Logger("ropewalk.amp");
