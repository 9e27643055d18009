/** bench/RESULTS.md: the machine, the command, the figures, and how they stand to the goals. */
import { readFileSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus, loadavg, release } from "node:os";
import { version } from "node:process";
import { fileURLToPath } from "node:url";
import type { Figure, Spread } from "./figure.ts";
import { judge, type Verdict } from "./goals.ts";
import { significant, whole } from "./report.ts";

/** Writes the page and returns its name. `words` are what the bench was called with, `where` the machine. */
export function saveResults(figures: readonly Figure[], words: readonly string[], where: string): string {
  writeFileSync(page, toMarkdown(figures, words, where));
  return page;
}

/** The page's text. */
export function toMarkdown(figures: readonly Figure[], words: readonly string[], machineWords: string): string {
  const command = ["npm run bench", ...(words.length > 0 ? ["--", ...words] : [])].join(" ");
  return `# Bench results

Written by \`${command}\` on ${machineWords}.

CPU is the server process's user and system time for one operation: median (least–greatest) of the rounds, in which the
servers take turns. Throughput is what the load reached beside the server on the same cores. Ratios within 15 % are noise.

## Goals

A ratio is the peer's CPU time over ours, so more is better.

| figure | measured | goal | |
|---|--:|--:|---|
${judge(figures).map(goalRow).join("\n")}

## Figures

| bench | load | server | CPU µs per op | ops/s | RSS MiB | bytes per connection |
|---|---|---|--:|--:|--:|--:|
${figures.map(figureRow).join("\n")}
`;
}

function goalRow({ goal, value, met }: Verdict): string {
  const what = goal.over === undefined ? goal.what : `${goal.what}: ${goal.over} ÷ ropewalk`;
  const bound = goal.atLeast === undefined ? `≤ ${whole(goal.atMost ?? 0)}` : `≥ ${significant(goal.atLeast)}`;
  const unit = goal.unit === undefined ? "" : ` ${goal.unit}`;
  const measured = value === undefined ? "–" : `${significant(value)}${unit}`;
  return `| ${what} | ${measured} | ${bound}${unit} | ${value === undefined ? "not measured" : met ? "met" : "**not met**"} |`;
}

function figureRow(figure: Figure): string {
  const { bench, load, server, cpuUsPerOp, opsPerSec, rssMiB, bytesPerConnection } = figure;
  const held = bytesPerConnection === undefined ? "" : spreadText(bytesPerConnection);
  return `| ${bench} | ${load} | ${server} | ${spreadText(cpuUsPerOp)} | ${whole(opsPerSec.median)} | ${whole(rssMiB.median)} | ${held} |`;
}

function spreadText({ median, min, max }: Spread): string {
  return `${significant(median)} (${significant(min)}–${significant(max)})`;
}

/** The machine in words. Ask before the run: the load average is then that of the others. */
export function machine(): string {
  const others = (loadavg()[0] ?? 0).toFixed(1);
  const model = cpus()[0]?.model.trim() || "an unnamed CPU";
  const system = /^PRETTY_NAME="(.*)"$/m.exec(readFileSync("/etc/os-release", "utf8"))?.[1] ?? "Linux";
  return `${availableParallelism()} cores (${model}), ${system}, kernel ${release().split("-")[0]}, Node ${version}; load average before it ${others}`;
}

const page = fileURLToPath(new URL("../../bench/RESULTS.md", import.meta.url));
