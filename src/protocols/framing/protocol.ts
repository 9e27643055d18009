import { FrameProtocol } from "../../core/frame-protocol.ts";
import type { RemoteFrameError } from "./errors.ts";
import { encodeInt, IntDecoder, type PrefixBytes } from "./int-codec.ts";
import { encodeNetstring, type FrameSettings, NetstringDecoder } from "./netstring-codec.ts";

/**
 * What netstrings and length-prefixed frames share. Code that does not care which framing it gets can ask for this type.
 *
 * @example
 * ```ts
 * import { Int8Protocol, NetstringProtocol, type StringProtocol } from "ropewalk/framing";
 * import { MemoryTransport } from "ropewalk/testing";
 *
 * function greet(protocol: StringProtocol): string {
 *   const transport = new MemoryTransport();
 *   protocol.makeConnection(transport);
 *   protocol.sendString("hello");
 *   return transport.text();
 * }
 * console.log(greet(new NetstringProtocol())); // 5:hello,
 * console.log(greet(new Int8Protocol()).slice(1)); // hello
 * ```
 */
export abstract class StringProtocol extends FrameProtocol implements FrameSettings {
  /** Bytes in a received frame. Override or assign it; a change takes effect at the next frame. */
  maxLength: number = MAX_LENGTH;

  /** One frame, whole. */
  stringReceived(_data: Uint8Array): void {}

  /** The peer broke the framing, or its frame is too long. The connection closes after this, whatever it does. */
  frameRefused(_error: RemoteFrameError): void {}

  /** Sends one frame; a string goes as UTF-8. */
  abstract sendString(data: Uint8Array | string): void;

  /** The next frame, or what went wrong. */
  protected abstract nextFrame(): Uint8Array | RemoteFrameError | undefined;

  protected override deliverFrame(): boolean {
    const frame = this.nextFrame();
    if (frame === undefined) return false;
    if (frame instanceof Uint8Array) {
      this.stringReceived(frame);
      return true;
    }
    try {
      this.frameRefused(frame);
    } finally {
      this.transport.loseConnection();
    }
    return false;
  }
}

/**
 * Frames as netstrings: `5:hello,`. What is not one, down to a length with a leading zero, closes the connection.
 *
 * @example
 * ```ts
 * import { NetstringProtocol } from "ropewalk/framing";
 * import { MemoryTransport } from "ropewalk/testing";
 *
 * class Echo extends NetstringProtocol {
 *   override stringReceived(data: Uint8Array): void {
 *     this.sendString(data);
 *   }
 * }
 * const echo = new Echo();
 * const transport = new MemoryTransport();
 * echo.makeConnection(transport);
 * echo.dataReceived(new TextEncoder().encode("5:hello,2:h"));
 * console.log(transport.text()); // 5:hello,
 * ```
 */
export class NetstringProtocol extends StringProtocol {
  #decoder: NetstringDecoder = new NetstringDecoder(this);

  override sendString(data: Uint8Array | string): void {
    this.transport.write(encodeNetstring(data));
  }

  protected override bytesReceived(data: Uint8Array): void {
    this.#decoder.push(data);
  }

  protected override discardBytes(): void {
    this.#decoder = new NetstringDecoder(this);
  }

  protected override nextFrame(): Uint8Array | RemoteFrameError | undefined {
    return this.#decoder.next();
  }
}

/**
 * What Int8Protocol, Int16Protocol and Int32Protocol share. `sendString` throws LocalFrameLengthError if the prefix cannot
 * say the length.
 *
 * @example
 * ```ts
 * import { Int8Protocol, IntProtocol, NetstringProtocol } from "ropewalk/framing";
 *
 * console.log(new Int8Protocol() instanceof IntProtocol); // true
 * console.log(new NetstringProtocol() instanceof IntProtocol); // false
 * ```
 */
export abstract class IntProtocol extends StringProtocol {
  readonly #prefixBytes: PrefixBytes;
  #decoder: IntDecoder;

  constructor(prefixBytes: PrefixBytes) {
    super();
    this.#prefixBytes = prefixBytes;
    this.#decoder = new IntDecoder(prefixBytes, this);
  }

  override sendString(data: Uint8Array | string): void {
    this.transport.write(encodeInt(this.#prefixBytes, data));
  }

  protected override bytesReceived(data: Uint8Array): void {
    this.#decoder.push(data);
  }

  protected override discardBytes(): void {
    this.#decoder = new IntDecoder(this.#prefixBytes, this);
  }

  protected override nextFrame(): Uint8Array | RemoteFrameError | undefined {
    return this.#decoder.next();
  }
}

/**
 * Frames of at most 255 bytes, each after one byte that says how many.
 *
 * @example
 * ```ts
 * import { Int8Protocol } from "ropewalk/framing";
 * import { MemoryTransport } from "ropewalk/testing";
 *
 * const protocol = new Int8Protocol();
 * const transport = new MemoryTransport();
 * protocol.makeConnection(transport);
 * protocol.sendString("hi");
 * console.log(transport.bytes().toString()); // 2,104,105
 * ```
 */
export class Int8Protocol extends IntProtocol {
  constructor() {
    super(1);
  }
}

/**
 * Frames of at most 65 535 bytes, each after two bytes that say how many, most significant first.
 *
 * @example
 * ```ts
 * import { Int16Protocol } from "ropewalk/framing";
 * import { MemoryTransport } from "ropewalk/testing";
 *
 * const protocol = new Int16Protocol();
 * const transport = new MemoryTransport();
 * protocol.makeConnection(transport);
 * protocol.sendString("hi");
 * console.log(transport.bytes().toString()); // 0,2,104,105
 * ```
 */
export class Int16Protocol extends IntProtocol {
  constructor() {
    super(2);
  }
}

/**
 * Frames after four bytes that say how many bytes follow, most significant first. `maxLength` allows 99 999 unless told
 * otherwise.
 *
 * @example
 * ```ts
 * import { Int32Protocol } from "ropewalk/framing";
 * import { MemoryTransport } from "ropewalk/testing";
 *
 * class Sizes extends Int32Protocol {
 *   override maxLength = 1_000_000;
 *   override stringReceived(data: Uint8Array): void {
 *     console.log(data.length);
 *   }
 * }
 * const sizes = new Sizes();
 * sizes.makeConnection(new MemoryTransport());
 * sizes.dataReceived(new Uint8Array([0, 0, 0, 2, 104, 105])); // 2
 * ```
 */
export class Int32Protocol extends IntProtocol {
  constructor() {
    super(4);
  }
}

/** Twisted's limit, for netstrings the five digits that qmail's peers expect; a connection holds this much at most. */
const MAX_LENGTH = 99_999;
