/** Says each line that is typed, and prints what it hears: `node websocket-client.ts ws://127.0.0.1:8080/room`. */
import { createInterface } from "node:readline";
import { react } from "ropewalk";
import { connectWebSocket, WebSocketProtocol } from "ropewalk/websocket";

class Guest extends WebSocketProtocol {
  override messageReceived(data: string | Uint8Array): void {
    console.log(data);
  }
  override closeReceived(code: number, reason: string): void {
    console.error(`Closed: ${code} ${reason}`);
  }
}

const [url = "ws://127.0.0.1:8080/room"] = process.argv.slice(2);

await react(async (reactor, signal) => {
  const guest = await connectWebSocket(reactor, url, () => new Guest(), { timeoutMs: 10_000 });
  const lines = createInterface({ input: process.stdin, signal });
  const closed = guest.transport.whenClosed().addBoth(() => lines.close());
  for await (const line of lines) guest.sendMessage(line);
  guest.close();
  await closed;
});
