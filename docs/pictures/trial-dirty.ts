import type { Clock } from "ropewalk";
import { MemoryReactor } from "ropewalk/testing";
import { drawTimeline, type Panel } from "./lib/timeline.ts";

class Door {
  constructor(clock: Clock) {
    clock.callLater(60_000, () => {});
  }
}

/** What each of two tests of a door leaves behind in its reactor. */
export default async function picture(): Promise<string> {
  const panels = [
    record("“a door locks itself after a minute”", (reactor) => {
      new Door(reactor);
      reactor.advance(60_000);
    }),
    record("“a new door is open”", (reactor) => {
      new Door(reactor);
    }),
  ];
  return drawTimeline({
    title: "What two tests leave behind",
    description: panels.map(({ title, sum }) => `${title}: ${sum}`).join(". "),
    panels,
    endMs: 60_000,
    tickMs: 15_000,
    tick: (ms) => `${ms / 1_000} s`,
    key: [
      ["work", "the test"],
      ["outside", "its delayed call, until it is made"],
      ["failed", "still there when the test has ended"],
    ],
    note: "Recorded on reactors in memory, by their own clocks: no test takes a minute of yours.",
  });
}

function record(title: string, test: (reactor: MemoryReactor) => void): Panel {
  const reactor = new MemoryReactor();
  const calls: { readonly dueMs: number; endMs: number | undefined }[] = [];
  const { callLater } = reactor;
  reactor.callLater = (ms, f) => {
    const call = { dueMs: reactor.now() + ms, endMs: undefined as number | undefined };
    calls.push(call);
    return callLater.call(reactor, ms, () => {
      call.endMs = reactor.now();
      f();
    });
  };
  test(reactor);
  const endMs = reactor.now();
  const left = reactor.holdings();
  return {
    title,
    sum: left.length === 0 ? "leaves nothing: passes" : `leaves ${left.length} ${left[0]?.kind}: fails`,
    rows: [
      { label: "test", spans: [{ kind: "work", fromMs: 0, toMs: endMs }], instants: [{ kind: "done", atMs: endMs }] },
      ...calls.map(({ dueMs, endMs: madeMs }) => ({
        label: "delayed call",
        spans: [
          { kind: madeMs === undefined ? ("failed" as const) : ("outside" as const), fromMs: 0, toMs: madeMs ?? dueMs },
        ],
      })),
    ],
  };
}
