import type { UdpAddress } from "../../core/address.ts";
import { DatagramProtocol } from "../../core/datagram.ts";
import { ConnectionDone } from "../../core/errors.ts";
import { FrameProtocol } from "../../core/frame-protocol.ts";
import { readSyslogMessage, type SyslogLimits } from "./codec.ts";
import { RemoteSyslogError } from "./errors.ts";
import type { SyslogMessage } from "./events.ts";
import { SyslogFrameDecoder, type SyslogFraming } from "./frame-codec.ts";

/** How a stream of messages is received. */
export interface SyslogProtocolOptions extends SyslogLimits {
  /** The only framing that is taken; default: either (RFC 6587 §3.4). RFC 5425 allows octet counting alone over TLS. */
  readonly framing?: SyslogFraming | undefined;
}

/**
 * Receives the messages of one connection, over TCP, TLS or anything else that carries a stream. One that is no message,
 * or too long, goes to `messageRefused`, and the next one is received as usual; the connection closes only if the framing
 * itself is broken. Nothing is ever answered: syslog has no answers.
 *
 * @example
 * ```ts
 * import { SyslogProtocol, type SyslogMessage } from "ropewalk/syslog";
 * import { MemoryTransport } from "ropewalk/testing";
 *
 * class Printer extends SyslogProtocol {
 *   override messageReceived({ appName, text }: SyslogMessage): void {
 *     console.log(appName, text);
 *   }
 * }
 * const printer = new Printer();
 * printer.makeConnection(new MemoryTransport());
 * printer.dataReceived(new TextEncoder().encode("<13>1 - - app - - - hello\n")); // app hello
 * ```
 */
export class SyslogProtocol extends FrameProtocol {
  readonly #limits: SyslogLimits;
  readonly #decoder: SyslogFrameDecoder;

  constructor(options: SyslogProtocolOptions = {}) {
    super();
    const { maxMessageBytes = MAX_MESSAGE_BYTES, framing } = options;
    this.#limits = { ...options, maxMessageBytes };
    this.#decoder = new SyslogFrameDecoder({ maxMessageBytes, framing });
  }

  /** One message. */
  messageReceived(_message: SyslogMessage): void {}

  /** Something that is no message, or breaks a limit. */
  messageRefused(_error: RemoteSyslogError): void {}

  /** A subclass that overrides this calls it first: it reports a message that the end cut off. */
  override connectionLost(reason: Error): void {
    // What a reset cut off says nothing about the peer.
    const error = reason instanceof ConnectionDone ? this.#decoder.end() : undefined;
    if (error !== undefined) this.messageRefused(error);
  }

  protected override bytesReceived(data: Uint8Array): void {
    this.#decoder.push(data);
  }

  protected override discardBytes(): void {
    while (this.#decoder.next() !== undefined);
  }

  protected override deliverFrame(): boolean {
    const frame = this.#decoder.next();
    if (frame === undefined) return false;
    if (frame instanceof Uint8Array) {
      deliver(this, frame, this.#limits);
    } else {
      if (this.#decoder.isBroken) this.transport.loseConnection();
      this.messageRefused(frame);
    }
    return true;
  }
}

/**
 * Receives messages over UDP, one a datagram (RFC 5426). The sender's address proves nothing: anybody can write any.
 *
 * @example
 * ```ts
 * import { SyslogDatagramProtocol, type SyslogMessage } from "ropewalk/syslog";
 * import { MemoryReactor } from "ropewalk/testing";
 *
 * class Printer extends SyslogDatagramProtocol {
 *   override messageReceived({ text }: SyslogMessage): void {
 *     console.log(text);
 *   }
 * }
 * const port = await new MemoryReactor().listenUdp({ port: 514 }, new Printer());
 * port.receive("<13>1 - - - - - - hello", { host: "192.0.2.1", port: 5000 }); // hello
 * ```
 */
export class SyslogDatagramProtocol extends DatagramProtocol {
  readonly #limits: SyslogLimits;

  constructor(limits: SyslogLimits = {}) {
    super();
    this.#limits = limits;
  }

  /** One message. */
  messageReceived(_message: SyslogMessage, _from: UdpAddress): void {}

  /** A datagram that is no message, or breaks a limit. */
  messageRefused(_error: RemoteSyslogError, _from: UdpAddress): void {}

  override datagramReceived(data: Uint8Array, from: UdpAddress): void {
    const receiver = {
      messageReceived: (message: SyslogMessage) => this.messageReceived(message, from),
      messageRefused: (error: RemoteSyslogError) => this.messageRefused(error, from),
    };
    deliver(receiver, data, this.#limits);
  }
}

interface Receiver {
  messageReceived(message: SyslogMessage): void;
  messageRefused(error: RemoteSyslogError): void;
}

/** Many senders end what they count, or a datagram, as they would a line: one line feed at the end is not in the text. */
function deliver(receiver: Receiver, data: Uint8Array, limits: SyslogLimits): void {
  const bytes = data.at(-1) === LF ? data.subarray(0, -1) : data;
  let message: SyslogMessage;
  try {
    message = readSyslogMessage(bytes, limits);
  } catch (error) {
    if (!(error instanceof RemoteSyslogError)) throw error;
    receiver.messageRefused(error);
    return;
  }
  receiver.messageReceived(message);
}

const LF = 0x0a;
/** RFC 5425 §4.3.1 recommends it; a connection holds this much of an unfinished message at most. */
const MAX_MESSAGE_BYTES = 8_192;
