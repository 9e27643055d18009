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
    assert.match(await said("deferred-chain"), /addTax: ran with 35, returned 42\. .*useListPrice: passed by/);
    assert.match(
      await said("deferred-error"),
      /readPort: passed by\. .*useDefault: ran with SyntaxError.*returned 8080/,
    );
    assert.match(await said("deferred-pause"), /askDatabase: ran with .*waits for a Deferred, 250 ms, got \{name/);
    assert.match(await said("deferred-cancel"), /^cancel\(\)\. .*show: passed by\. .*forget: ran with CancelledError/);
    assert.match(
      await said("deferred-timeout"),
      /^addTimeout 5000 ms: cancel\(\)\. .*askAnother: ran with TimeoutError/,
    );
  });
});
