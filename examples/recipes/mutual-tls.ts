/** Only who has a certificate of ours gets in: `node mutual-tls.ts`. */
import { formatAddress, listen, run } from "ropewalk";
import { LineProtocol } from "ropewalk/line";

class Vault extends LineProtocol {
  override acceptBareNewline = true;
  #name = "";

  // After the handshake: whoever is here has shown a certificate that ca.pem vouches for.
  override connectionMade(): void {
    const subject = this.transport.tls?.peerCertificate?.subject ?? "";
    this.#name = /^CN=(.+)$/m.exec(subject)?.[1] ?? "nameless";
  }

  override lineReceived(line: string): void {
    this.sendLine(`${this.#name} says ${line}`);
  }
}

const files = "cert=localhost.pem:key=localhost.key:clientCa=ca.pem";
const [endpoint = `tls:8443:interface=127.0.0.1:${files}`] = process.argv.slice(2);

await run(async (reactor) => {
  const port = await listen(reactor, endpoint, () => new Vault());
  console.log(`Listening on ${formatAddress(port.address)}`);
});
