/** The pictures of the docs: whatever a page may pull in can be computed, is well-formed, and comes out the same again. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { computePicture, pictureNames } from "../../tools/pictures.ts";
import { ROOT } from "../../tools/tree.ts";

const checks = pathToFileURL(`${ROOT}dist/sim/picture/well-formed.fixture.test.js`).href;
const { assertPicture } = (await import(checks)) as { readonly assertPicture: (svg: string) => void };

describe("each picture of the docs", () => {
  for (const name of pictureNames()) {
    test(`${name} is SVG with words for who does not see it, and the same each time`, async () => {
      const svg = await computePicture(name);
      assertPicture(svg);
      assert.equal(await computePicture(name), svg);
    });
  }
});

describe("the pictures of Deferreds", () => {
  test("tell what their chains did", async () => {
    const said = async (name: string): Promise<string> =>
      /<desc[^>]*>([^<]*)/.exec(await computePicture(name))?.[1] ?? "";
    assert.match(await said("deferred-chain"), /n \* 3: ran with 7, returned 21\. .*guess: passed by/);
    assert.match(
      await said("deferred-error"),
      /describe: passed by\. .*addErrback.*ran with SyntaxError.*inAnyCase: ran/,
    );
    assert.match(await said("deferred-pause"), /askForAge: ran with .*waits for a Deferred, 250 ms, got .*Ann is 42/);
    assert.match(
      await said("deferred-cancel"),
      /waits for a Deferred, 80 ms, cancel\(\), got Cancelled.*read: passed by/,
    );
    assert.match(
      await said("deferred-timeout"),
      /^addTimeout 5000 ms: cancel\(\)\. .*greet: passed by.*ran with TimeoutError/,
    );
  });
});

describe("the picture of four ways to serve", () => {
  test("says how long ten requests took: async helps those that wait, workers those that compute", async () => {
    const svg = await computePicture("when-async");
    const sums = [...svg.matchAll(/>last answer after (\d+) ms</g)].map(([, ms]) => Number(ms));
    assert.deepEqual(sums, [2_000, 222, 2_000, 606]);
  });
});
