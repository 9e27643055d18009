/** A folder with the two files of the bench, until the program ends. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export function staticFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "ropewalk-bench-static-"));
  process.once("exit", () => rmSync(folder, { recursive: true }));
  for (const [name, bytes] of [
    ["1k.html", 1_024],
    ["1m.bin", 1_048_576],
  ] as const) {
    writeFileSync(join(folder, name), Buffer.alloc(bytes, "hemp "));
  }
  return folder;
}
