/** Those whom the corpus is fed to: Node's own server, and nginx and haproxy in front of a backend that reads as we do. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, createServer, type Server } from "node:net";
import { join } from "node:path";
import { type Afterwards, accepting, freePort, temporaryFolder } from "../support/places.ts";
import { start } from "../support/program.ts";
import { addressOf, feed, type Heard, OwnReader, pathOf } from "./heard.ts";

export interface Case {
  readonly bytes: string;
  /** How many answers are worth waiting for. */
  readonly answers: number;
}

/** What came of one case. */
export interface Outcome {
  /** What the peer took for complete requests. */
  readonly said: readonly Heard[];
  /** What `Http1Connection` heard behind it; undefined if nothing stands behind. */
  readonly forwarded: readonly Heard[] | undefined;
  /** What `Http1Connection` refused behind it. */
  readonly refusals: readonly string[];
}

export async function throughNode(t: Afterwards, cases: readonly Case[]): Promise<Outcome[]> {
  const said = new Buckets();
  const port = await nodeServer(t, said);
  for (const [index, { bytes, answers }] of cases.entries())
    await feed(port, bytes, { answers, from: addressOf(index) });
  return cases.map((_, index) => ({ said: said.get(addressOf(index)), forwarded: undefined, refusals: [] }));
}

/** Through a proxy of ours, to a backend that reads as we do, or to Node. `said` is empty: what it should be is the question. */
export async function throughProxy(
  t: Afterwards,
  cases: readonly Case[],
  behind: "ours" | "node",
  serveProxy: (target: string) => Promise<number>,
): Promise<Outcome[]> {
  const backend = await Backend.start(t);
  const heard = new Buckets();
  const port = behind === "ours" ? backend.port : await nodeServer(t, heard);
  const outcomes = await throughFront(await serveProxy(`http://127.0.0.1:${port}`), backend, cases);
  if (behind === "ours") return outcomes;
  return outcomes.map((outcome, index) => ({ ...outcome, forwarded: heard.get(addressOf(index)) }));
}

/** Node's own server. It knows its clients by X-Forwarded-For, or by their address. */
async function nodeServer(t: Afterwards, said: Buckets): Promise<number> {
  const server = createHttpServer({ keepAliveTimeout: 0 }, (request, response) => {
    const parts: Buffer[] = [];
    const { "x-forwarded-for": forwardedFor } = request.headers;
    const client = typeof forwardedFor === "string" ? forwardedFor : (request.socket.remoteAddress ?? "");
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      const body = Buffer.concat(parts).toString("latin1");
      said.add(client, { method: request.method ?? "", target: pathOf(request.url ?? ""), body });
      response.end("ok");
    });
  });
  // Else it ends, with what it has not answered yet, as soon as the client has said all.
  (server as { httpAllowHalfOpen?: boolean }).httpAllowHalfOpen = true;
  return listening(t, server);
}

export async function throughNginx(t: Afterwards, cases: readonly Case[]): Promise<Outcome[]> {
  const backend = await Backend.start(t);
  const folder = temporaryFolder(t);
  const port = await freePort();
  const paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (name) => `${name}_temp_path ${folder}/${name};`,
  );
  const said = `{"client":"$remote_addr","method":"$request_method","target":"$request_uri","body":"$request_body","by":"$upstream_addr"}`;
  const config = `
    pid ${folder}/pid; worker_processes 1; events {}
    http {
      ${paths.join(" ")}
      log_format said escape=json '${said}';
      access_log ${folder}/said.log said;
      client_body_in_single_buffer on;
      upstream ours { server 127.0.0.1:${backend.port} max_fails=0; keepalive 1; }
      server {
        listen 127.0.0.1:${port}; keepalive_requests 100000;
        location / {
          proxy_pass http://ours; proxy_http_version 1.1; proxy_next_upstream off; proxy_ignore_client_abort on;
          proxy_set_header Host front; proxy_set_header Connection ""; proxy_set_header X-Client $remote_addr;
        }
      }
    }`;
  writeFileSync(join(folder, "nginx.conf"), config);
  const args = ["-p", folder, "-c", join(folder, "nginx.conf"), "-e", "stderr", "-g", "daemon off; user root;"];
  const nginx = start(t, "nginx", args);
  await accepting(port);
  const outcomes = await throughFront(port, backend, cases);
  // It writes what it has to say when it is told to leave, at the latest.
  nginx.kill("SIGQUIT");
  await nginx.finished();
  return withLog(outcomes, readFileSync(join(folder, "said.log"), "latin1"), "", (text) => text);
}

export async function throughHaproxy(t: Afterwards, cases: readonly Case[]): Promise<Outcome[]> {
  const backend = await Backend.start(t);
  const port = await freePort();
  const config = join(temporaryFolder(t), "haproxy.cfg");
  const said =
    '{"client":"%ci","method":"%[var(txn.method)]","target":"%[var(txn.url)]","body":"%[var(txn.body)]","by":"%s"}';
  writeFileSync(
    config,
    `global
  log stdout len 65535 format raw local0
defaults
  mode http
  log global
  timeout connect 5s
  timeout client 10s
  timeout server 10s
  option http-buffer-request
frontend front
  bind 127.0.0.1:${port}
  http-request set-var(txn.method) method,hex
  http-request set-var(txn.url) url,hex
  http-request set-var(txn.body) req.body,hex
  http-request set-header X-Client %[src]
  http-request set-header Host front
  log-format '${said}'
  default_backend ours
backend ours
  http-reuse always
  server ours 127.0.0.1:${backend.port}
`,
  );
  const haproxy = start(t, "haproxy", ["-db", "-f", config]);
  await accepting(port);
  const outcomes = await throughFront(port, backend, cases);
  haproxy.kill("SIGUSR1");
  await haproxy.finished();
  return withLog(outcomes, haproxy.out.text, "<NOSRV>", (hex) => Buffer.from(hex, "hex").toString("latin1"));
}

/** One after the other: what is forwarded shares a connection, and would meet the rest of what was forwarded before. */
async function throughFront(port: number, backend: Backend, cases: readonly Case[]): Promise<Outcome[]> {
  const refusals: string[][] = [];
  for (const [index, { bytes, answers }] of cases.entries()) {
    refusals[index] = backend.refusals = [];
    await feed(port, bytes, { answers, from: addressOf(index) });
  }
  return refusals.map((list, index) => ({ said: [], forwarded: backend.heard.get(addressOf(index)), refusals: list }));
}

/** Adds what the front says of itself: JSON a line, in which `nobody` stands for what was not forwarded. */
function withLog(
  outcomes: readonly Outcome[],
  log: string,
  nobody: string,
  decoded: (text: string) => string,
): Outcome[] {
  const said = new Buckets();
  for (const line of log.split("\n").filter((text) => text.startsWith("{"))) {
    const { client, by, method, target, body } = JSON.parse(line) as SaidOfRequest;
    const request = { method: decoded(method), target: pathOf(decoded(target)), body: decoded(body) };
    if (by !== nobody) said.add(client, request);
  }
  return outcomes.map((outcome, index) => ({ ...outcome, said: said.get(addressOf(index)) }));
}

interface SaidOfRequest {
  readonly client: string;
  readonly method: string;
  readonly target: string;
  readonly body: string;
  /** To whom it was forwarded. */
  readonly by: string;
}

/** A server that reads with `Http1Connection` and notes what it hears, by the address of the client behind the front. */
class Backend {
  readonly heard: Buckets = new Buckets();
  refusals: string[] = [];
  port = 0;

  static async start(t: Afterwards): Promise<Backend> {
    const backend = new Backend();
    const server = createServer((socket) => {
      const reader = new OwnReader((request, head) => {
        backend.heard.add(head.get("x-client") ?? head.get("x-forwarded-for") ?? "", request);
      });
      socket.on("error", () => socket.destroy());
      socket.on("data", (data) => {
        socket.write(reader.receive(data));
        if (reader.refusal !== undefined) backend.refusals.push(reader.refusal);
        if (reader.refusal !== undefined || reader.connection.isOver) socket.end();
      });
    });
    backend.port = await listening(t, server);
    return backend;
  }
}

/** What was heard of each client. */
class Buckets {
  readonly #all = new Map<string, Heard[]>();

  add(client: string, heard: Heard): void {
    assert.match(client, /^127\.1\./, "what was heard says from whom it came");
    this.#all.set(client, [...this.get(client), heard]);
  }

  get(client: string): readonly Heard[] {
    return this.#all.get(client) ?? [];
  }
}

async function listening(t: Afterwards, server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const sockets = new Set<{ destroy(): void }>();
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}
