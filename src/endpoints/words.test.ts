import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { splitWords } from "./words.ts";

describe("splitWords", () => {
  const cases: [string, string[]][] = [
    ["", []],
    ["  ", []],
    ["cat", ["cat"]],
    [" ssh  -W\th:22\nhost ", ["ssh", "-W", "h:22", "host"]],
    ["sh -c 'echo \"$A\" \\ | cat'", ["sh", "-c", 'echo "$A" \\ | cat']],
    ['say "a \\"b\\" \\\\ \\n"', ["say", 'a "b" \\ \\n']],
    ["a\\ b \\'", ["a b", "'"]],
    ["x'y'\"z\"\\w", ["xyzw"]],
    ["cat ''", ["cat", ""]],
  ];
  for (const [command, expected] of cases) {
    test(JSON.stringify(command), () => assert.deepEqual(splitWords(command), expected));
  }

  for (const [command, message] of [
    ["cat 'x", /a quotation is not closed: 'x/],
    ['cat "x\\"', /a quotation is not closed: "x/],
    ["cat \\", /a \\ at its end escapes nothing/],
  ] as const) {
    test(`refuses ${command}`, () => assert.throws(() => splitWords(command), message));
  }

  test("words that are quoted come back", () => {
    const quoted = (word: string) => `'${word.replaceAll("'", "'\\''")}'`;
    fc.assert(
      fc.property(fc.array(fc.string()), (words) => {
        assert.deepEqual(splitWords(words.map(quoted).join(" ")), words);
      }),
    );
  });
});
