/** A program as a list of services: made first, started in order, stopped in reverse. */
import { deferLater, type Reactor } from "ropewalk";
import { MultiService, Service, startTree } from "ropewalk/app";
import { MemoryReactor } from "ropewalk/testing";

class Room extends Service {
  constructor(name: string) {
    super();
    this.name = name;
  }
  override startService(reactor: Reactor): unknown {
    return deferLater(reactor, 100, () => console.log(`${this.name} is open`)); // what it gives is waited for
  }
  override stopService(): void {
    console.log(`${this.name} is closed`);
  }
}

const reactor = new MemoryReactor();
const house = new MultiService({ name: "house", services: [new Room("cellar"), new Room("shop")] });
const started = startTree(reactor, house);
reactor.advance(1_000);
await started;
await house.stopService();
