import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { DatagramProtocol } from "../../core/datagram.ts";
import { Protocol } from "../../core/protocol.ts";
import { limitConnections } from "../../policies/limit-connections.ts";
import { ProtocolWrapper, wrapFactory } from "../../policies/wrapper.ts";
import { MemoryReactor } from "../../testing/index.ts";
import { Application } from "../application.ts";
import { MultiService } from "../multi-service.ts";
import { Service } from "../service.ts";
import { StreamServerService } from "../stream-server-service.ts";
import { TimerService } from "../timer-service.ts";
import { inspect } from "./inspect.ts";
import { fakeVitals } from "./vitals.fixture.test.ts";
import { Watch } from "./watch.ts";

class Echo extends Protocol {}
class Idle extends Service {
  override startService(): void {}
  override stopService(): void {}
}
class Broken extends Service {
  override startService(): void {
    throw new Error("no key");
  }
  override stopService(): void {}
}

describe("a snapshot", () => {
  test("is plain JSON: what is sent is what was seen", async () => {
    const { reactor, watch } = begin();
    await reactor.listenTcp({ port: 80 }, () => new Echo());
    reactor.dial(80);
    const seen = inspect(reactor, new Application({ name: "shop" }), { watch });
    assert.deepEqual(JSON.parse(JSON.stringify(seen)), withoutUndefined(seen));
  });

  test("has the tree of services with their states, and why one failed", async () => {
    const { reactor } = begin();
    const broken = new Broken();
    const inner = new MultiService({ name: "inner", services: [new StreamServerService("tcp:80", () => new Echo())] });
    const tree = new Application({ name: "shop", services: [inner] });
    await tree.startService(reactor);
    await tree.addService(broken).addErrback(() => undefined);
    const late = new MultiService({ name: "late", services: [broken] });
    await late.startService(reactor).addErrback(() => undefined);
    const { services } = inspect(reactor, tree);
    assert.deepEqual(
      [services?.name, services?.type, services?.state, services?.children[0]?.children[0]?.state],
      ["shop", "Application", "running", "running"],
    );
    assert.equal(inspect(reactor, late).services?.children[0]?.state, "failed");
    assert.match(inspect(reactor, late).services?.children[0]?.error ?? "", /no key/);
  });

  test("cuts a tree of services that nobody could read", () => {
    const { reactor } = begin();
    const tree = new Application({ name: "shop", services: Array.from({ length: 700 }, () => new Idle()) });
    const { services } = inspect(reactor, tree);
    assert.deepEqual([services?.children.length, services?.hidden], [500, 200]);
  });

  test("shows the protocols of a connection from the policies in to the one that does the work", async () => {
    const { reactor } = begin();
    const wrapped = wrapFactory(
      () => new Echo(),
      (inner) => new ProtocolWrapper(inner),
    );
    await reactor.listenTcp({ port: 80 }, limitConnections(wrapped, { total: 5 }));
    reactor.dial(80);
    assert.deepEqual(inspect(reactor, undefined).connections.items[0]?.stack, [
      "CountedProtocol",
      "ProtocolWrapper",
      "Echo",
    ]);
  });

  test("shows the innermost protocol of one that keeps what it wraps to itself", async () => {
    class Secret extends Protocol {
      readonly #inner = new Echo();
      override get innermost(): Protocol {
        return this.#inner;
      }
    }
    const { reactor } = begin();
    await reactor.listenTcp({ port: 80 }, () => new Secret());
    reactor.dial(80);
    assert.deepEqual(inspect(reactor, undefined).connections.items[0]?.stack, ["Secret", "Echo"]);
  });

  test("knows the age of connections that came while somebody looked, and of no others", async () => {
    const reactor = new MemoryReactor();
    await reactor.listenTcp({ port: 80 }, () => new Echo());
    reactor.dial(80);
    const watch = new Watch(reactor);
    await reactor.listenTcp({ port: 81 }, () => new Echo());
    reactor.dial(81);
    const ages = () => inspect(reactor, undefined, { watch }).connections.items.map(({ ageMs }) => ageMs);
    assert.deepEqual(ages(), [undefined, 0]);
    reactor.advance(4_000);
    assert.deepEqual(ages(), [undefined, 4_000]);
    reactor.dial(81);
    reactor.advance(3_500);
    // Nobody looked before the next second began.
    assert.deepEqual(ages(), [undefined, 7_500, 2_500]);
  });

  test("shows a part of ten thousand connections, and says how many there are", async () => {
    const { reactor } = begin();
    await reactor.listenTcp({ port: 80 }, () => new Echo());
    for (let n = 0; n < 10_000; n += 1) reactor.dial(80);
    const { connections, counts } = inspect(reactor, undefined, { connections: { offset: 9_990, limit: 100_000 } });
    assert.deepEqual([connections.total, connections.items.length, counts.connections], [10_000, 10, 10_000]);
    assert.equal(inspect(reactor, undefined, { connections: { limit: 100_000 } }).connections.items.length, 500);
  });

  test("lists connections in the order that is asked for", async () => {
    const { reactor } = begin();
    await reactor.listenTcp({ port: 80 }, () => new Echo());
    const [first, second] = [reactor.dial(80), reactor.dial(80)];
    second.write("x".repeat(10));
    const peers = (order: "oldest" | "newest" | "buffered") =>
      inspect(reactor, undefined, { connections: { order } }).connections.items.map(({ peer }) => peer);
    const names = [first, second].map(({ peer }) => (peer.kind === "tcp" ? `${peer.host}:${peer.port}` : ""));
    assert.deepEqual(peers("oldest"), names);
    assert.deepEqual(peers("newest"), [...names].reverse());
    assert.deepEqual(peers("buffered"), [...names].reverse());
  });

  test("tells of timers when they are due and where they were made, the next one first, without the watch's own", () => {
    const { reactor, watch } = begin();
    reactor.callLater(9_000, () => {});
    reactor.callLater(5_000, () => {});
    const { timers } = inspect(reactor, undefined, { watch });
    assert.deepEqual(
      timers.items.map(({ dueInMs }) => dueInMs),
      [5_000, 9_000],
    );
    assert.match(timers.items[0]?.origin?.place ?? "", /inspect\.test\.js:\d+/);
  });

  test("says of a timer of Ropewalk's own which part asked for it, and not how timers are made", async () => {
    const { reactor, watch } = begin();
    const tree = new Application({ services: [new TimerService(60_000, () => {})] });
    await tree.startService(reactor);
    const { items } = inspect(reactor, tree, { watch }).timers;
    assert.match(items[0]?.origin?.place ?? "", /inspect\.test\.js|timer-service\.js/);
    assert.doesNotMatch(items[0]?.origin?.stack.join("\n") ?? "", /frugal-origins/);
  });

  test("has no origin for timers beyond the allowance of a second, and has for those after it", () => {
    const { reactor, watch } = begin();
    for (let n = 0; n < 210; n += 1) reactor.callLater(60_000, () => {});
    const places = () => inspect(reactor, undefined, { watch, timers: { offset: 195, limit: 100 } }).timers.items;
    assert.deepEqual(
      places()
        .map(({ origin }) => origin !== undefined)
        .indexOf(false),
      5,
    );
    reactor.advance(1_000);
    reactor.callLater(59_500, () => {});
    assert.ok(places().at(-1)?.origin !== undefined);
  });

  test("names a datagram port among the rest", async () => {
    const { reactor } = begin();
    await reactor.listenUdp({ port: 53 }, new DatagramProtocol());
    assert.deepEqual(
      inspect(reactor, undefined).others.items.map(({ summary }) => summary),
      ["datagram port 0.0.0.0:53"],
    );
  });
});

describe("a watch", () => {
  test("takes a sample each second, and keeps five minutes of them", () => {
    const { reactor, watch } = begin();
    reactor.advance(3_000);
    assert.equal(watch.samples?.kept.length, 3);
    reactor.advance(400_000);
    assert.equal(watch.samples?.kept.length, 300);
  });

  test("makes a second's figures of two readings", () => {
    const { reactor, watch } = begin();
    reactor.advance(2_000);
    const sample = watch.samples?.kept.at(-1);
    // 1 000 ms of time and 250 ms of processor between two readings of the fixture.
    assert.deepEqual([sample?.cpu, sample?.rssBytes], [0.25, 50_000_000]);
  });

  test("leaves a reactor as it found it", async () => {
    const reactor = new MemoryReactor();
    const before = Object.getOwnPropertyNames(reactor).sort();
    const watch = new Watch(reactor);
    assert.notDeepEqual(Object.getOwnPropertyNames(reactor).sort(), before);
    watch[Symbol.dispose]();
    assert.deepEqual(Object.getOwnPropertyNames(reactor).sort(), before);
    assert.deepEqual(reactor.holdings(), []);
  });
});

function begin(): { reactor: MemoryReactor; watch: Watch } {
  const reactor = new MemoryReactor();
  return { reactor, watch: new Watch(reactor, { vitals: fakeVitals() }) };
}

function withoutUndefined(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutUndefined);
  if (typeof value !== "object" || value === null) return value;
  const kept = Object.entries(value).filter(([, part]) => part !== undefined);
  return Object.fromEntries(kept.map(([name, part]) => [name, withoutUndefined(part)]));
}
