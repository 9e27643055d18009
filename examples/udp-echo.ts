/** Sends each datagram back: `node udp-echo.ts 127.0.0.1 8000`. */
import { DatagramProtocol, formatAddress, run, type UdpAddress } from "ropewalk";

class Echo extends DatagramProtocol {
  override datagramReceived(data: Uint8Array, from: UdpAddress): void {
    this.transport.write(data, from);
  }
}

const [host = "127.0.0.1", port = "8000"] = process.argv.slice(2);

await run(async (reactor) => {
  const { local } = await reactor.listenUdp({ host, port: Number(port) }, new Echo());
  console.log(`Listening on ${formatAddress(local)}`);
});
