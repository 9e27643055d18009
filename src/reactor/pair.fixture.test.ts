/** What the tests of Node's transports share: two ends on the loopback interface, and a certificate made on the spot. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import type { Port, StreamOptions } from "../core/reactor.ts";
import type { TlsClientOptions, TlsIdentity, TlsServerOptions } from "../core/tls.ts";
import { Recorder } from "../testing/recorder.ts";
import { NodeReactor } from "./node-reactor.ts";

export interface Pair<C extends Recorder, S extends Recorder> {
  readonly client: C;
  readonly server: S;
  readonly port: Port;
  readonly reactor: NodeReactor;
}

export interface PairOptions extends StreamOptions {
  readonly reactor?: NodeReactor;
  readonly serverTls?: TlsServerOptions;
  readonly clientTls?: TlsClientOptions;
}

/** A server's end and a client's end, connected by TCP; `StreamOptions` are for both. */
export async function pairOf<C extends Recorder = Recorder, S extends Recorder = Recorder>(
  options: PairOptions = {},
  client: C = new Recorder() as C,
  server: S = new Recorder() as S,
): Promise<Pair<C, S>> {
  const { reactor = new NodeReactor(), serverTls, clientTls, ...stream } = options;
  const port = await reactor.listenTcp(
    { ...stream, host: "127.0.0.1", port: 0, ...(serverTls && { tls: serverTls }) },
    () => server,
  );
  const where = { host: "127.0.0.1", port: portOf(port) };
  await reactor.connectTcp({ ...stream, ...where, ...(clientTls && { tls: clientTls }) }, () => client);
  while (!server.events.includes("made")) await turn();
  return { client, server, port, reactor };
}

/** Waits for connectionLost at both ends, and closes the port. */
export async function parted({ client, server, port }: Pair<Recorder, Recorder>): Promise<void> {
  await client.transport.whenClosed();
  await server.transport.whenClosed();
  await port.stopListening();
}

export function portOf({ address }: Port): number {
  if (address.kind !== "tcp") throw new Error(`A TCP port has no ${address.kind} address`);
  return address.port;
}

export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Lets turns go by until `condition` holds; the test's timeout ends it if it never does. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await turn();
}

/** A folder that is gone after the tests of the file. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "ropewalk-"));
  after(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** A self-signed identity for `localhost`. */
export function makeIdentity(folder: string): TlsIdentity {
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const kind = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost";
  const names = ["-addext", "subjectAltName=DNS:localhost"];
  execFileSync("openssl", [...kind.split(" "), ...names, "-keyout", key, "-out", cert], { stdio: "pipe" });
  return { key: readFileSync(key), cert: readFileSync(cert) };
}
