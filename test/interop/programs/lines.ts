/**
 * A server of lines on each endpoint that it is given: `lines.js stdio:`. It says where it is, answers in capitals, leaves at
 * "bye", and tells on standard error how each connection ended. With standard input and output it ends when they do.
 */
import { listen, run } from "ropewalk";
import { LineProtocol } from "ropewalk/line";

class Capitals extends LineProtocol {
  override acceptBareNewline = true;
  override delimiter = "\n";
  readonly #endpoint: string;
  readonly #left: () => void;

  constructor(endpoint: string, left: () => void) {
    super();
    this.#endpoint = endpoint;
    this.#left = left;
  }

  override connectionMade(): void {
    this.sendLine(`this is ${this.#endpoint}`);
  }

  override lineReceived(line: string): void {
    this.sendLine(line.toUpperCase());
    if (line === "bye") this.transport.loseConnection();
  }

  override connectionLost(reason: Error): void {
    console.error(`lost ${reason.name}`);
    this.#left();
  }
}

await run(async (reactor) => {
  for (const endpoint of process.argv.slice(2)) {
    const left = endpoint === "stdio:" ? () => reactor.stop() : () => {};
    const { address } = await listen(reactor, endpoint, () => new Capitals(endpoint, left));
    console.error(`listening on ${JSON.stringify(address)}`);
  }
});
