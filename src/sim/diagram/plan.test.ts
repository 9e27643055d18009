/** The layout's promises hold for every trace, so they are put to traces that nobody would think of. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import type { TracedNote, TracedPacket, TraceEvent, TraceView } from "../trace/trace.ts";
import { CELL_WIDTH, type Label, LINE_HEIGHT, widthOf } from "./labels.ts";
import { type Plan, planOf } from "./plan.ts";
import { sceneOf } from "./scene.ts";

describe("the plan of a diagram, for any trace", () => {
  test("an arrow never goes up, and goes down unless it is a plain acknowledgment", () => {
    forAnyPlan(({ arrows }) => {
      for (const { y1, y2, isAck } of arrows) assert.ok(isAck ? y2 >= y1 : y2 > y1, `from ${y1} to ${y2}`);
    });
  });

  test("what is sent or noted later never stands higher", () => {
    forAnyPlan(({ arrows, notes }) => {
      const starts = [
        ...arrows.filter(({ isAck }) => !isAck).map(({ packet, y1 }) => ({ timeMs: packet.timeMs, y: y1 })),
        ...notes.map(({ note, y }) => ({ timeMs: note.timeMs, y })),
      ].sort((a, b) => a.timeMs - b.timeMs);
      let [lowestBefore, lowest, lastMs] = [0, 0, -1];
      for (const { timeMs, y } of starts) {
        if (timeMs > lastMs) lowestBefore = lowest;
        assert.ok(y >= lowestBefore, `at ${timeMs} ms`);
        [lowest, lastMs] = [Math.max(lowest, y), timeMs];
      }
    });
  });

  test("no label overlaps another one, or meets a lifeline", () => {
    forAnyPlan((plan) => {
      const boxes = boxesOf(plan);
      for (const [at, one] of boxes.entries()) {
        assert.ok(!plan.lanes.some(({ x }) => x > one.left && x < one.right), `"${one.text}" crosses a lifeline`);
        assert.ok(one.right <= plan.width, `"${one.text}" sticks out`);
        for (const other of boxes.slice(at + 1)) {
          const isApart =
            one.right <= other.left || other.right <= one.left || one.bottom <= other.top || other.bottom <= one.top;
          assert.ok(isApart, `"${one.text}" and "${other.text}"`);
        }
      }
    });
  });

  test("a lifeline goes from top to bottom without a hole", () => {
    forAnyPlan(({ lanes, height }) => {
      for (const { states } of lanes) {
        assert.equal(states[0]?.fromY, 0);
        assert.equal(states.at(-1)?.toY, height);
        for (let at = 1; at < states.length; at += 1) assert.equal(states[at]?.fromY, states[at - 1]?.toY);
      }
    });
  });

  test("everything lies within the picture", () => {
    forAnyPlan(({ arrows, notes, bands, height }) => {
      for (const y of [...arrows.flatMap(({ y1, y2 }) => [y1, y2]), ...notes.map(({ y }) => y)]) {
        assert.ok(y >= 0 && y <= height);
      }
      for (const { fromY, toY } of bands) assert.ok(fromY <= toY && toY <= height);
    });
  });
});

test("two datagrams of one instant are two arrows below each other", () => {
  const view = viewOf(["a", "b"], [packet(0, "a", "b", [5]), packet(0, "a", "b", [5])]);
  const { arrows } = planOf(sceneOf(view, {}), {});
  const [one, other] = arrows;
  assert.ok(other !== undefined && one !== undefined && other.y1 - one.y1 >= LINE_HEIGHT && other.y2 > one.y2);
});

test("a datagram that comes at the instant of its sending still goes down", () => {
  const { arrows } = planOf(sceneOf(viewOf(["a", "b"], [packet(3, "a", "b", [3])]), {}), {});
  assert.ok(arrows[0] !== undefined && arrows[0].y2 > arrows[0].y1);
});

test("an answer of the instant of arrival starts below it, whichever the trace tells first", () => {
  const view = viewOf(
    ["a", "b"],
    [packet(0, "b", "a", [9]), packet(5, "b", "a", [5]), packet(5, "a", "b", [5.5]), packet(5.5, "b", "a", [6])],
  );
  const [, , question, answer] = planOf(sceneOf(view, {}), {}).arrows;
  assert.ok(question !== undefined && answer !== undefined && answer.y1 - question.y2 >= LINE_HEIGHT);
});

test("why a host's packet to itself is lost has a line of its own", () => {
  const lost = packet(0, "a", "a", [], "hello", { fate: "lost", lostMs: 0.01, reason: "host down" });
  const [one, other] = planOf(sceneOf(viewOf(["a", "b"], [lost, packet(0.01, "a", "b", [1])]), {}), {}).arrows;
  assert.ok((other?.label?.y ?? 0) - (one?.reason?.y ?? 0) >= LINE_HEIGHT);
});

test("an hour in which nothing happens is a break that says so", () => {
  const view = viewOf(["a", "b"], [packet(0, "a", "b", [5]), packet(3_600_000, "a", "b", [3_600_005])]);
  const { axis, height } = planOf(sceneOf(view, {}), {});
  assert.deepEqual(
    axis.breaks.map(({ fromMs, toMs }) => [fromMs, toMs]),
    [[5, 3_600_000]],
  );
  assert.ok(height < 400);
});

test("a text that fits is whole, and a long one leaves its neighbour at least what half of the room holds", () => {
  const long = "x".repeat(64);
  const view = viewOf(["a", "b"], [packet(0, "a", "b", [5], "short"), packet(0, "b", "a", [5], long)]);
  const [one, other] = planOf(sceneOf(view, {}), {}).arrows;
  assert.equal(one?.label?.text, "short");
  assert.match(other?.label?.text ?? "", /^x{20,}…$/);
});

function forAnyPlan(check: (plan: Plan) => void): void {
  fc.assert(
    fc.property(ANY_VIEW, (view) => check(planOf(sceneOf(view, {}), {}))),
    { numRuns: 300 },
  );
}

interface Box {
  readonly text: string;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

function boxesOf({ arrows, notes, bands, lanes }: Plan): Box[] {
  const labels = [
    ...arrows.filter(({ isFirst }) => isFirst).flatMap(({ label, reason }) => [label, reason]),
    ...notes.map(({ label }) => label),
  ].filter((label) => label !== undefined && label.text !== "");
  assert.ok(bands.every(({ labelX }) => labelX > 0));
  return labels.map((label) => boxOf(label as Label, lanes));
}

function boxOf({ gap, side, indent, y, text }: Label, lanes: Plan["lanes"]): Box {
  const width = widthOf(text, CELL_WIDTH);
  const left = side === "left" ? (lanes[gap]?.x ?? 0) + indent : (lanes[gap + 1]?.x ?? 0) - indent - width;
  return { text, left, right: left + width, top: y - 10, bottom: y - 10 + LINE_HEIGHT };
}

function viewOf(hosts: readonly string[], events: readonly TraceEvent[]): TraceView {
  return { seed: 1, hosts, events, dropped: 0, nowMs: events.at(-1)?.timeMs ?? 0 };
}

function packet(
  timeMs: number,
  from: string,
  to: string | undefined,
  arrivals: readonly number[],
  data: string = "hello",
  more: Partial<TracedPacket> = {},
): TracedPacket {
  const head = new TextEncoder().encode(data);
  return {
    type: "packet",
    timeMs,
    id: 1,
    protocol: "udp",
    from: { host: from, address: "10.0.0.1", port: 1 },
    to: { host: to, address: "10.0.0.2", port: 2 },
    bytes: head.length,
    head,
    flags: 0,
    isRetransmission: false,
    isOpaque: false,
    fate: arrivals.length > 0 ? "arrived" : "on its way",
    arrivals,
    lostMs: undefined,
    reason: undefined,
    ...more,
  };
}

const HOSTS = ["a", "bee", "a host with a very long name indeed", "d"];
const STEP = fc.constantFrom(0, 0, 0.01, 1, 3, 500, 90_000);
const TEXT = fc.string({ maxLength: 40, unit: "grapheme" });

/** One event, at some time after the one before it. */
const ANY_EVENT = fc.record({
  stepMs: STEP,
  kind: fc.constantFrom(
    "sent",
    "sent",
    "ack",
    "lost",
    "lost there",
    "flying",
    "twice",
    "note",
    "state",
    "begins",
    "ends",
  ),
  from: fc.nat(3),
  to: fc.nat(4),
  latencyMs: fc.constantFrom(0, 0.01, 1, 1, 2.5, 40, 4_000),
  text: TEXT,
});

const ANY_VIEW: fc.Arbitrary<TraceView> = fc.array(ANY_EVENT, { maxLength: 40 }).map((drawn) => {
  let timeMs = 0;
  const faults = HOSTS.map(() => ({ kind: "fault" }));
  const events = drawn.map(({ stepMs, kind, from, to, latencyMs, text }): TraceEvent => {
    timeMs += stepMs;
    const [host, other] = [HOSTS[from] as string, HOSTS[to]];
    const note: TracedNote = { type: "note", timeMs, host, kind: "note", text };
    if (kind === "note") return note;
    if (kind === "state") {
      const state = (["up", "down", "paused"] as const)[to % 3] ?? "up";
      return { ...note, kind: "host", state, untilMs: state === "paused" ? timeMs + latencyMs : undefined };
    }
    if (kind === "begins" || kind === "ends") {
      const fault = faults[from] as { readonly kind: string };
      return {
        type: "fault",
        timeMs,
        change: kind,
        fault,
        text,
        hosts: [host, other].filter((name) => name !== undefined),
      };
    }
    const arrivesMs = timeMs + latencyMs;
    if (kind === "lost" || other === undefined) {
      return packet(timeMs, host, other, [], text, { fate: "lost", lostMs: timeMs, reason: "partition" });
    }
    if (kind === "lost there") {
      return packet(timeMs, host, other, [], text, { fate: "lost", lostMs: arrivesMs, reason: "host down" });
    }
    if (kind === "flying") return packet(timeMs, host, other, [], text);
    if (kind === "ack") return packet(timeMs, host, other, [arrivesMs], "", { protocol: "tcp", flags: 16 });
    return packet(timeMs, host, other, kind === "twice" ? [arrivesMs, arrivesMs + 1] : [arrivesMs], text);
  });
  return viewOf(HOSTS, events);
});
