/** A figure as a line: JSON for programs, words for people. */
import type { Figure } from "./figure.ts";

/** One JSON object of medians; CPU in µs, memory in MiB (bytesPerConnection in bytes). */
export function toJson(figure: Figure): string {
  const { bench, load, server, bytesPerConnection } = figure;
  return JSON.stringify({
    bench,
    load,
    server,
    cpuUsPerOp: rounded(figure.cpuUsPerOp.median),
    opsPerSec: rounded(figure.opsPerSec.median),
    rssMiB: rounded(figure.rssMiB.median),
    ...(bytesPerConnection ? { bytesPerConnection: rounded(bytesPerConnection.median) } : {}),
  });
}

/** One line for the terminal, columns aligned. */
export function toText(figure: Figure): string {
  const { bench, load, server, cpuUsPerOp: cpu, bytesPerConnection } = figure;
  const held = bytesPerConnection ? `  ${whole(bytesPerConnection.median)} bytes a connection` : "";
  const names = `${bench.padEnd(11)}${load.padEnd(30)}${server.padEnd(16)}`;
  const spread = `${significant(cpu.median).padStart(7)} µs (${significant(cpu.min)}–${significant(cpu.max)})`;
  return `${names}${spread.padEnd(28)}${whole(figure.opsPerSec.median).padStart(12)} ops/s ${whole(figure.rssMiB.median).padStart(5)} MiB${held}`;
}

/** Three significant digits, as many as a noisy machine can vouch for. */
export function significant(value: number): string {
  return value >= 100 ? whole(value) : String(Number(value.toPrecision(3)));
}

/** Digits in groups of three. */
export function whole(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, " ");
}

function rounded(value: number): number {
  return Number(value.toPrecision(6));
}
