import { Socket, type SocketConstructorOpts } from "node:net";

/** What a socket is made of that is connected already: a descriptor, or a handle of Node's. */
export interface Connected {
  readonly fd?: number | undefined;
  readonly handle?: object | undefined;
}

/** Whom a socket tells what happens to it. */
export interface SocketOwner {
  inputEnded(): void;
  broke(error: Error): void;
  gone(): void;
  readInto(length: number, buffer: Uint8Array): boolean;
}

/**
 * A socket that tells its one owner directly: bytes by `onread`, past the stream machinery, and its end, error and close past
 * the lists of listeners, whose weight on an idle connection is a tenth of the whole.
 */
export class DirectSocket extends Socket {
  /** Undefined while it is dialled, and again when somebody else takes over: then events go to listeners only. */
  owner: SocketOwner | undefined = undefined;

  /** `nextBuffer` is asked for a buffer when the socket is made, and again after each read (see ReadBuffers). */
  constructor(reader: SocketOwner, nextBuffer: () => Uint8Array, connected: Connected) {
    // The types know `onread` of connect() only; the constructor takes it too, and that is where connect() passes it.
    // Spread, not written out: measured, V8 then makes each socket six hundred bytes smaller.
    const options = {
      ...connected,
      allowHalfOpen: true,
      onread: { buffer: nextBuffer, callback: (length: number, buffer: Uint8Array) => reader.readInto(length, buffer) },
    };
    super(options as SocketConstructorOpts);
  }

  override emit(event: string | symbol, ...args: unknown[]): boolean {
    const { owner } = this;
    if (owner !== undefined) {
      if (event === "end") owner.inputEnded();
      else if (event === "close") owner.gone();
      else if (event === "error") {
        owner.broke(args[0] as Error);
        // Without listeners, EventEmitter would throw it.
        return true;
      }
    }
    return super.emit(event, ...(args as []));
  }
}
