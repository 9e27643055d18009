/** When connectionMade is called, on both sides of one connection. */
import { connect, listen, Protocol } from "ropewalk";
import { MemoryReactor } from "ropewalk/testing";

class Side extends Protocol {
  readonly name: string;
  constructor(name: string) {
    super();
    this.name = name;
    console.log(`${name}: constructor, there is no transport yet`);
  }
  override connectionMade(): void {
    console.log(`${this.name}: connectionMade, with a transport`);
  }
}

const reactor = new MemoryReactor({ network: true });
await listen(reactor, "tcp:8000", () => new Side("server"));
console.log("listening: nobody has come, so there is no protocol");

const calling = connect(reactor, "tcp:localhost:8000", () => new Side("client"));
console.log("connecting: still none");
reactor.settle(); // let it happen
console.log(`connect has fired with the ${(await calling).name}`);
