import { joinBytes } from "../../wire/join-bytes.ts";
import { PORTABLE_TEXT } from "../../wire/text-portable.ts";
import type { Descriptors, Inbox } from "./descriptors.ts";

/** Only a host makes terminals. */
export let makeTerminal: (descriptors: Descriptors) => SimTerminal;

/**
 * Standard input and output of the process that runs on a simulated host: the test types, and reads what the program wrote.
 * A program that starts anew gets a new one.
 *
 * @example
 * ```ts
 * import { Protocol } from "ropewalk";
 * import { Simulation } from "ropewalk/sim";
 *
 * class Shout extends Protocol {
 *   override dataReceived(data: Uint8Array): void {
 *     this.transport.write(new TextDecoder().decode(data).toUpperCase());
 *   }
 * }
 * const sim = new Simulation({ seed: 1 });
 * const host = sim.host("a", { program: (reactor) => reactor.openStdio(() => new Shout()) });
 * host.stdio.write("hello");
 * await sim.advance(1);
 * console.log(host.stdio.text()); // HELLO
 * ```
 */
export class SimTerminal {
  /** The program has closed its standard output. */
  isClosed = false;
  readonly #input: Inbox;
  readonly #written: Map<number, Uint8Array[]> = new Map();

  static {
    makeTerminal = (descriptors) => new SimTerminal(descriptors);
  }

  private constructor({ inputs, outputs }: Descriptors) {
    this.#input = inputs.get(0) as Inbox;
    for (const descriptor of [1, 2]) {
      const pieces: Uint8Array[] = [];
      this.#written.set(descriptor, pieces);
      outputs.set(descriptor, {
        write: (data) => void pieces.push(data),
        close: () => {
          if (descriptor === 1) this.isClosed = true;
        },
      });
    }
  }

  /** Types: the program reads it in a turn of its own, cut anywhere. A string goes as UTF-8. */
  write(data: Uint8Array | string): void {
    this.#input.put(typeof data === "string" ? PORTABLE_TEXT.encodeUtf8(data) : new Uint8Array(data));
  }

  /** Ends the input: the program reads an end of file after what was typed. */
  end(): void {
    this.#input.end();
  }

  /** What the program wrote since the last `clear()`; descriptor 2 is standard error. */
  bytes(descriptor: 1 | 2 = 1): Uint8Array {
    return joinBytes(this.#written.get(descriptor) ?? []);
  }

  /** `bytes` as UTF-8 text. */
  text(descriptor: 1 | 2 = 1): string {
    return new TextDecoder().decode(this.bytes(descriptor));
  }

  /** Forgets what was written so far. */
  clear(): void {
    for (const pieces of this.#written.values()) pieces.length = 0;
  }
}
