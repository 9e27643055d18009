/** Folders and ports of a test's own. */
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** What `TestContext` and the `after` hook of a file have in common. */
export interface Afterwards {
  after(step: () => unknown): void;
}

/** An empty folder that goes with the test. Its name is short: a UNIX socket's path has 107 bytes. */
export function temporaryFolder(t: Afterwards): string {
  const folder = mkdtempSync(join(tmpdir(), "ropewalk-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A TCP port of 127.0.0.1 that was free just now: for programs that cannot choose one and say which. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}

/** A script of test/interop/peers/, by its name. */
export function peerScript(name: string): string {
  return `${SOURCES}peers/${name}`;
}

/** A built program of test/interop/programs/, by its name without the ending. */
export function ownProgram(name: string): string {
  return fileURLToPath(new URL(`../programs/${name}.js`, import.meta.url));
}

/** The folder test/interop as it is in the checkout; this module runs from build/test/interop/support/. */
const SOURCES = fileURLToPath(new URL("../../../../test/interop/", import.meta.url));
