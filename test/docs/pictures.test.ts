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

describe("the pictures of recorded runs", () => {
  test("a Deferred's links run before the next line, a Promise's after it", async () => {
    assert.equal(
      await said("deferred-vs-promise"),
      [
        "Deferred: its links run inside callback(): the line before, callback(1), first link, second link, the line after",
        "Promise: later, when your function is through: the line before, resolve(1), the line after, first then, second then",
      ].join(". "),
    );
  });

  test("work in the loop delays all else, work in a worker nothing", async () => {
    const words = await said("loop-blocked");
    assert.equal(words, "In the loop: the latest call is 320 ms late. In a worker: the latest call is 0 ms late");
  });

  test("services start in order and stop in reverse, also when one does not start", async () => {
    const words = await said("service-tree-start");
    assert.match(words, /cellar starts, shop starts, till starts, till stops, shop stops, cellar stops/);
    assert.match(words, /cellar starts, shop starts, till fails, shop stops, cellar stops$/);
  });

  test("a name's next address is tried before the first has failed", async () => {
    const words = await said("endpoint-happy-eyeballs");
    assert.match(words, /2001:db8::1 is tried at 0 ms: dropped/);
    assert.match(words, /10\.0\.0\.2 is tried at 250 ms: dropped/);
    assert.match(words, /2001:db8::3 is tried at 500 ms: connected at 540 ms/);
  });

  test("only the test that forgot its door leaves something", async () => {
    assert.match(
      await said("trial-dirty"),
      /a minute”: leaves nothing: passes\. .*open”: leaves 1 delayed call: fails/,
    );
  });

  test("who heeds the two calls keeps little in memory", async () => {
    const words = await said("backpressure");
    assert.match(words, /^Echo: up to 1000000 bytes wait, 0 calls\. PoliteEcho: up to 131072 bytes wait/);
  });

  test("the tutorial's service tells in one protocol what it was told in another", async () => {
    const words = await said("finger-tutorial");
    assert.match(words, /AMP: SetStatus.*chat: .*ann: at sea.*finger: ann.*finger: at sea.*HTTP: GET \/ann.*at sea/);
  });

  test("of three ends only an abort loses what was written", async () => {
    const words = await said("close-rules");
    assert.equal(words.match(/got &#34;all of it&#34;, end/g)?.length, 2);
    assert.match(words, /abortConnection\(\).*got &#34;&#34;, ConnectionLost/);
  });
});

/** What a picture says in words, which is made of the same record as what it shows. */
async function said(name: string): Promise<string> {
  return /<desc[^>]*>([^<]*)/.exec(await computePicture(name))?.[1] ?? "";
}
