/** Turns to TLS in mid-stream: `node starttls.ts tcp:8000 cert.pem key.pem`. */
import { formatAddress, Logger, listen, run, type TlsIdentity } from "ropewalk";
import { LineProtocol } from "ropewalk/line";

const log = new Logger("starttls");

class Guest extends LineProtocol {
  override acceptBareNewline = true;
  readonly #identity: TlsIdentity;

  constructor(identity: TlsIdentity) {
    super();
    this.#identity = identity;
  }

  override lineReceived(line: string): void {
    const { tls } = this.transport;
    if (tls !== undefined) {
      this.sendLine(`Hello, ${line}. Nobody else heard that: ${tls.protocol}`);
    } else if (line === "STARTTLS") {
      this.sendLine("Go ahead"); // leaves in clear; what is written from here on waits for the handshake
      this.startTls({ side: "server", tls: { identity: this.#identity } }).addErrback((error: Error) => {
        log.warn("No TLS with {peer}: {error}", { peer: formatAddress(this.transport.peer), error });
      });
    } else {
      this.sendLine("Say STARTTLS first");
    }
  }
}

const [endpoint = "tcp:8000:interface=127.0.0.1", certFile = "cert.pem", keyFile = "key.pem"] = process.argv.slice(2);

await run(async (reactor) => {
  const identity = { cert: await reactor.files.read(certFile), key: await reactor.files.read(keyFile) };
  const port = await listen(reactor, endpoint, () => new Guest(identity));
  console.log(`Listening on ${formatAddress(port.address)}`);
});
