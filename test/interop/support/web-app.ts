/** A web application for programs that nobody here wrote, and what they need to start. */
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { listen } from "ropewalk";
import {
  type Answer,
  HttpError,
  type Request,
  Response,
  type ServeOptions,
  serve as serveWeb,
  webServer,
} from "ropewalk/web";
import { type Guest, Host, reactor, serve, tcpPortOf } from "./guest.ts";
import { accepting, freePort, temporaryFolder } from "./places.ts";
import { type Program, type ProgramOptions, start } from "./program.ts";

/** What a request was, as `/echo` tells it. */
export interface Told {
  readonly method: string;
  readonly url: string;
  readonly version: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What the application can do; anything else is 404. */
export async function webApp(request: Request): Promise<Answer> {
  switch (request.path) {
    case "/hello":
      return new Response("hello\n");
    case "/echo":
      return await told(request);
    case "/parts":
      return new Response(parts(Number(request.query.get("count")), Number(request.query.get("bytes") ?? 5)));
    case "/known":
      return new Response("x".repeat(Number(request.query.get("bytes"))));
    case "/upload":
      return await digest(request);
    case "/hints":
      request.sendInformational(103, { Link: "</style.css>; rel=preload" });
      return new Response("after the hints\n");
    case "/refuse":
      throw new HttpError(413, "Too much rope");
    case "/nothing":
      return new Response(null, { status: 204 });
    case "/moved":
      return Response.redirect("/hello", 303);
    case "/breaks":
      return new Response(breaking());
    default:
      throw new HttpError(404, `Nothing at ${request.path}`);
  }
}

/** The application on a TCP port of 127.0.0.1, which closes with the test; gives its URL without a path. */
export async function servedApp(t: TestContext, options?: ServeOptions): Promise<string> {
  const port = await serve(t, serveWeb(reactor, "tcp:0:interface=127.0.0.1", webApp, options));
  return `http://127.0.0.1:${tcpPortOf(port)}`;
}

/** The same with a list of its connections, which are aborted with the test: for peers that keep theirs. */
export async function watchedApp(
  t: TestContext,
  application: typeof webApp = webApp,
): Promise<{ readonly port: number; readonly host: Host }> {
  const factory = webServer(reactor, application);
  const host = new Host(t, () => factory.buildProtocol({ kind: "stdio" }) as Guest);
  const port = await serve(t, listen(reactor, "tcp:0:interface=127.0.0.1", host));
  return { port: tcpPortOf(port), host };
}

/** A program that speaks HTTP with loopback, whatever proxy this machine has. */
export function startWeb(
  t: TestContext,
  command: string,
  args: readonly string[],
  options: ProgramOptions = {},
): Program {
  return start(t, command, args, { ...options, env: { ...options.env, no_proxy: "*", NO_PROXY: "*" } });
}

/** haproxy with these sections. The port that is asked whether it is ready is another one than those of the test. */
export async function haproxyOf(t: TestContext, sections: string): Promise<Program> {
  const ready = await freePort();
  const timeouts = "timeout connect 5s\n timeout client 10s\n timeout server 10s";
  const config = join(temporaryFolder(t), "haproxy.cfg");
  const probe = `frontend ready\n bind 127.0.0.1:${ready}\n http-request return status 200\n`;
  writeFileSync(config, `defaults\n mode http\n ${timeouts}\n${sections}${probe}`);
  const program = start(t, "haproxy", ["-db", "-f", config]);
  await accepting(ready);
  return program;
}

/** nginx with these sections inside of `http { }`. */
export async function nginxOf(t: TestContext, sections: string): Promise<Program> {
  const folder = temporaryFolder(t);
  const ready = await freePort();
  const paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((n) => `${n}_temp_path ${folder}/${n};`);
  const http = `${paths.join(" ")} access_log off; server { listen 127.0.0.1:${ready}; } ${sections}`;
  writeFileSync(join(folder, "nginx.conf"), `pid ${folder}/pid; events {} http { ${http} }\n`);
  const program = start(t, "nginx", [
    "-p",
    folder,
    "-c",
    join(folder, "nginx.conf"),
    "-e",
    "stderr",
    "-g",
    "daemon off; user root;",
  ]);
  await accepting(ready);
  return program;
}

async function told(request: Request): Promise<Response> {
  const { method, url, head } = request;
  const headers = Object.fromEntries(request.headers);
  return Response.json({ method, url, version: head?.version, headers, body: await request.text() });
}

async function digest(request: Request): Promise<Response> {
  const hash = createHash("sha256");
  let bytes = 0;
  for await (const part of request.body ?? []) {
    hash.update(part as Uint8Array);
    bytes += (part as Uint8Array).length;
  }
  return new Response(`${bytes} ${hash.digest("hex")}\n`);
}

async function* parts(count: number, bytes: number): AsyncGenerator<string> {
  for (let part = 0; part < count; part++) yield `${String(part % 10).repeat(bytes - 1)}\n`;
}

async function* breaking(): AsyncGenerator<string> {
  // So much that some has left before the connection is reset.
  for (let part = 0; part < 20; part++) yield "half of it".repeat(10_000);
  throw new Error("The other half is missing");
}
