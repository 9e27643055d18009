/** Ways to ask for something over HTTP, tried on a server of its own: `node download-client.ts`. */
import { Deferred, deferLater, formatAddress, type Reactor, react } from "ropewalk";
import { get, HttpError, post, Resource, Response, serve } from "ropewalk/web";

let refusals = 2;
const server = new Resource()
  .putChild("text", (request) => new Response(`This is a ${request.query.get("knot")}`))
  .putChild("json", async (request) => Response.json({ got: await request.json() }))
  .putChild("large", () => new Response(new Uint8Array(10_000_000)))
  .putChild("never", () => new Deferred())
  .putChild("busy", () => (refusals-- > 0 ? new Response("Busy", { status: 503 }) : new Response("at last")));

async function retry<T>(reactor: Reactor, attempts: number, ask: () => PromiseLike<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await ask();
    } catch (error) {
      if (attempt === attempts || (error instanceof HttpError && error.status < 500)) throw error;
      await deferLater(reactor, 50 * 2 ** attempt * (1 + Math.random())); // at random: not all clients at once
    }
  }
}

await react(async (reactor) => {
  const { address } = await serve(reactor, "tcp:0:interface=127.0.0.1", server);
  const base = `http://${formatAddress(address)}`;

  console.log(await (await get(reactor, `${base}/text`, { query: { knot: "bowline" }, check: true })).text());
  console.log(await (await post(reactor, `${base}/json`, { json: { metres: 7 }, check: true })).json());
  let bytes = 0; // part by part: a reader that is slow makes the server wait
  for await (const part of (await get(reactor, `${base}/large`, { check: true })).body ?? []) bytes += part.length;
  console.log(`${bytes} bytes`);
  await get(reactor, `${base}/never`, { timeoutMs: 100 }).addErrback(({ name }: Error) => console.log(name));
  console.log(await (await retry(reactor, 5, () => get(reactor, `${base}/busy`, { check: true }))).text());
});
