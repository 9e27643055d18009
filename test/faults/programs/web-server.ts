/**
 * A web server in a process of its own. Prints its port; then, for each line that it reads, a line of JSON: what it holds,
 * and what became of the requests so far. For "collect" it collects garbage before, and for "reset" it begins a new count of the
 * most memory that it needed as well.
 */

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { createInterface } from "node:readline";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { NodeReactor } from "ropewalk";
import { type Request, Response, type ServeOptions, serve } from "ropewalk/web";
import { portOf } from "../ends.ts";

export interface WebServerState {
  /** Memory of the process now, and the most since "reset". */
  readonly bytes: number;
  readonly mostBytes: number;
  readonly descriptors: number;
  /** Requests that were answered completely, and those that were lost on the way. */
  readonly served: number;
  readonly lost: number;
  /** Bodies that failed under their reader. */
  readonly broken: number;
}

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;
let [served, lost, broken] = [0, 0, 0];

const answers: Readonly<Record<string, (request: Request) => Response | Promise<Response>>> = {
  /** How many bytes came. */
  "/count": async (request) => {
    let count = 0;
    try {
      for await (const part of request.body ?? []) count += (part as Uint8Array).length;
    } catch (error) {
      broken += 1;
      throw error;
    }
    return new Response(`${count}`);
  },
  /** As many bytes as are asked for. */
  "/bytes": (request) => new Response(bytes(Number(request.query.get("count")))),
  /** Writes what comes to a disk that is full. */
  "/store": async (request) => {
    const file = await open("/dev/full", "w");
    try {
      for await (const part of request.body ?? []) await file.write(part as Uint8Array);
      return new Response("stored");
    } catch (error) {
      const isFull = (error as NodeJS.ErrnoException).code === "ENOSPC";
      return new Response(isFull ? "the disk is full" : String(error), { status: isFull ? 507 : 500 });
    } finally {
      await file.close();
    }
  },
};

async function* bytes(count: number): AsyncGenerator<Uint8Array> {
  const part = new Uint8Array(65_536).fill(0x72);
  for (let left = count; left > 0; left -= part.length) yield part.subarray(0, left);
}

function state(): WebServerState {
  const status = readFileSync("/proc/self/status", "utf8");
  const kilobytes = (name: string): number => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]);
  const descriptors = readdirSync("/proc/self/fd").length;
  return {
    bytes: 1_024 * kilobytes("VmRSS"),
    mostBytes: 1_024 * kilobytes("VmHWM"),
    descriptors,
    served,
    lost,
    broken,
  };
}

const options = JSON.parse(process.argv[2] ?? "{}") as ServeOptions;
const port = await serve(
  new NodeReactor(),
  "tcp:0:interface=127.0.0.1:backlog=4096",
  (request) => answers[request.path]?.(request) ?? new Response(request.path),
  {
    ...options,
    served: ({ isComplete }) => {
      if (isComplete) served += 1;
      else lost += 1;
    },
  },
);
console.log(portOf(port));
createInterface({ input: process.stdin })
  .on("line", (line) => {
    // 5 makes the most that was needed what is needed now (proc(5), clear_refs).
    if (line !== "") collectGarbage();
    if (line === "reset") writeFileSync("/proc/self/clear_refs", "5");
    console.log(JSON.stringify(state()));
  })
  .on("close", () => process.exit());
