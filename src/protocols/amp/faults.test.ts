/** AMP on a simulated network: links that lose, delay and starve, connections that are reset or cut, peers that die. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { captureLogs } from "../../core/log/index.ts";
import { deferLater } from "../../core/time/defer-later.ts";
import { makeCertificate, temporaryFolder } from "../../endpoints/certificates.fixture.test.ts";
import { connect } from "../../endpoints/connect.ts";
import { type LinkOptions, type SimHost, Simulation } from "../../sim/index.ts";
import * as amp from "./index.ts";

const Echo = amp.command("Echo", {
  arguments: { text: amp.Unicode, delayMs: amp.Integer },
  response: { text: amp.Unicode },
});
const Note = amp.oneWayCommand("Note", { arguments: { number: amp.Integer } });

describe("calls on a bad network", () => {
  for (const link of [{ loss: 0.05 }, { jitterMs: 30, loss: 0.02 }, { bytesPerSecond: 200_000, queueBytes: 20_000 }]) {
    test(`both sides get the answers to their own calls, over ${JSON.stringify(link)}`, async () => {
      for (let seed = 1; seed <= 5; seed += 1) {
        const { sim, client, server, notes } = await meet({ latencyMs: 5, ...link }, seed);
        const ends: string[] = [];
        const asked = [client, server].flatMap((side, at) =>
          Array.from({ length: 100 }, (_, i) => {
            const text = `${at}:${i}:${"é".repeat(i * 20)}`;
            side.callRemote(Note, { number: i });
            side
              .callRemote(Echo, { text, delayMs: (i * 37) % 60 })
              .addCallback((answer) => void ends.push(answer.text === text ? "right" : `wrong ${text}`));
            return text;
          }),
        );
        await sim.until(() => ends.length === asked.length, { withinMs: 120_000 });
        assert.deepEqual([...new Set(ends)], ["right"]);
        const numbers = Array.from({ length: 100 }, (_, i) => i);
        assert.deepEqual(notes, { client: numbers, server: numbers });
      }
    });
  }

  test("a reset at whatever moment: each call ends once, rightly or with the loss, and nothing is left", async () => {
    using logs = captureLogs();
    let lost = 0;
    for (let at = 1; at <= 25; at += 1) {
      const { sim, client, server, hosts } = await meet({ latencyMs: 5 }, at);
      let segments = 0;
      using _rule = sim.rule(() => {
        segments += 1;
        return segments === at ? { reset: true } : undefined;
      });
      const ends = [client, server].map((side) => callMany(side, 50));
      await sim.until(() => ends.every((each) => each.every((count) => count.ended > 0)), { withinMs: 60_000 });
      // Late answers of responders come to a connection that is gone.
      await sim.advance(1_000);
      for (const call of ends.flat()) {
        assert.equal(call.ended, 1);
        assert.match(call.outcome, /^(right|ConnectionLost|ConnectionDone)$/);
        if (call.outcome !== "right") lost += 1;
      }
      // Of a reset that met nothing under way, the other side would hear nothing.
      for (const { transport } of [client, server]) transport.abortConnection();
      await sim.advance(1_000);
      assert.deepEqual(leftOn(hosts), ["port"]);
    }
    assert.ok(lost > 40, `only ${lost} calls were lost: the resets did not meet them`);
    assert.deepEqual(faultsIn(logs), []);
  });

  test("a cut: calls fail when their caller has waited enough, and what comes late disturbs nobody", async () => {
    for (let seed = 1; seed <= 10; seed += 1) {
      const { sim, client, hosts } = await meet({ latencyMs: 5 }, seed);
      const cut = sim.rule(() => ({ lose: "cut" }));
      const waits = callMany(client, 20, (answer) => answer.addTimeout(1_000, hosts[0].reactor));
      await sim.until(() => waits.every(({ ended }) => ended === 1), { withinMs: 5_000 });
      assert.deepEqual([...new Set(waits.map(({ outcome }) => outcome))], ["TimeoutError"]);
      cut[Symbol.dispose]();
      await sim.advance(30_000);
      assert.equal(client.transport.connected, true);
      const [again] = callMany(client, 1);
      await sim.until(() => again?.ended === 1, { withinMs: 5_000 });
      assert.equal(again?.outcome, "right");
      assert.ok(waits.every(({ ended }) => ended === 1));
    }
  });

  test("a cut for good ends with the connection, which keep-alive finds dead: every call fails then", async () => {
    const { sim, client } = await meet({ latencyMs: 5 }, 1);
    client.transport.setKeepAlive(10_000);
    using _cut = sim.rule(() => ({ lose: "cut" }));
    const waits = callMany(client, 20);
    await sim.until(() => waits.every(({ ended }) => ended === 1), { withinMs: 3_600_000 });
    assert.deepEqual([...new Set(waits.map(({ outcome }) => outcome))], ["ConnectionLost"]);
    assert.equal(client.transport.connected, false);
  });

  test("a peer that dies in mid-call, and one that is called again after it came back", async () => {
    for (let seed = 1; seed <= 10; seed += 1) {
      const { sim, client, hosts } = await meet({ latencyMs: 5 }, seed);
      const waits = callMany(client, 30);
      await sim.advance(10 + seed * 3);
      hosts[1].kill();
      await sim.until(() => waits.every(({ ended }) => ended === 1), { withinMs: 60_000 });
      assert.ok(waits.some(({ outcome }) => outcome !== "right"));
      await sim.advance(100);
      assert.deepEqual(leftOn([hosts[0]]), []);
      hosts[1].restart();
      const again = await together(sim, hosts);
      const [call] = callMany(again.client, 1);
      await sim.until(() => call?.ended === 1, { withinMs: 5_000 });
      assert.equal(call?.outcome, "right");
    }
  });

  test("a peer that sends no AMP from some byte on fails the calls, with what was wrong", async () => {
    const { sim, client, server } = await meet({ latencyMs: 5 }, 1);
    const waits = callMany(client, 5);
    await sim.advance(20);
    server.transport.write("HTTP/1.1 400 Bad Request\r\n\r\n");
    await sim.until(() => waits.every(({ ended }) => ended === 1), { withinMs: 5_000 });
    assert.ok(waits.some(({ outcome }) => outcome === "RemoteAmpError"));
  });
});

describe("the turn to TLS on a bad network", () => {
  const folder = temporaryFolder();
  const cert = makeCertificate(join(folder, "cert.pem"), join(folder, "key.pem"), "localhost", ["localhost"]);
  const identity = { cert, key: readFileSync(join(folder, "key.pem")) };
  const asClient = { side: "client", tls: { trustRoots: cert, servername: "localhost" } } as const;
  const options: amp.AmpOptions = { tls: { side: "server", tls: { identity } } };

  test("over a link that loses, it is made, and the calls after it are secured", async () => {
    for (let seed = 1; seed <= 3; seed += 1) {
      const { sim, client, server } = await meet({ latencyMs: 5, loss: 0.05 }, seed, options);
      let facts: string | undefined;
      client.startTls(asClient).addCallback(({ protocol }) => {
        facts = protocol;
      });
      const waits = callMany(client, 20);
      await sim.until(() => waits.every(({ ended }) => ended === 1), { withinMs: 120_000 });
      assert.deepEqual([...new Set(waits.map(({ outcome }) => outcome))], ["right"]);
      assert.deepEqual([facts, server.transport.tls?.protocol], ["TLSv1.3", "TLSv1.3"]);
    }
  });

  test("a reset at whatever moment of it fails it and what waited for it, once", async () => {
    using logs = captureLogs();
    for (let at = 1; at <= 10; at += 1) {
      const { sim, client, server, hosts } = await meet({ latencyMs: 5 }, at, options);
      let segments = 0;
      using _rule = sim.rule(() => {
        segments += 1;
        return segments === at ? { reset: true } : undefined;
      });
      let ended = 0;
      client.startTls(asClient).addBoth(() => {
        ended += 1;
      });
      const waits = callMany(client, 5);
      await sim.until(() => ended > 0 && waits.every((call) => call.ended > 0), { withinMs: 120_000 });
      await sim.advance(1_000);
      assert.deepEqual([ended, waits.map((call) => call.ended)], [1, [1, 1, 1, 1, 1]], `reset at segment ${at}`);
      for (const { transport } of [client, server]) transport.abortConnection();
      await sim.advance(60_000);
      assert.deepEqual(leftOn(hosts), ["port"], `reset at segment ${at}`);
    }
    assert.deepEqual(faultsIn(logs), []);
  });
});

/** A call, how often its Deferred fired, and with what. */
interface Call {
  ended: number;
  outcome: string;
}

type Answer = ReturnType<typeof ask>;

function ask(side: amp.AmpProtocol, i: number) {
  return side.callRemote(Echo, { text: `${i}`.repeat(i * 40), delayMs: (i * 37) % 60 });
}

function callMany(side: amp.AmpProtocol, count: number, prepare: (answer: Answer) => unknown = () => {}): Call[] {
  return Array.from({ length: count }, (_, i) => {
    const call: Call = { ended: 0, outcome: "" };
    const answer = ask(side, i);
    prepare(answer);
    answer.addCallbacks(
      ({ text }) => {
        call.ended += 1;
        call.outcome = text === `${i}`.repeat(i * 40) ? "right" : "wrong";
      },
      (error: Error) => {
        call.ended += 1;
        call.outcome = error.name;
      },
    );
    return call;
  });
}

interface Met {
  readonly client: amp.AmpProtocol;
  readonly server: amp.AmpProtocol;
  /** What each side was told by one-way calls. */
  readonly notes: { readonly client: number[]; readonly server: number[] };
}

async function meet(
  link: LinkOptions,
  seed: number,
  options: amp.AmpOptions = {},
): Promise<Met & { readonly sim: Simulation; readonly hosts: readonly [SimHost, SimHost] }> {
  const sim = new Simulation({ seed });
  const hosts = [sim.host("client"), sim.host("server")] as const;
  sim.link("client", "server", link);
  return { sim, hosts, ...(await together(sim, hosts, options)) };
}

/** Both ends call and answer. */
async function together(
  sim: Simulation,
  [here, there]: readonly [SimHost, SimHost],
  options: amp.AmpOptions = {},
): Promise<Met> {
  const notes = { client: [] as number[], server: [] as number[] };
  const make = (host: SimHost, heard: number[]) => {
    const responders = new amp.Responders()
      .respond(Echo, ({ text, delayMs }) => deferLater(host.reactor, delayMs, () => ({ text })))
      .respond(Note, ({ number }) => void heard.push(number));
    return new amp.AmpProtocol(responders, options);
  };
  const server = make(there, notes.server);
  const client = await sim.run(async () => {
    await there.reactor.listenTcp({ port: 1234 }, () => server);
    return await connect(here.reactor, "tcp:server:1234", () => make(here, notes.client));
  });
  await sim.until(() => server.transport?.connected, { withinMs: 60_000 });
  return { client, server, notes };
}

/** The kinds of what the reactors hold still. */
function leftOn(hosts: readonly SimHost[]): string[] {
  return hosts.flatMap(({ reactor }) => reactor.holdings().map(({ kind }) => kind));
}

function faultsIn(logs: ReturnType<typeof captureLogs>): unknown[] {
  return logs.events.filter(({ level }) => level === "error" || level === "critical").map(({ error }) => error);
}
