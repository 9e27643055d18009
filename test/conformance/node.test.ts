/** The Node reactor keeps the promises that the suites of `ropewalk/testing` spell out. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import type { TlsIdentity } from "ropewalk";
import { reactorConformance, startTlsConformance, transportConformance } from "ropewalk/testing";
import { NodeWorld } from "./node-world.ts";

const folder = mkdtempSync(join(tmpdir(), "ropewalk-"));
after(() => rmSync(folder, { recursive: true }));

reactorConformance("Node", () => new NodeWorld({ kind: "tcp", folder }));
transportConformance("TCP", () => new NodeWorld({ kind: "tcp", folder }));
transportConformance("TCP through streams", () => new NodeWorld({ kind: "tcp", folder, acceptsDirectly: false }));
transportConformance("UNIX", () => new NodeWorld({ kind: "unix", folder }), { hidesResets: true });

const identity = makeIdentity();
transportConformance("TLS", () => new NodeWorld({ kind: "tcp", folder, identity }));
transportConformance(
  "TLS through streams",
  () => new NodeWorld({ kind: "tcp", folder, identity, acceptsDirectly: false }),
);

const startTls = {
  server: { identity },
  client: { trustRoots: identity.cert, servername: "localhost" },
  mistrustful: { servername: "localhost" },
};
for (const acceptsDirectly of [true, false]) {
  startTlsConformance(acceptsDirectly ? "TCP" : "TCP through streams", () =>
    Object.assign(new NodeWorld({ kind: "tcp", folder, acceptsDirectly }), { tls: startTls }),
  );
}
startTlsConformance("UNIX", () => Object.assign(new NodeWorld({ kind: "unix", folder }), { tls: startTls }));

function makeIdentity(): TlsIdentity {
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const kind = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost".split(
    " ",
  );
  const names = ["-addext", "subjectAltName=DNS:localhost"];
  execFileSync("openssl", [...kind, ...names, "-keyout", key, "-out", cert], { stdio: "pipe" });
  return { key: readFileSync(key), cert: readFileSync(cert) };
}
