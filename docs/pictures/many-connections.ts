import { readFileSync } from "node:fs";
import { ACCENT, box, LINE, picture, QUIET, text } from "./lib/kit.ts";

/** What a connection costs, from the table that the benchmark wrote. */
export default async function draw(): Promise<string> {
  const results = readFileSync(new URL("./bench/RESULTS.md", import.meta.resolve("ropewalk/package.json")), "utf8");
  const machine = /on (\d+ cores \([^)]*\)).*(Node v\S+);/.exec(results);
  const idle = barsOf(results, "tcp-idle", 7);
  const life = barsOf(results, "tcp-accept", 4);
  const parts: string[] = [];
  let y = 4;
  const groups: [string, string, readonly Bar[]][] = [
    ["10 000 connections that wait: memory for each", "bytes", idle],
    ["Connect, echo, close: processor time for each", "µs", life],
  ];
  for (const [title, unit, bars] of groups) {
    parts.push(text(8, y + 16, title, { isBold: true, size: 13 }));
    y += 26;
    const most = Math.max(...bars.map(({ value }) => value));
    for (const { server, value } of bars) {
      const isOurs = server === "ropewalk";
      const long = Math.max(2, (value / most) * 330);
      parts.push(
        text(8, y + 15, server, { isMono: true, isBold: isOurs }),
        box(100, y + 4, long, 15, 3, isOurs ? { fill: ACCENT } : { fill: LINE }),
        text(100 + long + 8, y + 15, `${value.toLocaleString("en").replace(",", " ")} ${unit}`, {
          isBold: isOurs,
        }),
      );
      y += 24;
    }
    y += 14;
  }
  for (const words of [
    `From bench/RESULTS.md: ${machine?.[1]}, ${machine?.[2]}.`,
    "c-epoll is a bare loop in C: what the kernel itself leaves to a program.",
  ]) {
    parts.push(text(8, y + 10, words, { ink: QUIET }));
    y += 17;
  }
  const said = groups.map(
    ([title, unit, bars]) => `${title}: ${bars.map(({ server, value }) => `${server} ${value} ${unit}`).join(", ")}`,
  );
  return picture({ title: "What a connection costs", description: said.join(". "), width: 560, height: y + 6 }, parts);
}

interface Bar {
  readonly server: string;
  readonly value: number;
}

/** A column of one bench, by its place in the table. */
function barsOf(results: string, bench: string, column: number): Bar[] {
  const bars = results
    .split("\n")
    .map((row) => row.split("|").map((cell) => cell.trim()))
    .filter(([, name]) => name === bench)
    .map((cells) => ({
      server: cells[3] ?? "",
      value: Number(/^[\d .]+/.exec(cells[column] ?? "")?.[0].replaceAll(" ", "")),
    }));
  if (bars.length === 0 || bars.some(({ value }) => !(value > 0)))
    throw new Error(`bench/RESULTS.md has no figures of ${bench}`);
  return bars;
}
