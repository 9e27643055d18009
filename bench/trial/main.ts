/**
 * What Trial adds to a test: `node build/bench/trial/main.js [TESTS] [ROUNDS]`. Processes of so many trivial tests each, bare node:test
 * and Trial in turns; CPU time of the whole process, less that of one without a test, for one test.
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const KINDS = ["bare", "trial", "trial with t.reactor"] as const;
type Kind = (typeof KINDS)[number];

function main(tests: number, rounds: number): void {
  const costs: Record<Kind, number[]> = { bare: [], trial: [], "trial with t.reactor": [] };
  for (let round = 0; round < rounds; round += 1) {
    for (const kind of KINDS) costs[kind].push((cpuMs(kind, tests) - cpuMs(kind, 0)) / tests);
  }
  console.log(`CPU ms a test, ${tests} trivial tests a process, ${rounds} rounds: median (least to most)`);
  for (const kind of KINDS) {
    const sorted = costs[kind].sort((a, b) => a - b);
    const at = (part: number): string => (sorted[Math.floor((sorted.length - 1) * part)] as number).toFixed(3);
    console.log(`${kind.padEnd(22)} ${at(0.5)} (${at(0)} to ${at(1)})`);
  }
}

function cpuMs(kind: Kind, tests: number): number {
  const { stdout, status } = spawnSync(process.execPath, [ME, "child", kind, String(tests)], {
    encoding: "utf8",
    maxBuffer: 1e9,
  });
  const found = /^cpu ([\d.]+)$/m.exec(stdout)?.[1];
  if (status !== 0 || found === undefined) throw new Error(`Cannot measure ${kind}: exit status ${status}`);
  return Number(found);
}

async function child(kind: Kind, tests: number): Promise<void> {
  process.on("exit", () => {
    const { user, system } = process.cpuUsage();
    process.stdout.write(`\ncpu ${(user + system) / 1000}\n`);
  });
  if (kind === "bare") {
    const { test } = await import("node:test");
    for (let i = 0; i < tests; i += 1) test(`test ${i}`, () => {});
    return;
  }
  const { test } = await import("ropewalk/trial");
  const body = kind === "trial" ? () => {} : (t: { readonly reactor: { now(): number } }) => t.reactor.now();
  for (let i = 0; i < tests; i += 1) test(`test ${i}`, body);
}

const ME = fileURLToPath(import.meta.url);
const [first = "2000", second = "5", third = "0"] = process.argv.slice(2);
if (first === "child") await child(second as Kind, Number(third));
else main(Number(first), Number(second));
