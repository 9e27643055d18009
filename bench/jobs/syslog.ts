/** syslog: messages of RFC 5424 over TCP, octets counted, until the receiver has written a line of each to a file. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { connect as dial, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execPath } from "node:process";
import { fileURLToPath } from "node:url";
import { cpuUs, rssBytes } from "../measure.ts";
import { expectTotal, type Job, type JobResult, type Jobs } from "./job.ts";
import { freePort, waitFor } from "./peer.ts";

export const syslogJobs: Jobs = {
  "received over TCP, into a file": { ropewalk: receives(ours), rsyslog: receives(rsyslog) },
};

/** What runs a receiver at `port` that writes to `file`; `folder` is its own. */
type Command = (port: number, file: string, folder: string) => readonly string[];

function receives(command: Command): Job {
  return async (): Promise<JobResult> => {
    const folder = mkdtempSync(join(tmpdir(), "ropewalk-bench-"));
    const file = join(folder, "lines");
    const port = await freePort();
    const [program = "", ...words] = command(port, file, folder);
    const child = spawn(program, words, { stdio: ["ignore", "ignore", "inherit"] });
    const ended = new Promise((resolve) => child.once("exit", resolve).once("error", resolve));
    const { pid } = child;
    if (pid === undefined) throw new Error(`Cannot start "${program}": install it (apt-get install rsyslog)`);
    try {
      const senders = await waitFor(() => Promise.all(Array.from({ length: SENDERS }, () => connected(port))));
      await send(senders, file, 0);
      const before = cpuUs(pid);
      await send(senders, file, MESSAGES);
      const result = { ops: MESSAGES, cpuUs: cpuUs(pid) - before, rssBytes: rssBytes(pid) };
      for (const sender of senders) sender.destroy();
      return result;
    } finally {
      child.kill();
      await ended;
      rmSync(folder, { recursive: true });
    }
  };
}

/** Sends MESSAGES over all connections, and waits until the file, which has `known` of before, has a line of each. */
async function send(senders: readonly Socket[], file: string, known: number): Promise<void> {
  const due = (known + MESSAGES) * Buffer.byteLength(LINE);
  for (const sender of senders) for (let i = 0; i < MESSAGES / SENDERS / BATCH; i += 1) sender.write(CHUNK);
  await waitFor(async () => {
    if (statSync(file).size < due) throw new Error(`Only ${statSync(file).size} of ${due} bytes are in the file`);
  });
  expectTotal(statSync(file).size, due);
}

function connected(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = dial(port, "127.0.0.1", () => resolve(socket)).once("error", reject);
  });
}

function ours(port: number, file: string): readonly string[] {
  return [execPath, fileURLToPath(new URL("../servers/syslog.js", import.meta.url)), String(port), file];
}

function rsyslog(port: number, file: string, folder: string): readonly string[] {
  const config = join(folder, "rsyslog.conf");
  const lines = [
    `global(workDirectory="${folder}")`,
    // One, as it is on its own after a while: the time of a thread that has ended is in no table of threads.
    'main_queue(queue.type="FixedArray" queue.workerThreads="1")',
    'module(load="imtcp")',
    'template(name="line" type="string" string="%hostname% %app-name% %msg%\\n")',
    `ruleset(name="all") { action(type="omfile" file="${file}" template="line") }`,
    `input(type="imtcp" address="127.0.0.1" port="${port}" ruleset="all")`,
  ];
  writeFileSync(config, `${lines.join("\n")}\n`);
  return ["/usr/sbin/rsyslogd", "-n", "-f", config, "-i", join(folder, "pid")];
}

const SENDERS = 4;
const MESSAGES = 100_000;
/** Messages of one write. */
const BATCH = 500;
const TEXT = "accepted a connection from 192.0.2.1 port 50000, and sent 4096 bytes";
const LINE = `web1.example.org httpd ${TEXT}\n`;
const MESSAGE = `<134>1 2026-11-23T07:22:05.003125Z web1.example.org httpd 4242 ID47 [req@32473 id="17" ms="3"] ${TEXT}`;
const CHUNK = `${MESSAGE.length} ${MESSAGE}`.repeat(BATCH);
