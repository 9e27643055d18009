/** Three ways to end a connection, and what the peer gets of what was written. */
import { Protocol } from "ropewalk";
import { MemoryTransport } from "ropewalk/testing";

type Ending = "loseConnection" | "abortConnection" | "loseWriteConnection";

class Speaker extends Protocol {
  readonly #ending: Ending;
  constructor(ending: Ending) {
    super();
    this.#ending = ending;
  }
  override connectionMade(): void {
    this.transport.write("all ");
    this.transport.write("of it");
    this.transport[this.#ending]();
    this.transport.write(" and more"); // after the end: nothing happens
  }
}

for (const ending of ["loseConnection", "loseWriteConnection", "abortConnection"] as const) {
  const transport = new MemoryTransport();
  transport.attach(new Speaker(ending));
  transport.settle();
  const heard = `the peer got "${transport.text()}"`;
  console.log(`${ending}: ${heard}, connected: ${transport.connected}`);
}
