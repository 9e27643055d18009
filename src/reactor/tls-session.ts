import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import type { Deferred } from "../core/deferred/deferred.ts";
import type { TlsFacts } from "../core/tls.ts";
import type { StartTlsOptions } from "../core/transport.ts";
import { shakeHands } from "../tls/handshake.ts";
import { prepareListener } from "../tls/listener.ts";
import type { NodeLoop } from "./node-loop.ts";

export { prepareListener };

/** Shakes hands on a connected socket; fires when done and verified. The caller closes the socket on any failure. */
export function secureSocket(plain: Socket, options: StartTlsOptions, loop: NodeLoop): Deferred<TlsSession> {
  return shakeHands(plain, options, loop).addCallback(({ socket, facts }) => new TlsSession(plain, socket, facts));
}

/** A handshake on a connected plain socket, and what came of it. */
export class TlsSession {
  readonly plain: Socket;
  readonly socket: TLSSocket;
  readonly facts: TlsFacts;
  /** The stream ended without close_notify, so what came may be cut short. Known once `noteEnd` was called. */
  endedEarly = false;
  #mark = 0;
  #justRead = false;

  constructor(plain: Socket, socket: TLSSocket, facts: TlsFacts) {
    this.plain = plain;
    this.socket = socket;
    this.facts = facts;
    socket.on("data", () => this.#progress());
    socket.on("session", () => this.#progress());
    // The listeners above must not start the flow: the transport does, when its protocol is there.
    socket.pause();
    this.#progress();
  }

  /**
   * Called when the end of the stream comes: finds out whether it is the descriptor's without TLS's own close_notify. Node
   * reports both alike, so this is told from the outside: a close_notify is an alert record of its own, so ciphertext of
   * about its size must have come since the last thing that TLS reported, or in the same turn with that.
   */
  noteEnd(): void {
    const unexplained = this.plain.bytesRead - this.#mark;
    this.endedEarly = !this.#justRead && (unexplained < SMALLEST_ALERT_BYTES || unexplained > LARGEST_ALERT_BYTES);
  }

  #progress(): void {
    this.#mark = this.plain.bytesRead;
    if (this.#justRead) return;
    this.#justRead = true;
    setImmediate(() => {
      this.#justRead = false;
    });
  }
}

/** A record header, an alert of two bytes, and the smallest tag in use: AES-CCM-8, or ChaCha20 in TLS 1.2. */
const SMALLEST_ALERT_BYTES = 23;

/** The same with CBC: header, explicit IV, and alert, SHA-384 and padding in whole blocks. */
const LARGEST_ALERT_BYTES = 85;
