/** A program as a list of services: `npx twistd -f shop.ts` starts and stops them. */
import { deferLater, Protocol, type Reactor } from "ropewalk";
import { Application, Service, StreamServerService } from "ropewalk/app";

class Room extends Service {
  constructor(name: string) {
    super();
    this.name = name;
  }
  override startService(reactor: Reactor): unknown {
    return deferLater(reactor, 100, () => console.log(`${this.name} is open`));
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
const services = [new Room("cellar"), new Room("shop"), till];
export const application = new Application({ name: "shop", services });
