/** What the pages of docs/ say that their programs print, they print. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Faults } from "../../docs/site/content/faults.ts";
import { readPages } from "../../docs/site/content/page.ts";
import { ROOT } from "../../tools/tree.ts";
import { FILE_LIMIT_MS } from "../interop/support/program.ts";
import { isAsShown, shownOutputs } from "./page-rules.ts";
import { run } from "./running.ts";

describe("the programs on the pages", { timeout: 3 * FILE_LIMIT_MS }, () => {
  const shown = readPages(ROOT, new Faults()).flatMap(shownOutputs);

  test("are there", () => {
    assert.ok(shown.length > 10);
  });
  for (const { place, program, output } of shown) {
    test(`${program} prints what ${place} says`, async (t) => {
      const running = run(t, program.slice("examples/".length, -".ts".length));
      await running.finished();
      const printed = Buffer.from(running.out.text, "latin1").toString();
      assert.ok(isAsShown(output, printed), `it printed:\n${printed}${running.err.text}\nthe page says:\n${output}`);
    });
  }
});

describe("what a page says that a program prints", () => {
  test("is compared to the letter, but for lines that are left out", () => {
    assert.ok(isAsShown("a\nb (1)\n", "a\nb (1)\n"));
    assert.ok(isAsShown("a\n…\nz\n", "a\nb\nc\nz\n"));
    assert.ok(isAsShown("a\n…\n", "a\nb\n"));
    assert.ok(isAsShown("a\n…\nz\n", "a\nz\n"));
  });
  test("is caught if it is something else, more or less", () => {
    for (const printed of ["a\nB (1)\n", "a\n", "a\nb (1)\nc\n", "b (1)\na\n", ""]) {
      assert.ok(!isAsShown("a\nb (1)\n", printed), printed);
    }
    assert.ok(!isAsShown("a\n…\nz\n", "a\nb\n"));
  });
  test("is the text right after a program, and no other", () => {
    const body =
      "[x](../examples/echo.ts)\n\n```text\nout\n```\n\n```sh\nls\n```\n\n```text\nmore\n```\n\n[y](../examples/a/u.service)\n\n```text\nz\n```\n";
    assert.deepEqual(shownOutputs({ source: "docs/a.md", body, bodyLine: 0 }), [
      { place: "docs/a.md:3", program: "examples/echo.ts", output: "out\n" },
    ]);
  });
});
