/** A certificate for each name: `node tls-sni.ts tls:8443:sni=certificates`. */
import { formatAddress, listen, run } from "ropewalk";
import { LineProtocol } from "ropewalk/line";

class Greeter extends LineProtocol {
  override acceptBareNewline = true;

  // The handshake is over by now: its facts are known.
  override connectionMade(): void {
    const { servername, protocol } = this.transport.tls ?? {};
    this.sendLine(`This is ${servername ?? "no name in particular"}, over ${protocol ?? "no TLS at all"}`);
  }

  override lineReceived(line: string): void {
    this.sendLine(`You said ${line}`);
  }
}

const [endpoint = "tls:8443:interface=127.0.0.1:sni=certificates"] = process.argv.slice(2);

await run(async (reactor) => {
  const port = await listen(reactor, endpoint, () => new Greeter());
  console.log(`Listening on ${formatAddress(port.address)}`);
});
