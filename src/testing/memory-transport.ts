import type { Address } from "../core/address.ts";
import type { StreamOptions } from "../core/reactor.ts";
import type { Clock as ClockInterface } from "../core/time/clock.ts";
import type { TlsFacts } from "../core/tls.ts";
import { joinBytes } from "../wire/join-bytes.ts";
import { Clock } from "./clock.ts";
import { MemoryLoop } from "./memory-loop.ts";
import { MemoryRemote } from "./memory-remote.ts";
import { Pipe } from "./pipe.ts";
import { PipeTransport } from "./pipe-transport.ts";

/** What a MemoryTransport is to look like. Times in ms, sizes in bytes. */
export interface MemoryTransportOptions extends StreamOptions {
  readonly peer?: Address | undefined;
  readonly local?: Address | undefined;
  readonly tls?: TlsFacts | undefined;
  /** Tells the close timeout; default: a Clock of its own, which stands still. */
  readonly clock?: ClockInterface | undefined;
  /** For a transport that lives in a reactor: the loop whose turns it takes part in. */
  readonly loop?: MemoryLoop | undefined;
}

/**
 * One end of a connection whose other end is the test: what the protocol writes is visible at once, and `remote` does
 * what the peer does. Give it to a protocol with `attach(protocol)`; then it keeps every promise of a transport. With
 * `protocol.makeConnection(transport)` it can only be written to, for it does not know whom to call.
 *
 * @example
 * ```ts
 * import { Protocol } from "ropewalk";
 * import { MemoryTransport } from "ropewalk/testing";
 *
 * class Shout extends Protocol {
 *   override dataReceived(data: Uint8Array): void {
 *     this.transport.write(new TextDecoder().decode(data).toUpperCase());
 *   }
 *   override connectionLost(reason: Error): void {
 *     console.log(reason.name);
 *   }
 * }
 * const transport = new MemoryTransport();
 * transport.attach(new Shout());
 * transport.remote.write("hello");
 * console.log(transport.text()); // HELLO
 * transport.remote.end(); // ConnectionDone
 * ```
 */
export class MemoryTransport extends PipeTransport {
  /** The other end. */
  readonly remote: MemoryRemote;
  readonly #taken: Uint8Array[] = [];

  constructor(options: MemoryTransportOptions = {}) {
    const loop = options.loop ?? new MemoryLoop(options.clock ?? new Clock(), { selfDriven: true });
    const incoming = new Pipe(Number.POSITIVE_INFINITY);
    const outgoing = new Pipe(0);
    super(loop, incoming, outgoing, { ...options, peer: options.peer ?? PEER, local: options.local ?? LOCAL });
    this.remote = new MemoryRemote(loop, outgoing, incoming, (data) => this.#taken.push(data));
  }

  /** What the peer has taken since the last `clear()`. Unless it was told to stop, that is all that was written. */
  bytes(): Uint8Array {
    this.flush();
    return joinBytes(this.#taken);
  }

  /** `bytes()` as UTF-8 text. */
  text(): string {
    return new TextDecoder().decode(this.bytes());
  }

  /** `bytes()` in the pieces in which they left: one for each turn that wrote, if the peer takes all. */
  pieces(): readonly Uint8Array[] {
    this.flush();
    return [...this.#taken];
  }

  /** Forgets what the peer has taken so far. */
  clear(): void {
    this.flush();
    this.#taken.length = 0;
  }

  /** Does what is due now: flushes, and calls what comes "in the next turn", such as connectionLost. */
  settle(): void {
    this.loop.settle();
  }
}

const PEER: Address = { kind: "tcp", host: "192.0.2.1", port: 49_152, family: 4 };
const LOCAL: Address = { kind: "tcp", host: "192.0.2.2", port: 1_234, family: 4 };
