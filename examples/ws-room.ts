/**
 * A room over WebSocket, `node build/examples/ws-room.js tcp:8080:interface=127.0.0.1`: who says something is heard by all the
 * others. A guest, `node build/examples/ws-room.js ws://127.0.0.1:8080/`, says each line that is typed.
 */
import { createInterface } from "node:readline";
import { formatAddress, listen, type Reactor, react, run } from "ropewalk";
import { Broadcast, connectWebSocket, WebSocketProtocol, webSocketFactory } from "ropewalk/websocket";

const room = new Broadcast<Member>();
class Member extends WebSocketProtocol {
  override connectionMade(): void {
    room.add(this);
  }
  override messageReceived(data: string | Uint8Array): void {
    room.send(data, this);
  }
}
class Guest extends WebSocketProtocol {
  override messageReceived(data: string | Uint8Array): void {
    console.log(data);
  }
}

async function serve(reactor: Reactor): Promise<void> {
  const port = await listen(
    reactor,
    where,
    webSocketFactory(reactor, () => new Member()),
  );
  console.log(`Listening on ${formatAddress(port.address)}`);
}
async function join(reactor: Reactor, signal: AbortSignal): Promise<void> {
  await using guest = await connectWebSocket(reactor, where, () => new Guest());
  for await (const line of createInterface({ input: process.stdin, signal })) guest.sendMessage(line);
}

const [where = "tcp:8080:interface=127.0.0.1"] = process.argv.slice(2);
await (where.startsWith("ws") ? react(join) : run(serve));
