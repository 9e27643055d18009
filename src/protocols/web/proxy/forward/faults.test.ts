/** Tunnels on a simulated network: links that lose and delay, connections that are reset or cut, at every moment of their life. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Deferred } from "../../../../core/deferred/deferred.ts";
import { type LinkOptions, type SimHost, Simulation } from "../../../../sim/index.ts";
import { isSameBytes, patterned } from "../../../../testing/conformance/world.ts";
import { HalfCloseRecorder, Recorder } from "../../../../testing/recorder.ts";
import { serve } from "../../server/server.ts";
import { connectThroughHttp } from "../../tunnel/client.ts";
import { type ForwardProxyOptions, forwardProxy } from "./server.ts";

describe("a tunnel on a bad network", () => {
  for (const link of [{ loss: 0.05 }, { jitterMs: 30, loss: 0.02 }, { bytesPerSecond: 200_000, queueBytes: 20_000 }]) {
    test(`brings everything in order, and both ends, over ${JSON.stringify(link)}`, async () => {
      for (let seed = 1; seed <= 5; seed += 1) {
        const { sim, client, target } = await related({ latencyMs: 5, ...link }, seed);
        const [there, back] = [patterned(100_000), patterned(60_000)];
        client.transport.write(there);
        client.transport.loseWriteConnection();
        target.transport.write(back);
        target.transport.loseWriteConnection();
        await sim.until(() => client.reason !== undefined && target.reason !== undefined);
        assert.ok(isSameBytes(target.bytes, there) && isSameBytes(client.bytes, back), `seed ${seed}`);
        assert.deepEqual([client.reason?.name, target.reason?.name], ["ConnectionDone", "ConnectionDone"]);
      }
    });
  }

  test("that resets a connection resets the other one, at whatever moment, and the proxy's seat is free again", async () => {
    for (let seed = 1; seed <= 30; seed += 1) {
      const { sim, hosts, client, target } = await related({ latencyMs: 5 }, seed, { limits: { total: 1 } });
      let segments = 0;
      const rule = sim.rule(() => {
        segments += 1;
        return segments === seed ? { reset: true } : undefined;
      });
      client.transport.write(patterned(30_000));
      target.transport.write(patterned(30_000));
      await sim.until(() => client.reason !== undefined && target.reason !== undefined, { withinMs: 10_000 });
      rule[Symbol.dispose]();
      assert.deepEqual(
        [client.reason?.name, target.reason?.name],
        ["ConnectionLost", "ConnectionLost"],
        `seed ${seed}`,
      );
      await sim.advance(1_000);
      await sim.run(async () => await throughProxy(hosts, new HalfCloseRecorder()));
    }
  });

  test("that is cut between proxy and target ends the client after idleTimeoutMs, and the proxy serves the next", async () => {
    const { sim, hosts, client } = await related({ latencyMs: 5 }, 1, { limits: { total: 1 }, idleTimeoutMs: 60_000 });
    const startMs = sim.nowMs;
    {
      using _cut = sim.rule(({ from }) => (from.name === "target" ? { lose: "cut" } : undefined));
      await sim.until(() => client.reason !== undefined, { withinMs: 120_000 });
    }
    assert.ok(sim.nowMs - startMs >= 59_000 && sim.nowMs - startMs < 62_000, `${sim.nowMs - startMs} ms`);
    await sim.run(async () => await throughProxy(hosts, new HalfCloseRecorder()));
  });

  test("whose proxy dies takes its clients with it, or never answers them", async () => {
    for (let diesAtMs = 1; diesAtMs <= 61; diesAtMs += 6) {
      const { sim, hosts } = await world({ latencyMs: 5 }, 1, {});
      const client = new Recorder();
      let failure: Error | undefined;
      throughProxy(hosts, client, 20_000).addErrback((error: Error) => {
        failure = error;
      });
      await sim.advance(diesAtMs);
      hosts.proxy.kill();
      await sim.until(() => failure !== undefined || client.reason !== undefined, { withinMs: 30_000 });
    }
  });
});

interface Hosts {
  readonly client: SimHost;
  readonly proxy: SimHost;
  readonly target: SimHost;
}

async function world(link: LinkOptions, seed: number, options: ForwardProxyOptions) {
  const sim = new Simulation({ seed });
  const hosts: Hosts = { client: sim.host("client"), proxy: sim.host("proxy"), target: sim.host("target") };
  sim.link("client", "proxy", link);
  sim.link("proxy", "target", link);
  const targets: HalfCloseRecorder[] = [];
  await sim.run(async () => {
    const { reactor } = hosts.proxy;
    await serve(reactor, "tcp:3128", forwardProxy(reactor, { allowAddress: () => true, ...options }));
    await hosts.target.reactor.listenTcp({ port: 443 }, () => {
      const target = new HalfCloseRecorder();
      targets.push(target);
      return target;
    });
  });
  return { sim, hosts, targets };
}

/** A client that is connected with a target, through a proxy. */
async function related(link: LinkOptions, seed: number, options: ForwardProxyOptions = {}) {
  const { sim, hosts, targets } = await world(link, seed, options);
  const client = new HalfCloseRecorder();
  await sim.run(async () => await throughProxy(hosts, client));
  // The last packet of its handshake may have to be sent again.
  await sim.until(() => targets.length > 0);
  return { sim, hosts, client, target: targets[0] as HalfCloseRecorder };
}

function throughProxy({ client }: Hosts, protocol: Recorder, timeoutMs = 60_000): Deferred<Recorder> {
  const options = { proxy: "tcp:proxy:3128", host: "target", port: 443, timeoutMs };
  return connectThroughHttp(client.reactor, options, () => protocol);
}
