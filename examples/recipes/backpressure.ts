/** A file for each, at the pace at which it is read: `node backpressure.ts big.bin`. */
import { formatAddress, listen, type OpenFile, Protocol, run } from "ropewalk";

class Sender extends Protocol {
  readonly #file: OpenFile;
  #offset = 0;
  constructor(file: OpenFile) {
    super();
    this.#file = file;
  }
  // Asked for more each time the peer has taken everything, and not before.
  override connectionMade(): void {
    this.transport.registerProducer({ resumeProducing: () => this.#sendMore(), stopProducing: () => {} }, "pull");
  }
  override connectionLost(reason: Error): void {
    console.log(`${reason.name} after ${this.#offset} bytes`);
  }
  #sendMore(): void {
    const reading = this.#file.read(this.#offset, 65_536).addCallback((chunk) => this.#send(chunk));
    reading.addErrback((error: Error) => {
      this.transport.abortConnection();
      throw error; // for the log
    });
  }
  #send(chunk: Uint8Array): void {
    this.#offset += chunk.length;
    this.transport.write(chunk);
    if (chunk.length > 0) return;
    this.transport.unregisterProducer(); // the end of the file
    this.transport.loseConnection();
  }
}

await run(async (reactor) => {
  const [path = "big.bin", endpoint = "tcp:8000:interface=127.0.0.1"] = process.argv.slice(2);
  const file = await reactor.files.open(path);
  const port = await listen(reactor, endpoint, () => new Sender(file));
  console.log(`Listening on ${formatAddress(port.address)}`);
});
