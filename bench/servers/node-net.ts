/** `node:net` as people write it: events, strings, a write wherever there is something to say. Modes as in epoll.c. */
import { type AddressInfo, createServer, type Socket } from "node:net";
import { chunk, chunksPerAsk, mib } from "./wire.ts";

const modes: Record<string, (socket: Socket) => void> = { echo, lines, sink, source };

const serve = modes[process.argv[2] ?? ""];
if (serve === undefined) throw new Error(`Unknown mode "${process.argv[2]}": use one of ${Object.keys(modes)}`);
const server = createServer((socket) => {
  // Otherwise the second of two small writes waits for the peer's delayed acknowledgement, and the bench measures that.
  socket.setNoDelay(true);
  socket.on("error", () => socket.destroy());
  serve(socket);
});
server.listen(0, "127.0.0.1", () => console.log(`port ${(server.address() as AddressInfo).port}`));
process.stdin.resume().on("end", () => process.exit(0));

function echo(socket: Socket): void {
  socket.on("data", (data) => socket.write(data));
}

function lines(socket: Socket): void {
  let rest = "";
  socket.setEncoding("utf8");
  socket.on("data", (text) => {
    const parts = (rest + text).split("\r\n");
    rest = parts.pop() ?? "";
    for (const line of parts) socket.write(`${line}\r\n`);
  });
}

function sink(socket: Socket): void {
  let read = 0;
  socket.on("data", (data) => {
    for (let at = mib - (read % mib); at <= data.length; at += mib) socket.write(data.subarray(at - 1, at));
    read += data.length;
  });
}

function source(socket: Socket): void {
  let owed = 0;
  const pump = (): void => {
    while (owed > 0 && !socket.writableNeedDrain) {
      owed -= 1;
      socket.write(chunk);
    }
  };
  socket.on("drain", pump);
  socket.on("data", (data) => {
    owed += data.length * chunksPerAsk;
    pump();
  });
}
