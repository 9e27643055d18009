/** One class, twice: with its peer played by the program, and over a socket. */
import { connect, listen, react } from "ropewalk";
import { LineProtocol } from "ropewalk/line";
import { MemoryTransport } from "ropewalk/testing";

class Greeter extends LineProtocol {
  override lineReceived(name: string): void {
    this.sendLine(`Hello, ${name}!`);
    this.transport.loseConnection();
  }
}

class Guest extends LineProtocol {
  override lineReceived(line: string): void {
    console.log(`socket: ${line}`);
  }
}

const memory = new MemoryTransport();
memory.attach(new Greeter());
memory.remote.write("Ann\r\n");
console.log(`memory: ${memory.text().trim()}`);

await react(async (reactor) => {
  await listen(reactor, "unix:greeter.sock", () => new Greeter());
  const guest = await connect(reactor, "unix:greeter.sock", () => new Guest());
  guest.sendLine("Ann");
  await guest.transport.whenClosed();
});
