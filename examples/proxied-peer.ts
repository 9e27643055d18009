/**
 * Tells each client who it is taken for, behind a proxy that says so: `node proxied-peer.ts haproxy:tcp:8083`,
 * then `curl --haproxy-protocol telnet://localhost:8083`.
 */
import { formatAddress, listen, Protocol, run } from "ropewalk";
import { proxyHeaderOf } from "ropewalk/haproxy"; // brings the endpoint type "haproxy:", too

class Mirror extends Protocol {
  override connectionMade(): void {
    const { peer } = this.transport;
    const header = proxyHeaderOf(peer);
    const how = header === undefined ? "directly" : `by a proxy that speaks version ${header.version}`;
    this.transport.write(`You are ${formatAddress(peer)}, and came ${how}\r\n`);
    this.transport.loseConnection();
  }
}

const [endpoint = "haproxy:tcp:8083:interface=127.0.0.1"] = process.argv.slice(2);

await run(async (reactor) => {
  const port = await listen(reactor, endpoint, () => new Mirror());
  console.log(`Listening on ${formatAddress(port.address)}`);
});
