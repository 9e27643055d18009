/** Sorts words with a program that can: `node child-process.ts pear apple fig`. */
import { Deferred, ProcessDone, ProcessProtocol, type Reactor, react } from "ropewalk";

/** Gives a program its input, and keeps what it says. */
class Filter extends ProcessProtocol {
  readonly output: Deferred<string> = new Deferred();
  readonly #input: string;
  readonly #chunks: Uint8Array[] = [];

  constructor(input: string) {
    super();
    this.#input = input;
  }

  override connectionMade(): void {
    this.transport.write(this.#input);
    this.transport.closeStdin();
  }

  override outReceived(data: Uint8Array): void {
    this.#chunks.push(data);
  }

  override processEnded(reason: Error): void {
    if (reason instanceof ProcessDone) this.output.callback(Buffer.concat(this.#chunks).toString());
    else this.output.errback(reason);
  }
}

function sorted(reactor: Reactor, words: readonly string[]): Deferred<string[]> {
  const filter = new Filter(words.map((word) => `${word}\n`).join(""));
  reactor.spawnProcess(filter, "sort");
  return filter.output.addCallback((text) => text.split("\n").slice(0, -1));
}

await react(async (reactor) => {
  console.log((await sorted(reactor, process.argv.slice(2))).join(" "));
});
