/** What programs cost before they do anything, from the package as it is installed: beside each the same without it. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { execPath } from "node:process";
import { fileURLToPath } from "node:url";
import { cpuUs, rssBytes } from "../measure.ts";
import type { Job, Jobs } from "./job.ts";

/** What a program says when it is there; one that ends at once says with it what it has used. */
const SAYS_IT = /Listening on |There\n|Ended (\{.*\})\n/;
const IS_THERE = 'console.error("There"); setInterval(() => {}, 1_000_000);';
const ATEXIT = `data:text/javascript,${encodeURIComponent(`
  import { writeSync } from "node:fs";
  process.on("exit", () => {
    const { user, system } = process.cpuUsage();
    writeSync(2, "Ended " + JSON.stringify({ cpuUs: user + system, rssBytes: process.memoryUsage.rss() }) + "\\n");
  });`)}`;

export const startupJobs: Jobs = {
  "until it listens": {
    ropewalk: starting([packaged("bin/twistd.js"), "echo", "--listen", "tcp:0:interface=127.0.0.1"]),
    node: starting(script(bareScript())),
  },
  'import "ropewalk"': {
    ropewalk: starting(script(`import ${JSON.stringify(packaged("dist/index.js"))}; ${IS_THERE}`)),
    node: starting(script(`import "node:net"; ${IS_THERE}`)),
  },
  "ropewalk --help": {
    ropewalk: starting(["--import", ATEXIT, packaged("bin/ropewalk.js"), "--help"]),
    node: starting(["--import", ATEXIT, "--eval", 'console.log("Usage: ropewalk [options] [command]")']),
  },
};

/**
 * One start is one operation; what counts is the CPU time that the program has used when it says that it listens, or at its end
 * what it has used by its own account.
 */
function starting(args: readonly string[]): Job {
  return async () => {
    const child = spawn(execPath, args, { stdio: ["ignore", "ignore", "pipe"] });
    const ended = once(child, "close");
    const gone = ended.then(() => Promise.reject(new Error(`Cannot measure "${args.join(" ")}": it ended`)));
    gone.catch(() => undefined);
    let said = "";
    while (!SAYS_IT.test(said)) said += String((await Promise.race([once(child.stderr, "data"), gone]))[0]);
    const [, own] = SAYS_IT.exec(said) ?? [];
    const used = own === undefined ? measured(child.pid as number) : { ops: 1, ...JSON.parse(own) };
    child.kill("SIGKILL");
    await ended;
    return used;
  };
}

function measured(pid: number): { ops: number; cpuUs: number; rssBytes: number } {
  return { ops: 1, cpuUs: cpuUs(pid), rssBytes: rssBytes(pid) };
}

function script(text: string): string[] {
  return ["--input-type=module", "--eval", text];
}

function bareScript(): string {
  return `import { createServer } from "node:net";
    const server = createServer((socket) => socket.pipe(socket));
    server.listen(0, "127.0.0.1", () => console.error("Listening on", server.address()));`;
}

/** In the package that bench/main.ts has made in build/. */
function packaged(path: string): string {
  return fileURLToPath(new URL(`../../package/${path}`, import.meta.url));
}
