/** TLS on the simulator: OpenSSL's own handshakes and ciphertext, over bytes that a seed delays, cuts and loses. */
import { startTlsConformance, transportConformance } from "ropewalk/testing";
import { makeIdentity } from "./identity.ts";
import { SimWorld, type SimWorldOptions } from "./sim-world.ts";

const identity = makeIdentity();
const badLine = { link: { latencyMs: 1, jitterMs: 2 }, dataLoss: 0.02 };

transportConformance("simulated TLS in one host", () => new SimWorld({ kind: "tcp", identity }));
transportConformance("simulated TLS between hosts", () => new SimWorld({ kind: "hosts", identity }));
transportConformance("simulated TLS on a bad line", () => new SimWorld({ kind: "hosts", identity, ...badLine }));
transportConformance("simulated TLS over UNIX", () => new SimWorld({ kind: "unix", identity }));

const startTls = {
  server: { identity },
  client: { trustRoots: identity.cert, servername: "localhost" },
  mistrustful: { servername: "localhost" },
};
const worlds: Readonly<Record<string, SimWorldOptions>> = {
  "simulated TCP in one host": { kind: "tcp" },
  "simulated TCP between hosts": { kind: "hosts" },
  "simulated TCP on a bad line": { kind: "hosts", ...badLine },
};
for (const [name, options] of Object.entries(worlds)) {
  startTlsConformance(name, () => Object.assign(new SimWorld(options), { tls: startTls }));
}
