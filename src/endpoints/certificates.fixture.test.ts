/** What the tests of TLS endpoints share: certificates made on the spot, real files, and where to run. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import type { Reactor } from "../core/reactor.ts";
import { NodeReactor } from "../reactor/node-reactor.ts";
import { Simulation } from "../sim/index.ts";

/** A folder that is gone after the tests of the file. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "ropewalk-"));
  after(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** Writes a self-signed certificate for `names` and its key, and returns the certificate. */
export function makeCertificate(certPath: string, keyPath: string, subject: string, names: readonly string[]): string {
  const alternatives = names.map((name) => (/^[\d.]+$/.test(name) ? `IP:${name}` : `DNS:${name}`)).join(",");
  execFileSync(
    "openssl",
    [
      ..."req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2".split(" "),
      ...["-subj", `/CN=${subject}`, "-keyout", keyPath, "-out", certPath],
      ...(names.length === 0 ? [] : ["-addext", `subjectAltName=${alternatives}`]),
    ],
    { stdio: "pipe" },
  );
  return readFileSync(certPath, "utf8");
}

/** A reactor with real sockets. */
export function newReactor(): Reactor {
  return new NodeReactor();
}

/** Registers a test twice: on real sockets, and on a simulated machine that has the files of `folder`. */
export function testOnBoth(name: string, folder: string, body: (reactor: Reactor) => Promise<void>): void {
  test(name, () => body(newReactor()));
  test(`${name}, simulated`, async () => {
    const sim = new Simulation({ seed: 1 });
    const { disk, reactor } = sim.host("localhost");
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      if (entry.isFile()) disk.put(path, readFileSync(path));
    }
    await sim.run(() => body(reactor));
  });
}
