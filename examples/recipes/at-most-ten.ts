/** A hundred pages, ten at a time: `node at-most-ten.ts`. */
import { DeferredSemaphore, deferLater, formatAddress, gatherResults, react } from "ropewalk";
import { get, Response, serve } from "ropewalk/web";

await react(async (reactor, signal) => {
  // A server that counts how many ask at once.
  let [now, most] = [0, 0];
  const port = await serve(reactor, "tcp:0:interface=127.0.0.1", async ({ path }) => {
    now += 1;
    most = Math.max(most, now);
    await deferLater(reactor, 5);
    now -= 1;
    return new Response(`this is ${path}`);
  });

  const slots = new DeferredSemaphore(10);
  async function download(url: string): Promise<string> {
    const response = await get(reactor, url, { signal, check: true, answerTimeoutMs: 10_000 });
    return response.text();
  }

  const urls = Array.from({ length: 100 }, (_, n) => `http://${formatAddress(port.address)}/${n}`);
  const pages = await gatherResults(urls.map((url) => slots.run(download, url)));
  console.log(`${pages.length} pages, the last one says "${pages.at(-1)}"`);
  console.log(`at most ${most} at once`);
});
