/** Folders and ports of a test's own. */
import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer } from "node:net";
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

/** Waits until a program accepts connections on a port of 127.0.0.1: for those that do not say when they are ready. */
export async function accepting(port: number): Promise<void> {
  for (let left = PROBES; !(await canConnect(port)); left -= 1) {
    if (left === 0) throw new Error(`Nobody accepts connections on port ${port}, after ${PROBES} attempts`);
    await new Promise((resolve) => setTimeout(resolve, PROBE_INTERVAL_MS));
  }
}

function canConnect(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => resolve(false));
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

const PROBES = 200;
const PROBE_INTERVAL_MS = 50;
