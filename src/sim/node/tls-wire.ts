import { Socket } from "node:net";

/**
 * The plain connection that Node's TLS believes to work on: what TLS sends goes to `sent`, and what the peer sent is given to
 * `push`. It is a Socket and no mere Duplex, because a TLS server tells only of a Socket which one a handshake was on.
 */
export class TlsWire extends Socket {
  readonly #sent: (ciphertext: Uint8Array) => void;

  constructor(sent: (ciphertext: Uint8Array) => void) {
    super({ allowHalfOpen: true });
    this.#sent = sent;
  }

  override _read(): void {}

  override _write(ciphertext: Uint8Array, _encoding: string, done: () => void): void {
    this.#sent(ciphertext);
    done();
  }

  override _writev(pieces: { chunk: Uint8Array }[], done: () => void): void {
    for (const { chunk } of pieces) this.#sent(chunk);
    done();
  }

  override _final(done: () => void): void {
    done();
  }
}
