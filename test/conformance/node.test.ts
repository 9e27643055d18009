/** The Node reactor keeps the promises that the suites of `ropewalk/testing` spell out. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { reactorConformance, startTlsConformance, transportConformance } from "ropewalk/testing";
import { makeIdentity } from "./identity.ts";
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
