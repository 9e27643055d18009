/** Stays in a room that remembers (`main.js --remember`) and misses nothing: `node build/examples/chat/stay.js tcp:localhost:1400 Ann`. */
import { run } from "ropewalk";
import { LineProtocol } from "ropewalk/line";
import { Guest } from "./guest.ts";

const [endpoint = "tcp:localhost:1400", name = "Ann"] = process.argv.slice(2);

class Terminal extends LineProtocol {
  override delimiter = "\n";
  readonly #guest: Guest;

  constructor(guest: Guest) {
    super();
    this.#guest = guest;
  }

  override connectionMade(): void {
    this.#guest.heard = (_number, line) => this.sendLine(line);
    this.#guest.start();
  }

  override lineReceived(line: string): void {
    if (!this.#guest.say(line)) this.sendLine("(not connected: nobody heard that)");
  }
}

await run(async (reactor) => {
  const guest = new Guest(reactor, endpoint, name);
  reactor.addTrigger("before", "shutdown", () => guest.stop());
  const terminal = await reactor.openStdio(() => new Terminal(guest));
  terminal.transport.whenClosed().addCallback(() => reactor.stop());
});
