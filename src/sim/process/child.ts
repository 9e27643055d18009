import { Deferred } from "../../core/deferred/deferred.ts";
import { PORTABLE_TEXT } from "../../wire/text-portable.ts";
import type { SimProcess } from "../sim-process.ts";
import type { SimReactor } from "../sim-reactor.ts";

/**
 * A program that other programs of a simulated host can start by its name. What it returns, a number, is its exit status (0 if
 * it is nothing) when it settles; if it fails, that is logged and the status is 1. What it has open is closed before it ends,
 * gently; `child.exit` does not wait for that.
 */
export type ChildProgram = (child: SimChild) => unknown;

/** Only a host makes children. */
export let makeChild: (owner: SimProcess, reactor: SimReactor, started: Started) => SimChild;

/** What a child was started with. */
export interface Started {
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd: string;
}

/**
 * A process that another one started, as its own program sees it. It runs on the same host, with a reactor of its own.
 *
 * @example
 * ```ts
 * import { ProcessProtocol } from "ropewalk";
 * import { Simulation } from "ropewalk/sim";
 *
 * class Sorter extends ProcessProtocol {
 *   override connectionMade(): void {
 *     this.transport.write("b\na\n");
 *     this.transport.closeStdin();
 *   }
 *   override outReceived(data: Uint8Array): void {
 *     console.log(JSON.stringify(new TextDecoder().decode(data)));
 *   }
 *   override processEnded(reason: Error): void {
 *     console.log(reason.name);
 *   }
 * }
 * const sim = new Simulation({ seed: 1 });
 * const host = sim.host("a", {
 *   programs: {
 *     sort: async (child) => {
 *       let text = "";
 *       for await (const data of child.stdin) text += new TextDecoder().decode(data);
 *       child.write(text.split("\n").filter(Boolean).sort().join("\n"));
 *     },
 *   },
 * });
 * host.reactor.spawnProcess(new Sorter(), "sort");
 * await sim.advance(1); // "a\nb", then ProcessDone
 * ```
 */
export class SimChild {
  /** The name by which it was started. */
  readonly program: string;
  /** Arguments after the program's own name. */
  readonly args: readonly string[];
  /** The working directory that it was given; default "/". */
  readonly cwd: string;
  /** Its own: what it has open is closed when it ends. */
  readonly reactor: SimReactor;
  readonly #owner: SimProcess;
  readonly #waiting: Set<number> = new Set();

  static {
    makeChild = (owner, reactor, started) => new SimChild(owner, reactor, started);
  }

  private constructor(owner: SimProcess, reactor: SimReactor, { program, args, cwd }: Started) {
    this.#owner = owner;
    this.reactor = reactor;
    this.program = program;
    this.args = args;
    this.cwd = cwd;
  }

  get env(): Readonly<Record<string, string | undefined>> {
    return this.reactor.environment.variables;
  }

  /** What is written to standard input, until its end: chunks, cut anywhere. */
  get stdin(): AsyncIterable<Uint8Array> {
    return this.input(0);
  }

  /** `stdin` of another descriptor. */
  async *input(descriptor: number): AsyncGenerator<Uint8Array, void, void> {
    for (let data = await this.read(descriptor); data !== undefined; data = await this.read(descriptor)) yield data;
  }

  /**
   * The next chunk from a descriptor (0: standard input); undefined at its end, and of one that is no pipe.
   *
   * @throws Error if a read of that descriptor is under way.
   */
  read(descriptor: number = 0): Deferred<Uint8Array | undefined> {
    if (this.#waiting.has(descriptor)) {
      throw new Error(`Cannot read descriptor ${descriptor}: the read before has no result yet`);
    }
    const deferred = new Deferred<Uint8Array | undefined>(() => void this.#waiting.delete(descriptor));
    this.#waiting.add(descriptor);
    const input = this.#owner.descriptors.inputs.get(descriptor);
    const take = (): void => {
      if (deferred.called) return;
      const data = input?.read(Number.POSITIVE_INFINITY);
      if (data === undefined && input?.hasEnded === false) return;
      this.#waiting.delete(descriptor);
      deferred.callback(data);
    };
    if (input !== undefined) input.onReadable = () => this.#owner.soon(take);
    this.#owner.soon(take);
    return deferred;
  }

  /** Writes to standard output (1), or to another descriptor: 2 is standard error. A string goes as UTF-8. */
  write(data: Uint8Array | string, descriptor: number = 1): void {
    const bytes = typeof data === "string" ? PORTABLE_TEXT.encodeUtf8(data) : new Uint8Array(data);
    if (this.#owner.isAlive && bytes.length > 0) this.#owner.descriptors.write(descriptor, bytes);
  }

  /** Closes one of its descriptors. */
  close(descriptor: number): void {
    this.#owner.descriptors.close(descriptor);
  }

  /** Ends the process with a status, 0 to 255, whatever it is doing. Nothing of it happens after this turn. */
  exit(status: number = 0): void {
    if (!(Number.isInteger(status) && status >= 0 && status <= 255)) {
      throw new RangeError(`Cannot exit with status ${status}: give an integer from 0 to 255`);
    }
    this.#owner.exit({ exitCode: status });
  }
}
