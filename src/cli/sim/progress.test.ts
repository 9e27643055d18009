import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Progress } from "./progress.ts";

function stream(isTTY: boolean): { readonly stream: NodeJS.WriteStream; readonly written: string[] } {
  const written: string[] = [];
  const write = (text: string): boolean => written.push(text) > 0;
  return { stream: { isTTY, write } as unknown as NodeJS.WriteStream, written };
}

describe("the progress of an exploration", () => {
  test("on a terminal it is a bar that is drawn over itself and cleared at the end", () => {
    const { stream: terminal, written } = stream(true);
    const progress = new Progress(2, terminal);
    progress.ran(false);
    progress.ran(true);
    progress.end();
    const [last = "", cleared] = written.slice(-2);
    assert.ok(last.startsWith(`\r[${"#".repeat(24)}] 2/2 seeds, `) && last.endsWith(`/s, 1 failed${CLEAR}`), last);
    assert.equal(cleared, `\r${CLEAR}`);
  });

  test("elsewhere it is lines, and the last seed has one", () => {
    const { stream: file, written } = stream(false);
    const progress = new Progress(3, file);
    for (let run = 0; run < 3; run += 1) progress.ran(false);
    progress.end();
    assert.match(written.at(-1) ?? "", /^3\/3 seeds, [\d.]+\/s, 0 failed\n$/);
    assert.equal(progress.runs, 3);
  });
});

/** The rest of the line. */
const CLEAR = "\u001b[K";
