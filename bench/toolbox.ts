/** Finds or compiles the programs that the TCP benches need, and says loudly which ones cannot be had. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execPath } from "node:process";
import { fileURLToPath } from "node:url";

export interface Toolbox {
  /** The command of a server, without its mode; undefined where the machine has not got it (said once, through `warn`). */
  server(name: string): readonly string[] | undefined;
  /** The command of the load generator, without its arguments. */
  load(): readonly string[];
  /** Removes what was compiled. */
  close(): void;
}

export function openToolbox(warn: (line: string) => void): Toolbox {
  const folder = mkdtempSync(join(tmpdir(), "ropewalk-bench-"));
  const found = new Map<string, readonly string[] | undefined>();
  const once = (name: string, find: () => readonly string[] | undefined): readonly string[] | undefined => {
    if (!found.has(name)) found.set(name, find());
    return found.get(name);
  };
  const compile = (source: string): readonly string[] | undefined => {
    const program = join(folder, source.replace(/\W/g, "-"));
    const { status, stderr } = spawnSync("cc", ["-O2", "-o", program, join(sources, source)], { encoding: "utf8" });
    if (status === 0) return [program];
    warn(
      `MISSING cc: cannot compile ${source}; install it (apt-get install gcc libc6-dev)${stderr ? `\n${stderr}` : ""}`,
    );
    return undefined;
  };
  const servers: Record<string, () => readonly string[] | undefined> = {
    ropewalk: () => [execPath, join(built, "servers/ropewalk.js")],
    "node-net": () => [execPath, join(built, "servers/node-net.js")],
    twisted: () => findTwisted(warn, "servers/twisted_server.py"),
    "c-epoll": () => compile("servers/epoll.c"),
    ws: () => [execPath, join(built, "servers/ws.js")],
    microsocks: () => findProgram(warn, "microsocks", "apt-get install microsocks", "servers/microsocks.py"),
    haproxy: () => findProgram(warn, "haproxy", "apt-get install haproxy", "servers/haproxy.py"),
    socat: () => findProgram(warn, "socat", "apt-get install socat", "servers/socat.py"),
    "http-ropewalk": () => [execPath, join(built, "servers/http/ropewalk.js")],
    "http-node": () => [execPath, join(built, "servers/http/node-http.js")],
    "http-fastify": () => [execPath, join(built, "servers/http/fastify.js")],
    "http-hono": () => [execPath, join(built, "servers/http/hono.js")],
    "http-nginx": () => findProgram(warn, "nginx", "apt-get install nginx-light", "servers/http/nginx.py"),
    "http-twisted": () => findTwisted(warn, "servers/http/twisted_web.py"),
    "http-bun": () => findBun(warn),
  };
  return {
    server: (name) => once(name, servers[name] ?? (() => undefined)),
    load: () => once("load", () => compile("loads/load.c") ?? nodeLoad(warn)) ?? [],
    close: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function findTwisted(warn: (line: string) => void, server: string): readonly string[] | undefined {
  if (spawnSync(python, ["-c", "import twisted"]).status === 0) return [python, join(sources, server)];
  warn(`MISSING twisted: ${python} cannot import it; install it (apt-get install python3-twisted)`);
  return undefined;
}

/** A server that does not say where it listens: a script in Python says it, and becomes the server. */
function findProgram(
  warn: (line: string) => void,
  program: string,
  install: string,
  script: string,
): readonly string[] | undefined {
  const inSbin = spawnSync(`/usr/sbin/${program}`, ["-?"]).error === undefined;
  if (inSbin || spawnSync(program, ["-?"]).error === undefined) return [python, join(sources, script)];
  warn(`MISSING ${program}: install it (${install})`);
  return undefined;
}

/** A hundred MB that nothing else here needs: not among the packages that everybody installs. */
function findBun(warn: (line: string) => void): readonly string[] | undefined {
  for (const bun of [join(sources, "../node_modules/bun/bin/bun.exe"), "bun"]) {
    if (spawnSync(bun, ["--version"]).status === 0) return [bun, join(sources, "servers/http/bun.js")];
  }
  warn("MISSING bun: install it (npm install --no-save bun)");
  return undefined;
}

function nodeLoad(warn: (line: string) => void): readonly string[] {
  warn(
    "the load is made in Node instead: it is slower than some servers, so trust the CPU time and not the throughput",
  );
  return [execPath, join(built, "loads/load.js")];
}

// Debian's packages belong to Debian's python, not to another one on the PATH.
const python = "/usr/bin/python3";
const built = fileURLToPath(new URL(".", import.meta.url));
const sources = fileURLToPath(new URL("../../bench/", import.meta.url));
