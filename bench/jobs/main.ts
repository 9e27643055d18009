/** One contender of one load in this process: `main.js BENCH LOAD SERVER SECONDS` prints a Sample as JSON. */
import { argv, cpuUsage, memoryUsage } from "node:process";
import { deferredJobs } from "./deferred.ts";
import { httpClientJobs } from "./http-client.ts";
import { http1Jobs } from "./http1.ts";
import type { JobResult, Jobs } from "./job.ts";
import { memcacheJobs } from "./memcache.ts";
import { simulationJobs } from "./simulation.ts";
import { startupJobs } from "./startup.ts";
import { syslogJobs } from "./syslog.ts";
import { timerJobs } from "./timers.ts";

const benches: Record<string, Jobs> = {
  http1: http1Jobs,
  timers: timerJobs,
  deferred: deferredJobs,
  "http-client": httpClientJobs,
  memcache: memcacheJobs,
  simulation: simulationJobs,
  startup: startupJobs,
  syslog: syslogJobs,
};

const [bench = "", load = "", server = "", seconds = ""] = argv.slice(2);
const job = benches[bench]?.[load]?.[server];
if (job === undefined) throw new Error(`Cannot find job "${bench}", "${load}", "${server}"`);

await job(warmUpOps());
const cpuBefore = cpuUsage();
const begunMs = performance.now();
let ops = 0;
let elsewhereUs = 0;
let last: JobResult | undefined;
do {
  last = (await job(opsAtOnce())) ?? undefined;
  ops += last?.ops ?? opsAtOnce();
  elsewhereUs += last?.cpuUs ?? 0;
} while (performance.now() - begunMs < Number(seconds) * 1_000);
const { user, system } = cpuUsage(cpuBefore);
const sample = {
  ops,
  seconds: (performance.now() - begunMs) / 1_000,
  cpuUs: last?.cpuUs === undefined ? user + system : elsewhereUs,
  rssBytes: last?.rssBytes ?? memoryUsage.rss(),
  ...(last?.bytesPerConnection !== undefined && { bytesPerConnection: last.bytesPerConnection }),
};
console.log(JSON.stringify(sample));

function opsAtOnce(): number {
  return 1_000_000;
}

function warmUpOps(): number {
  return 200_000;
}
