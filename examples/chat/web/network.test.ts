/** Visitors with a browser on a network that does its worst, in virtual time. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { connect, listen } from "ropewalk";
import { Room } from "ropewalk/chat";
import { LineProtocol } from "ropewalk/line";
import { Simulation } from "ropewalk/sim";
import { connectWebSocket, WebSocketProtocol } from "ropewalk/websocket";
import { BannerFile } from "../banner.ts";
import { Ledger } from "../ledger.ts";
import { RememberingRoom } from "../resume.ts";
import { Pages } from "./pages.ts";
import { ChatSite } from "./site.ts";

const NO_PAGES = new Pages(new Map());

test("a visitor whose network goes without a word has left within a minute, though nobody said anything", async () => {
  const { sim, room, visit } = scene(new Room());
  await visit("Dora");
  sim.rule(({ from, to }) => (from.name === "Dora" || to?.name === "Dora" ? { lose: "cut" } : undefined));
  await sim.advance(15_000);
  assert.equal(room.members.size, 1);
  await sim.advance(45_000);
  assert.deepEqual([room.members.size, room.connections], [0, 0]);
});

test("a visitor who only listens stays for a day", async () => {
  const { sim, room, visit } = scene(new Room());
  const dora = await visit("Dora");
  await sim.advance(86_400_000);
  assert.ok(dora.isOpen);
  assert.equal(room.members.size, 1);
});

for (const [kind, room] of [
  ["a room", new Room()],
  ["a room that remembers", new RememberingRoom("life")],
] as const) {
  test(`in ${kind}, terminals and browsers hear one another over a bad network, whole, in order and once`, async () => {
    const { sim, visit, call } = scene(room);
    sim.link("*", "*", { latencyMs: 10, jitterMs: 20, loss: 0.05 });
    const ann = await call("Ann");
    const dora = await visit("Dora");
    const numbers = Array.from({ length: 20 }, (_, at) => at + 1);
    for (const number of numbers) {
      dora.sendMessage(JSON.stringify({ type: "say", text: `line ${number}` }));
      ann.sendLine(`line ${number}`);
      await sim.advance(1_500);
    }
    await sim.advance(20_000);
    const lines = numbers.map((number) => `line ${number}`);
    assert.deepEqual(dora.saidBy("Ann"), lines);
    assert.deepEqual(dora.saidBy("Dora"), lines);
    assert.deepEqual(ann.saidBy("Dora"), lines);
  });
}

/** A room with both kinds of ports, and people who come to it from machines of their own. */
function scene<R extends Room>(room: R) {
  const sim = new Simulation({ seed: 7 });
  sim.host("server", {
    program: async (reactor) => {
      const house = { reactor, room, ledger: new Ledger(room, reactor), banner: new BannerFile(reactor.files, "/b") };
      await listen(reactor, "tcp:1400", room);
      await listen(reactor, "tcp:8080", new ChatSite(house, NO_PAGES, { isSecure: false }).factory);
    },
  });
  const visit = async (name: string): Promise<Browser> => {
    const { reactor } = sim.host(name);
    await sim.advance(1);
    const dora = await sim.run(() => connectWebSocket(reactor, "ws://server:8080/chat", () => new Browser()));
    dora.sendMessage(JSON.stringify({ type: "enter", name }));
    await sim.until(() => room.members.has(name));
    return dora;
  };
  const call = async (name: string): Promise<Terminal> => {
    const { reactor } = sim.host(name);
    await sim.advance(1);
    const ann = await sim.run(() => connect(reactor, "tcp:server:1400", () => new Terminal()));
    ann.sendLine(name);
    await sim.until(() => room.members.has(name));
    return ann;
  };
  return { sim, room, visit, call };
}

class Browser extends WebSocketProtocol {
  readonly #words: { readonly news?: { readonly kind: string; readonly name: string; readonly text: string } }[] = [];

  override messageReceived(data: string | Uint8Array): void {
    this.#words.push(JSON.parse(String(data)));
  }

  saidBy(name: string): string[] {
    return this.#words.flatMap(({ news }) => (news?.kind === "said" && news.name === name ? [news.text] : []));
  }
}

class Terminal extends LineProtocol {
  readonly #lines: string[] = [];

  override lineReceived(line: string): void {
    this.#lines.push(line);
  }

  saidBy(name: string): string[] {
    return this.#lines.flatMap((line) => line.split(`<${name}> `).slice(1));
  }
}
