/** Files from a simulated disk, over simulated networks: what arrives is one state of a file, however often it was broken off. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { gunzipSync } from "node:zlib";
import { deferLater, type Reactor } from "ropewalk";
import { Simulation } from "ropewalk/sim";
import { Agent, compress, type Response, serve, staticFiles } from "ropewalk/web";

const OLD = "old rope ".repeat(40_000);
const NEW = "new line ".repeat(40_000);

describe("static files on a simulated host", { timeout: 60_000 }, () => {
  test("arrive whole over a line that loses and breaks, by going on where they stopped", async () => {
    let broken = 0;
    for (let seed = 1; seed <= 10; seed += 1) {
      const { sim, reactor } = world(seed);
      await sim.advance(5_000);
      for (let atMs = 60; atMs < 600; atMs += 90) {
        sim.inject({ kind: "reset", between: ["client", "server"], atMs: 5_000 + atMs + seed });
      }
      let got = "";
      let tag: string | null = null;
      await sim.run(async () => {
        for (let tries = 0; tries < 20; tries += 1) {
          const headers: Record<string, string> =
            tag === null ? {} : { Range: `bytes=${got.length}-`, "If-Range": tag };
          const agent = new Agent(reactor);
          try {
            const response = await agent.request("GET", "http://server/rope.txt", { headers, decompress: false });
            tag = response.headers.get("etag");
            if (response.status === 200) got = "";
            for await (const text of texts(response)) got += text;
            return;
          } catch {
            broken += 1;
          } finally {
            await agent.close();
          }
        }
      });
      assert.equal(got, OLD, `seed ${seed}`);
    }
    assert.ok(broken > 10, `only ${broken} downloads were broken off`);
  });

  for (const atomic of [true, false]) {
    test(`are old or new${atomic ? "" : ", or broken off"}, and never a mixture, where a ${atomic ? "new file takes the name" : "file is written over"}`, async () => {
      const seen = new Set<string>();
      for (let seed = 1; seed <= 12; seed += 1) {
        const { sim, reactor, server } = world(seed);
        await sim.run(async () => {
          const agent = new Agent(reactor);
          const downloads = Array.from({ length: 6 }, async (_, at) => {
            await deferLater(reactor, at * 15);
            return await textOf(agent, "/rope.txt");
          });
          await deferLater(reactor, 20 + 250 * seed);
          await server().files.write("/site/rope.txt", NEW, { atomic });
          for (const text of await Promise.all(downloads)) {
            if (text !== undefined)
              assert.ok(text === OLD || text === NEW || (!atomic && isPart(text)), `seed ${seed}`);
            seen.add(text === undefined ? "broken" : text === OLD ? "old" : text === NEW ? "new" : "part");
          }
          await agent.close();
        });
      }
      assert.ok(seen.has("old") && seen.has("new"), [...seen].join());
      assert.equal(seen.has("broken"), !atomic);
    });
  }

  test("are compressed while no time passes, and alike by the same seed", async () => {
    const runs: string[] = [];
    for (let count = 0; count < 2; count += 1) {
      const { sim, reactor } = world(7);
      await sim.run(async () => {
        const agent = new Agent(reactor);
        const options = { decompress: false, headers: { "Accept-Encoding": "gzip" } };
        const response = await agent.request("GET", "http://server/rope.txt", options);
        const bytes = new Uint8Array(await response.arrayBuffer());
        assert.equal(gunzipSync(bytes).toString(), OLD);
        runs.push(`${bytes.length} bytes at ${sim.nowMs} ms`);
        await agent.close();
      });
    }
    assert.equal(runs[0], runs[1]);
  });
});

/** A server with a file, a client, and a line between them that loses a tenth of all packets. */
function world(seed: number): { sim: Simulation; reactor: Reactor; server: () => Reactor } {
  const sim = new Simulation({ seed });
  const host = sim.host("server", {
    program: (reactor) => serve(reactor, "tcp:80", compress({}, staticFiles(reactor, "/site"))),
  });
  host.disk.put("/site/rope.txt", OLD);
  const { reactor } = sim.host("client");
  sim.link("server", "client", { latencyMs: 5, jitterMs: 5, loss: 0.05, bytesPerSecond: 1_000_000 });
  return { sim, reactor, server: () => host.reactor };
}

/** A plain write empties the file first: who comes then gets what was there by then. */
function isPart(text: string): boolean {
  return NEW.startsWith(text);
}

/** Undefined if it was broken off. */
async function textOf(agent: Agent, path: string): Promise<string | undefined> {
  try {
    return await (await agent.request("GET", `http://server${path}`, { decompress: false })).text();
  } catch {
    return undefined;
  }
}

async function* texts(response: Response): AsyncGenerator<string> {
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    yield Buffer.from(next.value).toString("latin1");
  }
}
