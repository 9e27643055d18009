/** From the start of a program until it listens: `twistd echo` beside a bare script on node:net. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { execPath } from "node:process";
import { fileURLToPath } from "node:url";
import { cpuUs, rssBytes } from "../measure.ts";
import type { Job, Jobs } from "./job.ts";

export const startupJobs: Jobs = {
  "until it listens": {
    ropewalk: starting([atRoot("bin/twistd.js"), "echo", "--listen", "tcp:0:interface=127.0.0.1"]),
    node: starting(["--input-type=module", "--eval", bareScript()]),
  },
};

/** One start is one operation; what counts is the CPU time that the program has used when it says that it listens. */
function starting(args: readonly string[]): Job {
  return async () => {
    const child = spawn(execPath, args, { stdio: ["ignore", "ignore", "pipe"] });
    const ended = once(child, "exit");
    const gone = ended.then(() => Promise.reject(new Error(`Cannot measure "${args.join(" ")}": it ended`)));
    gone.catch(() => undefined);
    let said = "";
    while (!said.includes("Listening on ")) said += String((await Promise.race([once(child.stderr, "data"), gone]))[0]);
    const used = { ops: 1, cpuUs: cpuUs(child.pid as number), rssBytes: rssBytes(child.pid as number) };
    child.kill("SIGKILL");
    await ended;
    return used;
  };
}

function bareScript(): string {
  return `import { createServer } from "node:net";
    const server = createServer((socket) => socket.pipe(socket));
    server.listen(0, "127.0.0.1", () => console.error("Listening on", server.address()));`;
}

function atRoot(path: string): string {
  return fileURLToPath(new URL(`../../../${path}`, import.meta.url));
}
