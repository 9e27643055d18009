import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { DatagramProtocol } from "../../core/datagram.ts";
import { assertPicture } from "../picture/well-formed.fixture.test.ts";
import { Simulation } from "../simulation.ts";
import type { TraceEvent, TraceView } from "../trace/trace.ts";
import { sequenceSvg } from "./sequence-svg.ts";

describe("a sequence diagram for a page", () => {
  test("is well-formed, and the same for the same seed", async () => {
    const pictures = [await pictureOfRun(3), await pictureOfRun(3), await pictureOfRun(4)];
    assert.equal(pictures[0], pictures[1]);
    assert.notEqual(pictures[0], pictures[2]);
    for (const each of pictures) assertPicture(each);
  });

  test("says in words all that is drawn", async () => {
    const [, words] = /<desc[^>]*>([^<]*)</.exec(await pictureOfRun(3)) ?? [];
    assert.match(
      words ?? "",
      /0 ms, a:5000 to b:7: hello\. .*partition of a from b begins.*hello \(lost: partition\).*b: here I am/s,
    );
  });

  test("what is lost ends in a cross with its reason, what arrives in the tip of an arrow", async () => {
    const svg = await pictureOfRun(3);
    assert.equal(svg.match(/l8 8m0 -8l-8 8/g)?.length, 1);
    assert.equal(svg.match(/<path d="M[\d.]+ [\d.]+L[\d.]+ [\d.]+L[\d.]+ [\d.]+Z"/g)?.length, 1);
    assert.match(svg, />partition<\/text>/);
  });

  test("nothing that comes from outside is taken for markup", () => {
    const evil = `</text></svg><script>alert("1")</script>\u202e`;
    const end = { host: evil, address: evil, port: 1 };
    const bytes = new TextEncoder().encode(evil);
    const events: TraceEvent[] = [
      { type: "note", timeMs: 0, host: evil, kind: "log", text: evil },
      { type: "fault", timeMs: 1, change: "begins", fault: { kind: evil }, text: evil, hosts: [evil] },
      {
        ...{ type: "packet", timeMs: 2, id: 1, protocol: "udp", from: end, to: end, bytes: bytes.length, head: bytes },
        ...{ flags: 0, isRetransmission: false, isOpaque: false, fate: "lost", arrivals: [], lostMs: 2, reason: evil },
      },
    ];
    const svg = sequenceSvg(viewOf([evil], events), { title: evil, subtitle: evil, label: () => evil });
    assertPicture(svg);
    assert.doesNotMatch(svg, /\u202e/);
  });

  test("draws the last 50 events, and says how many there were before them", () => {
    const events = Array.from({ length: 60 }, (_, at) => noteAt(at));
    const svg = sequenceSvg(viewOf(["a"], events));
    assertPicture(svg);
    assert.ok(svg.includes(">note 10<") && !svg.includes(">note 9<") && svg.includes("10 events before are left out"));
    assert.throws(() => sequenceSvg(viewOf(["a"], events), { limit: 0 }), /Cannot draw 0 events/);
  });

  test("time that is left out is a gap in the lifelines, with its length", () => {
    const svg = sequenceSvg(viewOf(["a"], [noteAt(0), noteAt(90_000)]));
    assertPicture(svg);
    assert.match(svg, />\+ 1 min 30 s<\/text>/);
    assert.match(svg, /d="M[\d.]+ 0V[\d.]+M[\d.]+ [\d.]+V[\d.]+"/);
  });

  test("of a run in which nothing happened is a picture all the same", () => {
    assertPicture(sequenceSvg(viewOf([], [])));
  });
});

async function pictureOfRun(seed: number): Promise<string> {
  const sim = new Simulation({ seed });
  const [a, b] = [sim.host("a"), sim.host("b")];
  sim.link("a", "b", { latencyMs: 5, jitterMs: 5 });
  const trace = sim.trace();
  await sim.run(async () => {
    await b.reactor.listenUdp({ port: 7 }, new DatagramProtocol());
    const port = await a.reactor.listenUdp({ port: 5_000 }, new DatagramProtocol());
    port.write("hello", { host: b.address, port: 7 });
    a.reactor.callLater(30, () => port.write("hello", { host: b.address, port: 7 }));
  });
  sim.inject({ kind: "partition", between: ["a", "b"], atMs: 20, forMs: 20 });
  await sim.advance(100);
  b.note("here I am");
  return sequenceSvg(trace);
}

function viewOf(hosts: readonly string[], events: readonly TraceEvent[]): TraceView {
  return { seed: 1, hosts, events, dropped: 0, nowMs: events.at(-1)?.timeMs ?? 0 };
}

function noteAt(timeMs: number): Extract<TraceEvent, { readonly type: "note" }> {
  return { type: "note", timeMs, host: "a", kind: "note", text: `note ${timeMs}` };
}
