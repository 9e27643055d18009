/** PROXY headers on a simulated network: cut into small segments, some of which are lost, late, or reset the connection. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { TcpAddress } from "../../core/address.ts";
import { type LinkOptions, Simulation } from "../../sim/index.ts";
import { Recorder } from "../../testing/recorder.ts";
import { sendProxyHeader } from "./client.ts";
import type { ProxyHeaderOptions } from "./encode.ts";
import { receiveProxyHeader } from "./server.ts";

const SOURCE: TcpAddress = { kind: "tcp", host: "2001:db8::7", port: 50_000, family: 6 };
const DESTINATION: TcpAddress = { kind: "tcp", host: "2001:db8::1", port: 443, family: 6 };
const EXTENDED = { version: 2, crc32c: true, tlvs: [{ type: 0xea, value: new Uint8Array(3_000) }] } as const;

for (const link of [
  { loss: 0.1 },
  { loss: 0.05, jitterMs: 40 },
  { mtuBytes: 576, loss: 0.05, bytesPerSecond: 20_000 },
]) {
  test(`a header arrives whole before anything else over ${JSON.stringify(link)}`, async () => {
    for (const options of [{}, EXTENDED]) {
      for (let seed = 1; seed <= 10; seed += 1) {
        const { sim, client, servers } = await meet(link, seed, { ...options }, { headerTimeoutMs: 60_000 });
        client.transport.write("hello");
        await sim.until(() => servers[0]?.text === "hello");
        assert.deepEqual(servers[0]?.transport.peer, SOURCE);
        assert.deepEqual(servers[0]?.transport.local, DESTINATION);
      }
    }
  });
}

test("a connection that breaks within its header is never heard of", async () => {
  const { sim, client, servers } = await meet({ latencyMs: 5 }, 1, EXTENDED, { passing: 2_500 });
  await sim.advance(500);
  client.transport.abortConnection();
  await sim.advance(10_000);
  assert.deepEqual(servers, []);
});

test("a header of which a part never comes is given up after headerTimeoutMs", async () => {
  const { sim, client, servers } = await meet({ latencyMs: 5 }, 1, EXTENDED, { passing: 2_500 });
  const start = sim.nowMs;
  await sim.until(() => client.reason !== undefined, { withinMs: 10_000 });
  assert.ok(sim.nowMs - start >= 4_900, `${sim.nowMs - start} ms`);
  assert.deepEqual(servers, []);
});

/** A client and a server behind it; of what the client sends, only the first `passing` bytes get through if it is given. */
async function meet(
  link: LinkOptions,
  seed: number,
  options: ProxyHeaderOptions,
  { passing = Number.POSITIVE_INFINITY, headerTimeoutMs }: { passing?: number; headerTimeoutMs?: number },
): Promise<{ sim: Simulation; client: Recorder; servers: Recorder[] }> {
  const sim = new Simulation({ seed });
  const [proxy, host] = [sim.host("proxy"), sim.host("server")];
  sim.link("proxy", "server", { latencyMs: 5, ...link });
  let passed = 0;
  sim.rule(({ from, data }) => {
    if (from.name !== "proxy") return undefined;
    passed += data.length;
    return passed > passing ? { lose: "test" } : undefined;
  });
  const servers: Recorder[] = [];
  const client = new Recorder();
  const factory = receiveProxyHeader(
    () => {
      const server = new Recorder();
      servers.push(server);
      return server;
    },
    { clock: host.reactor, headerTimeoutMs },
  );
  await sim.run(async () => {
    await host.reactor.listenTcp({ port: 8083 }, factory);
    const sender = sendProxyHeader(() => client, { ...options, source: SOURCE, destination: DESTINATION });
    await proxy.reactor.connectTcp({ host: "server", port: 8083 }, sender);
  });
  return { sim, client, servers };
}
