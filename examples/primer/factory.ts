/** Each connection has a protocol of its own; the factory holds what they share. */
import type { Factory } from "ropewalk";
import { LineProtocol } from "ropewalk/line";
import { MemoryReactor } from "ropewalk/testing";

class Counter implements Factory<Guest> {
  visits = 0;
  buildProtocol(): Guest {
    return new Guest(this);
  }
}

class Guest extends LineProtocol {
  readonly #counter: Counter;
  constructor(counter: Counter) {
    super();
    this.#counter = counter;
  }
  override connectionMade(): void {
    this.#counter.visits += 1;
    this.sendLine(`You are visitor ${this.#counter.visits}`);
  }
}

const reactor = new MemoryReactor();
await reactor.listenTcp({ port: 8000 }, new Counter());
for (let n = 1; n <= 3; n += 1) console.log(reactor.dial(8000).text().trim());
