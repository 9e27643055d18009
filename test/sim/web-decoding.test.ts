/** Compressed bodies over simulated networks: zlib's threads take no virtual time, and a run is the same each time. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { gzipSync } from "node:zlib";
import { deferLater } from "ropewalk";
import { Simulation } from "ropewalk/sim";
import { get, Response, serve } from "ropewalk/web";

const TEXT = Array.from({ length: 60_000 }, (_, i) => `strand ${i * 7919}`).join("\n");

describe("a compressed answer of many parts", { timeout: 120_000 }, () => {
  for (const coding of ["gzip", "gzip, gzip"]) {
    test(`in ${coding} is decoded within the simulation, by a slow reader too`, async () => {
      const runs = [await fetched(coding, 0), await fetched(coding, 0), await fetched(coding, 5)];
      assert.deepEqual(runs[1], runs[0]);
      assert.equal(runs[2]?.text, TEXT);
      assert.equal(runs[0]?.text, TEXT);
    });
  }

  test("that is not read to its end leaves the simulation running", async () => {
    const sim = new Simulation({ seed: 1 });
    begin(sim, "gzip");
    const { reactor } = sim.host("client");
    const first = await sim.run(async () => {
      const response = await get(reactor, "http://server/");
      for await (const part of response.body ?? []) return part.length;
      return 0;
    });
    assert.ok(first > 0);
    await sim.advance(60_000);
  });
});

async function fetched(
  coding: string,
  patienceMs: number,
): Promise<{ readonly text: string; readonly tookMs: number }> {
  const sim = new Simulation({ seed: 1 });
  begin(sim, coding);
  const { reactor } = sim.host("client");
  return await sim.run(async () => {
    const response = await get(reactor, "http://server/");
    const decoder = new TextDecoder();
    let text = "";
    for await (const part of response.body ?? []) {
      text += decoder.decode(part, { stream: true });
      if (patienceMs > 0) await deferLater(reactor, patienceMs);
    }
    return { text, tookMs: sim.nowMs };
  });
}

function begin(sim: Simulation, coding: string): void {
  const once = gzipSync(TEXT);
  const body = coding === "gzip" ? once : gzipSync(once);
  sim.host("server", {
    program: (reactor) =>
      serve(reactor, "tcp:80", () => new Response(body, { headers: { "Content-Encoding": coding } })),
  });
  sim.host("client");
  sim.link("server", "client", { latencyMs: 5, bytesPerSecond: 1_000_000 });
}
