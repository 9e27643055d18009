/** Protocols over simulated connections that lose, delay and cut: what is said is heard, whole and in order. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { connect, gatherResults, listen, type Protocol } from "ropewalk";
import { AmpProtocol, command, Integer, Responders, Unicode } from "ropewalk/amp";
import { Int8Protocol, Int16Protocol, Int32Protocol, NetstringProtocol, type StringProtocol } from "ropewalk/framing";
import { LineProtocol } from "ropewalk/line";
import { type LinkOptions, Simulation } from "ropewalk/sim";
import { seededRandom } from "ropewalk/testing";

const LINKS: Readonly<Record<string, LinkOptions>> = {
  "a good line": { latencyMs: 5 },
  "a line that loses": { latencyMs: 20, jitterMs: 10, loss: 0.1 },
  "a narrow line of small packets": { latencyMs: 5, bytesPerSecond: 20_000, queueBytes: 5_000, mtuBytes: 100 },
};

/** A protocol, and how to say something with it. */
type Talker = (hear: (text: string) => void) => { readonly protocol: Protocol; readonly say: (text: string) => void };

const TALKERS: Readonly<Record<string, Talker>> = {
  lines: (hear) => {
    const protocol = new LineProtocol();
    protocol.lineReceived = hear;
    return { protocol, say: (text) => protocol.sendLine(text) };
  },
  netstrings: framed(() => new NetstringProtocol()),
  "8-bit lengths": framed(() => new Int8Protocol()),
  "16-bit lengths": framed(() => new Int16Protocol()),
  "32-bit lengths": framed(() => new Int32Protocol()),
};

for (const [name, link] of Object.entries(LINKS)) {
  describe(`over ${name}`, () => {
    for (const [kind, talker] of Object.entries(TALKERS)) {
      test(`${kind} are heard as they were said, at both ends`, async () => {
        for (const seed of SEEDS) await converse(talker, link, seed);
      });
    }

    test("AMP calls, both ways at once, each get their own answer", async () => {
      for (const seed of SEEDS) await callOneAnother(link, seed);
    });
  });
}

function network(link: LinkOptions, seed: number): Simulation {
  const sim = new Simulation({ seed });
  sim.host("server");
  sim.host("client");
  sim.link("server", "client", link);
  return sim;
}

async function join<S extends Protocol, C extends Protocol>(sim: Simulation, server: S, client: C): Promise<void> {
  await sim.run(async () => {
    await listen(sim.host("server").reactor, "tcp:7", () => server);
    await connect(sim.host("client").reactor, "tcp:server:7", () => client);
  });
  await sim.until(() => server.transport !== undefined);
}

async function converse(talker: Talker, link: LinkOptions, seed: number): Promise<void> {
  const sim = network(link, seed);
  const [atServer, atClient]: [string[], string[]] = [[], []];
  const [server, client] = [talker((text) => atServer.push(text)), talker((text) => atClient.push(text))];
  await join(sim, server.protocol, client.protocol);
  const [fromServer, fromClient] = [messages(seed), messages(-seed)];
  for (const text of fromServer) server.say(text);
  for (const text of fromClient) {
    client.say(text);
    await sim.advance(1);
  }
  await sim.until(() => atServer.length === fromClient.length && atClient.length === fromServer.length);
  assert.deepEqual([atServer, atClient], [fromClient, fromServer], `seed ${seed}`);
}

async function callOneAnother(link: LinkOptions, seed: number): Promise<void> {
  const Repeat = command("Repeat", {
    arguments: { text: Unicode, times: Integer },
    response: { text: Unicode },
  });
  const repeats = new Responders().respond(Repeat, ({ text, times }) => ({ text: text.repeat(times) }));
  const sim = network(link, seed);
  const [server, client] = [new AmpProtocol(repeats), new AmpProtocol(repeats)];
  await join(sim, server, client);
  const texts = messages(seed);
  const calls = [server, client].flatMap((peer) => texts.map((text) => peer.callRemote(Repeat, { text, times: 2 })));
  const answers = await sim.until(gatherResults(calls));
  assert.deepEqual(
    answers.map(({ text }) => text),
    [...texts, ...texts].map((text) => text.repeat(2)),
    `seed ${seed}`,
  );
}

/** Of any length that an 8-bit one can say, none at all included, and not all in ASCII. */
function messages(seed: number): string[] {
  const random = seededRandom(seed);
  return Array.from(
    { length: MESSAGES },
    () => ["a", "ñ", "€", "😀"][Math.floor(random() * 4)]?.repeat(random() * 60) ?? "",
  );
}

function framed(make: () => StringProtocol): Talker {
  return (hear) => {
    const protocol = make();
    protocol.stringReceived = (data) => hear(new TextDecoder().decode(data));
    return { protocol, say: (text) => protocol.sendString(text) };
  };
}

const SEEDS = [1, 2, 3, 4, 5];
const MESSAGES = 100;
