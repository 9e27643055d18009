import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { DatagramProtocol } from "../../core/datagram.ts";
import { Protocol } from "../../core/protocol.ts";
import { Simulation } from "../simulation.ts";
import type { TraceEvent, TraceView } from "../trace/trace.ts";
import { sequenceDiagram } from "./sequence-diagram.ts";

describe("a sequence diagram", () => {
  test("is the same page for the same seed", async () => {
    const pages = [await pageOfRun(7), await pageOfRun(7), await pageOfRun(8)];
    assert.equal(pages[0], pages[1]);
    assert.notEqual(pages[0], pages[2]);
  });

  test("refers to nothing outside of itself", async () => {
    const page = await pageOfRun(7);
    const targets = [...page.matchAll(/\s(?:href|src|srcset|data|action|poster|xlink:href)\s*=\s*"([^"]*)"/g)];
    assert.ok(targets.length > 10);
    for (const [, target] of targets) assert.match(target as string, /^#/);
    assert.doesNotMatch(page, /url\(|@import|https?:|\bfetch\b|<link\b|<iframe\b|<img\b/);
  });

  test("each thing in the picture is a link to its row of the table", async () => {
    const page = await pageOfRun(7);
    const rows = new Set([...page.matchAll(/<tr id="(e\d+)">/g)].map(([, id]) => id));
    const links = [...page.matchAll(/<a href="#(e\d+)"/g)].map(([, id]) => id);
    assert.ok(rows.size > 10);
    for (const id of links) assert.ok(rows.has(id));
    assert.deepEqual(new Set(links), rows);
  });

  test("nothing that comes from outside is taken for HTML", () => {
    const evil = `</text></svg></script><script>alert("1")</script><img src=x onerror='alert(2)'>&lt;\u202e`;
    const host = `<b onclick="x">`;
    const bytes = new TextEncoder().encode(evil);
    const end = { host, address: evil, port: 1 };
    const events: TraceEvent[] = [
      { type: "note", timeMs: 0, host, kind: "log", text: evil },
      { type: "fault", timeMs: 1, change: "begins", fault: { kind: evil }, text: evil, hosts: [host] },
      {
        ...{ type: "packet", timeMs: 2, id: 1, protocol: "udp", from: end, to: end, bytes: bytes.length, head: bytes },
        ...{ flags: 0, isRetransmission: false, isOpaque: false, fate: "lost", arrivals: [], lostMs: 2, reason: evil },
      },
    ];
    const view = viewOf([host], events);
    const page = sequenceDiagram(view, { title: evil, subtitle: evil, label: () => evil });
    assert.equal(page.match(/<script\b/g)?.length, 1);
    assert.equal(page.match(/<\/svg>/g)?.length, sequenceDiagram(viewOf(["h"], [])).match(/<\/svg>/g)?.length);
    assert.ok(!/<img|<b |\u202e/.test(page));
    assert.ok(page.includes("&#60;img src=x onerror=&#39;alert(2)&#39;&#62;"));
  });

  test("no script runs but its own", async () => {
    const page = await pageOfRun(7);
    const script = /<script>([\s\S]*)<\/script>/.exec(page)?.[1] ?? "";
    const hash = createHash("sha256").update(script).digest("base64");
    assert.ok(page.includes(`default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${hash}'`));
    assert.doesNotMatch(script, /innerHTML|outerHTML|insertAdjacent|eval|document\.write/);
  });

  test("draws the last events up to its limit, and says how many are left out", () => {
    const events = Array.from({ length: 10 }, (_, at) => noteAt(at));
    const page = sequenceDiagram({ ...viewOf(["a"], events), dropped: 5 }, { limit: 4 });
    assert.match(page, /Only the last 4\u00a0events are drawn; 11\u00a0events before them are left out/);
    assert.ok(page.includes("note 6") && !page.includes("note 5"));
    assert.throws(() => sequenceDiagram(viewOf(["a"], events), { limit: 0 }), /Cannot draw 0 events/);
  });

  test("draws a window of time, with the faults and the states that began before it", () => {
    const events: TraceEvent[] = [
      {
        type: "fault",
        timeMs: 1,
        change: "begins",
        fault: { kind: "partition" },
        text: "partition of a",
        hosts: ["a"],
      },
      { type: "note", timeMs: 2, host: "b", kind: "host", text: "crashes", state: "down" },
      noteAt(10),
      noteAt(20),
    ];
    const page = sequenceDiagram(viewOf(["a", "b"], events), { fromMs: 5, untilMs: 15, hosts: ["a", "b"] });
    assert.ok(page.includes("note 10") && !page.includes("note 20"));
    assert.ok(page.includes("since 1.000 ms: partition of a"));
    assert.match(page, /class="lane down" d="M\d+ 0V/);
  });

  test("a fault is a band from its beginning to its end, and one without length has a label of its own", async () => {
    const sim = new Simulation({ seed: 1 });
    sim.host("a");
    sim.host("b");
    const trace = sim.trace();
    sim.inject({ kind: "partition", between: ["a", "b"], atMs: 10, forMs: 20 });
    sim.inject({ kind: "kill", host: "a", atMs: 50 });
    await sim.advance(100);
    const page = sequenceDiagram(trace);
    assert.match(page, />partition of a from b<\/text>.*>partition ends<\/text>/s);
    assert.ok(page.includes(">process on a killed</text>") && !page.includes("kill ends"));
    assert.equal(page.match(/<g class="band"><g class="area"><rect x/g)?.length, 2);
  });

  test("draws the chosen hosts only, in their order", () => {
    const events: TraceEvent[] = [noteAt(1), { ...noteAt(2), host: "b" }, { ...noteAt(3), host: "c" }];
    const page = sequenceDiagram(viewOf(["a", "b", "c"], events), { hosts: ["c", "a"] });
    assert.deepEqual(
      [...page.matchAll(/<g class="name">.*?>(\w+)<\/text>/g)].map(([, name]) => name),
      ["c", "a"],
    );
    assert.ok(!page.includes("note 2"));
  });

  test("says what a protocol wants to have said at a packet", async () => {
    const page = await pageOfRun(7, { label: ({ bytes }) => (bytes === 5 ? "greeting" : undefined) });
    assert.match(page, /<text class="what"[^>]*>greeting<\/text>/);
  });

  test("plain acknowledgments are there for whoever asks for them", async () => {
    const page = await pageOfRun(7);
    assert.match(page, /<label for="acks">Show \d+\u00a0plain acknowledgment/);
    assert.match(page, /<g class="acks"><a href="#e\d+" class="ack"/);
  });

  test("of a run in which nothing happened says so", () => {
    assert.match(sequenceDiagram(viewOf([], [])), /Nothing happened/);
  });
});

describe("sim.diagram", () => {
  test("writes the page when it is disposed, once", async () => {
    const folder = mkdtempSync(join(tmpdir(), "diagram-"));
    try {
      const path = join(folder, "run.html");
      const sim = new Simulation({ seed: 1 });
      const diagram = sim.diagram(path, { title: "A run" });
      sim.host("a").note("here I am");
      assert.equal(readFileSync(path, "utf8"), "");
      diagram[Symbol.dispose]();
      sim.host("a").note("too late");
      diagram[Symbol.dispose]();
      const page = readFileSync(path, "utf8");
      assert.ok(page.includes('<h1 id="title">A run</h1>') && page.includes("here I am") && !page.includes("too late"));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test("says at once that it cannot write", () => {
    const sim = new Simulation();
    assert.throws(() => sim.diagram("/nowhere/at/all.html"), /Cannot write "\/nowhere\/at\/all\.html"/);
  });
});

async function pageOfRun(seed: number, options: Parameters<typeof sequenceDiagram>[1] = {}): Promise<string> {
  const sim = new Simulation({ seed });
  const [a, b] = [sim.host("a"), sim.host("b")];
  sim.link("a", "b", { latencyMs: 5, jitterMs: 5, loss: 0.2 });
  const trace = sim.trace();
  await sim.run(async () => {
    await b.reactor.listenTcp({ port: 7 }, () => new Protocol());
    await b.reactor.listenUdp({ port: 7 }, new DatagramProtocol());
    const client = await a.reactor.connectTcp({ host: "b", port: 7 }, () => new Protocol());
    const port = await a.reactor.listenUdp({ port: 0 }, new DatagramProtocol());
    for (let at = 0; at < 10; at += 1) port.write("hello", { host: b.address, port: 7 });
    client.transport?.write("over tcp");
  });
  await sim.advance(5_000);
  b.crash();
  return sequenceDiagram(trace, options);
}

function viewOf(hosts: readonly string[], events: readonly TraceEvent[]): TraceView {
  return { seed: 1, hosts, events, dropped: 0, nowMs: events.at(-1)?.timeMs ?? 0 };
}

function noteAt(timeMs: number): Extract<TraceEvent, { readonly type: "note" }> {
  return { type: "note", timeMs, host: "a", kind: "note", text: `note ${timeMs}` };
}
