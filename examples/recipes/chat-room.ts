/** A room for people with `nc`; the first line is a name: `node chat-room.ts tcp:1400`. */
import { formatAddress, listen, run } from "ropewalk";
import { LineProtocol } from "ropewalk/line";
import { escapeControls } from "ropewalk/log";
import { limitConnections } from "ropewalk/policies";

const members = new Map<string, LineProtocol>(); // the room: it outlives the connections

function tell(line: string): void {
  for (const member of members.values()) member.sendLine(line);
}

class Member extends LineProtocol {
  override acceptBareNewline = true; // as `nc` sends it
  #name = "";

  override lineReceived(received: string): void {
    const line = escapeControls(received); // steers nobody's terminal
    if (this.#name !== "") tell(`${this.#name}: ${line}`);
    else if (line === "" || members.has(line)) this.sendLine("Another name, please");
    else {
      this.#name = line;
      members.set(line, this);
      tell(`${line} came`);
    }
  }
  override writingPaused(): void {
    this.transport.abortConnection(); // who does not read must not fill our memory
  }
  override connectionLost(): void {
    if (members.delete(this.#name)) tell(`${this.#name} left`);
  }
}

await run(async (reactor) => {
  const room = limitConnections(() => new Member(), { total: 500, perPeer: 20 });
  const port = await listen(reactor, process.argv[2] ?? "tcp:1400:interface=127.0.0.1", room);
  console.log(`Listening on ${formatAddress(port.address)}`);
});
