/** Syslog on a simulated network: segments and datagrams that are lost, connections that break, servers that crash. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Logger, LogPublisher } from "../../core/log/index.ts";
import { type LinkOptions, type Program, Simulation } from "../../sim/index.ts";
import { SyslogSender } from "./client.ts";
import { syslogObserver } from "./observer/client.ts";
import { SyslogServer } from "./server.ts";

describe("messages on a bad network", () => {
  for (const link of [
    { loss: 0.1 },
    { loss: 0.05, jitterMs: 40 },
    { mtuBytes: 100, loss: 0.05, bytesPerSecond: 9_000 },
  ]) {
    test(`all arrive over a stream, once and in order, over ${JSON.stringify(link)}`, async () => {
      for (let seed = 1; seed <= 5; seed += 1) {
        const { sim, app, texts } = meet(link, seed);
        await sim.run(async () => {
          for (const framing of ["octet-counting", "non-transparent"] as const) {
            const sender = new SyslogSender(framing);
            await app.reactor.connectTcp({ host: "logs", port: 601, timeoutMs: 60_000 }, () => sender);
            for (let n = 0; n < 50; n += 1) sender.send({ appName: "app", text: `${framing} ${n}` });
            sender.transport.loseConnection();
          }
        });
        await sim.until(() => texts.length === 100);
        for (const framing of ["octet-counting", "non-transparent"]) {
          const expected = Array.from({ length: 50 }, (_, n) => `${framing} ${n}`);
          assert.deepEqual(
            texts.filter((text) => text.startsWith(framing)),
            expected,
          );
        }
      }
    });
  }

  test("a connection that is reset at any moment gives whole messages only, and refuses nothing", async () => {
    for (let seed = 1; seed <= 20; seed += 1) {
      const { sim, app, texts, servers } = meet({ mtuBytes: 100 }, seed);
      let segments = 0;
      sim.rule(() => {
        segments += 1;
        return segments === seed + 4 ? { reset: true } : undefined;
      });
      await sim.run(async () => {
        const sender = new SyslogSender();
        const connected = app.reactor.connectTcp({ host: "logs", port: 601 }, () => sender);
        await connected;
        for (let n = 0; n < 50; n += 1) sender.send({ appName: "app", text: `message ${n}` });
      });
      await sim.advance(5_000);
      assert.deepEqual(
        texts,
        texts.map((_, n) => `message ${n}`),
      );
      assert.ok(texts.length < 50, `${texts.length}`);
      assert.equal(servers.at(-1)?.counts.refused, 0);
    }
  });
});

describe("the observer on a bad network", () => {
  test("finds the server again after each crash, and what it says then arrives", async () => {
    const { sim, app, logs, texts } = meet({ latencyMs: 5 }, 1);
    const { log } = observe(app.reactor, "tcp:logs:601");
    for (let round = 1; round <= 3; round += 1) {
      // What the dead connection had taken is lost, so it says it again and again.
      for (let tries = 0; !texts.includes(`round ${round}`); tries += 1) {
        assert.ok(tries < 100);
        log.info("round {round}", { round });
        await sim.advance(2_000);
      }
      logs.crash();
      await sim.advance(1_000);
      logs.restart();
    }
  });

  test("stays within its bytes through a partition, and the numbers tell what is missing", async () => {
    const { sim, app, servers, numbers } = meet({ latencyMs: 5 }, 1);
    const { log, observer } = observe(app.reactor, "tcp:logs:601", 20_000);
    await sim.advance(2_000);
    {
      using _cut = sim.rule(() => ({ lose: "partition" }));
      for (let n = 0; n < 5_000; n += 1) {
        log.info("event {n}", { n });
        assert.ok(observer.queuedBytes <= 20_000);
        if (n % 100 === 0) await sim.advance(100);
      }
    }
    assert.ok(observer.dropped > 0);
    await sim.until(() => numbers.includes(5_000), { withinMs: 600_000 });
    assert.deepEqual(
      numbers,
      numbers.toSorted((a, b) => a - b),
    );
    assert.equal(servers.at(-1)?.counts.refused, 0);
  });

  test("over UDP, what the network brings arrives, and the rest is nobody's fault", async () => {
    const { sim, app, numbers, servers } = meet({ latencyMs: 5, loss: 0.2 }, 7);
    const { log, observer } = observe(app.reactor, "udp:logs:514");
    await sim.advance(100);
    for (let n = 1; n <= 500; n += 1) {
      log.info("event {n}", { n });
      await sim.advance(1);
    }
    await sim.advance(1_000);
    assert.ok(numbers.length > 300 && numbers.length < 500, `${numbers.length}`);
    assert.deepEqual([servers.at(-1)?.counts.refused, observer.queuedBytes, observer.dropped], [0, 0, 0]);
  });
});

/** A host that logs, and one with a syslog server, which starts anew after each crash. */
function meet(link: LinkOptions, seed: number) {
  const sim = new Simulation({ seed });
  const servers: SyslogServer[] = [];
  const texts: string[] = [];
  const numbers: number[] = [];
  const app = sim.host("app");
  const program: Program = async (reactor) => {
    const server = new SyslogServer(({ text, structuredData }) => {
      texts.push(text);
      numbers.push(Number(structuredData[0]?.params[0]?.value));
    });
    servers.push(server);
    await reactor.listenTcp({ port: 601 }, server);
    await reactor.listenUdp({ port: 514 }, server.datagrams());
  };
  const logs = sim.host("logs", { program });
  sim.link("app", "logs", { latencyMs: 5, ...link });
  return { sim, app, logs, servers, texts, numbers };
}

function observe(reactor: Parameters<typeof syslogObserver>[0], endpoint: string, maxQueuedBytes = 1_048_576) {
  const observer = syslogObserver(reactor, endpoint, { maxQueuedBytes });
  const publisher = new LogPublisher();
  publisher.addObserver(observer);
  return { observer, log: new Logger("app", publisher) };
}
