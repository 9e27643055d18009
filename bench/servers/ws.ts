/** npm's ws, as its README shows it. Modes as in ropewalk.ts. */
import type { AddressInfo } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";

const modes: Record<string, (socket: WebSocket) => void> = {
  websocket: (socket) => socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary })),
  broadcast: (socket) => {
    socket.on("message", (data, isBinary) => {
      for (const client of server.clients) client.send(data, { binary: isBinary });
    });
  },
};

const serve = modes[process.argv[2] ?? ""];
if (serve === undefined) throw new Error(`Unknown mode "${process.argv[2]}": use one of ${Object.keys(modes)}`);
process.stdin.resume().on("end", () => process.exit(0));
const server = new WebSocketServer({ port: 0, host: "127.0.0.1", perMessageDeflate: false });
server.on("listening", () => console.log(`port ${(server.address() as AddressInfo).port}`));
server.on("connection", serve);
