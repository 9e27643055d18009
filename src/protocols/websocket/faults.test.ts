/** WebSockets on a simulated network: links that lose and delay, connections that are reset or cut, at every moment of their life. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { connect } from "../../endpoints/connect.ts";
import { type LinkOptions, Simulation } from "../../sim/index.ts";
import { isSameBytes, patterned } from "../../testing/conformance/world.ts";
import { Recorder } from "../../testing/recorder.ts";
import { connectWebSocket, type WebSocketClientOptions, webSocketEndpoint } from "./client.ts";
import { overWebSocket, type WebSocketServerOptions, webSocketFactory } from "./server.ts";
import { Talker } from "./talker.fixture.test.ts";

const URL = "ws://server:80/";
const TIMEOUTS = { pingIntervalMs: 5_000, pongTimeoutMs: 5_000, closeTimeoutMs: 5_000 };
const MESSAGES: readonly (string | Uint8Array)[] = [
  "hello",
  patterned(100_000),
  "all work and no play ".repeat(2_000),
  "",
  patterned(3_000),
];

describe("a WebSocket on a bad network", () => {
  for (const link of [{ loss: 0.05 }, { jitterMs: 30, loss: 0.02 }, { bytesPerSecond: 200_000, queueBytes: 20_000 }]) {
    test(`brings every message in order, and both ends, over ${JSON.stringify(link)}`, async () => {
      for (let seed = 1; seed <= 5; seed += 1) {
        const deflate = seed % 2 === 0;
        const { sim, client, server } = await met({ latencyMs: 5, ...link }, seed, { deflate }, { deflate });
        server.onMessage = (data) => server.sendMessage(data);
        for (const message of MESSAGES) client.sendMessage(message);
        await sim.until(() => client.messages.length === MESSAGES.length);
        client.close();
        await sim.until(() => client.reason !== undefined && server.reason !== undefined);
        for (const [at, message] of MESSAGES.entries()) {
          assert.ok(
            Buffer.from(client.messages[at] as Uint8Array).equals(Buffer.from(message as Uint8Array)),
            `seed ${seed}`,
          );
        }
        assert.deepEqual([client.reason?.name, server.reason?.name], ["ConnectionDone", "ConnectionDone"]);
      }
    });
  }

  test("that resets it at whatever moment ends both, with 1006 unless all was said", async () => {
    for (let at = 1; at <= 40; at += 1) {
      const sim = network({ latencyMs: 5 }, at);
      let segments = 0;
      using _reset = sim.rule(() => {
        segments += 1;
        return segments === at ? { reset: true } : undefined;
      });
      const { client, server, failure } = await conversation(sim);
      if (failure !== undefined) continue;
      assert.match(client.events.join(), /close (1000|1006),lost \w+$/, `segment ${at}`);
      assert.match(server.events.join(), /^$|close (1000|1006),lost \w+$/, `segment ${at}`);
    }
  });

  test("that is cut at whatever moment is noticed by both, by the silence", async () => {
    for (let at = 1; at <= 40; at += 3) {
      const sim = network({ latencyMs: 5 }, at);
      let segments = 0;
      using _cut = sim.rule(() => {
        segments += 1;
        return segments >= at ? { lose: "cut" } : undefined;
      });
      await conversation(sim);
    }
  });

  test("a server that dies is noticed, or was never there", async () => {
    for (let diesAtMs = 1; diesAtMs <= 61; diesAtMs += 6) {
      const sim = network({ latencyMs: 5 }, diesAtMs);
      await conversation(sim, diesAtMs);
    }
  });

  test("carries a stream of bytes as TCP itself would", async () => {
    for (let seed = 1; seed <= 5; seed += 1) {
      const sim = network({ latencyMs: 5, loss: 0.03 }, seed);
      const [client, server] = [new Recorder(), new Recorder()];
      const { reactor } = sim.host("server");
      server.onData = (data) => server.transport.write(data);
      await sim.run(async () => {
        await reactor.listenTcp(
          { port: 80 },
          webSocketFactory(
            reactor,
            overWebSocket(reactor, () => server),
          ),
        );
        await connect(sim.host("client").reactor, webSocketEndpoint(URL), () => client);
      });
      const data = patterned(200_000);
      client.transport.write(data);
      await sim.until(() => client.bytes.length === data.length);
      assert.ok(isSameBytes(client.bytes, data));
      client.transport.loseConnection();
      await sim.until(() => client.reason !== undefined && server.reason !== undefined);
    }
  });

  test("is the same in every run of a seed, compression included", async () => {
    const hashes: string[] = [];
    for (let run = 0; run < 2; run += 1) {
      const { sim, client, server } = await met({ latencyMs: 5, loss: 0.1 }, 7, { deflate: true }, { deflate: true });
      server.onMessage = (data) => server.sendMessage(data);
      for (const message of MESSAGES) client.sendMessage(message);
      await sim.until(() => client.messages.length === MESSAGES.length);
      hashes.push(sim.hash);
    }
    assert.equal(hashes[0], hashes[1]);
  });
});

function network(link: LinkOptions, seed: number): Simulation {
  const sim = new Simulation({ seed });
  sim.host("client");
  sim.host("server");
  sim.link("client", "server", link);
  return sim;
}

/** A client and a server that have met. */
async function met(
  link: LinkOptions,
  seed: number,
  serverOptions: WebSocketServerOptions = {},
  clientOptions: WebSocketClientOptions = {},
): Promise<{ sim: Simulation; client: Talker; server: Talker }> {
  const sim = network(link, seed);
  const [client, server] = [new Talker(), new Talker()];
  const { reactor } = sim.host("server");
  await sim.run(async () => {
    await reactor.listenTcp(
      { port: 80 },
      webSocketFactory(reactor, () => server, serverOptions),
    );
    await connectWebSocket(sim.host("client").reactor, URL, () => client, clientOptions);
  });
  return { sim, client, server };
}

/** From dialling to the end, whatever happens: nothing hangs, and whoever was connected hears of the end. */
async function conversation(
  sim: Simulation,
  serverDiesAtMs?: number,
): Promise<{ client: Talker; server: Talker; failure: Error | undefined }> {
  const [client, server] = [new Talker(), new Talker()];
  const { reactor } = sim.host("server");
  let failure: Error | undefined;
  client.onMade = () => {
    for (const message of MESSAGES) client.sendMessage(message);
  };
  server.onMessage = (data) => server.sendMessage(data);
  client.onMessage = () => {
    if (client.messages.length === MESSAGES.length) client.close();
  };
  await sim.run(async () => {
    const port = await reactor.listenTcp(
      { port: 80 },
      webSocketFactory(reactor, () => server, { timeouts: TIMEOUTS }),
    );
    connectWebSocket(sim.host("client").reactor, URL, () => client, {
      timeouts: TIMEOUTS,
      timeoutMs: 10_000,
    }).addErrback((error: Error) => {
      failure = error;
    });
    return port;
  });
  if (serverDiesAtMs !== undefined) {
    await sim.advance(serverDiesAtMs);
    sim.host("server").kill();
  }
  await sim.until(() => failure !== undefined || client.reason !== undefined, { withinMs: 60_000 });
  if (serverDiesAtMs !== undefined) return { client, server, failure };
  await sim.until(() => server.events.length === 0 || server.reason !== undefined, { withinMs: 60_000 });
  return { client, server, failure };
}
