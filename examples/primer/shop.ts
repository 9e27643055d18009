/** A program as a list of services, for twistd to start and stop: `npx twistd -f shop.ts`. */
import { deferLater, Protocol, type Reactor } from "ropewalk";
import { Application, Service, StreamServerService } from "ropewalk/app";

class Room extends Service {
  constructor(name: string) {
    super();
    this.name = name;
  }
  override startService(reactor: Reactor): unknown {
    return deferLater(reactor, 100, () => console.log(`${this.name} is open`)); // twistd waits for it
  }
  override stopService(): void {
    console.log(`${this.name} is closed`);
  }
}

class Till extends Protocol {
  override connectionMade(): void {
    this.transport.write("That is 7 euros\n");
    this.transport.loseConnection();
  }
}

const till = new StreamServerService("unix:till.sock", () => new Till());
export const application = new Application({ name: "shop", services: [new Room("cellar"), new Room("shop"), till] });
