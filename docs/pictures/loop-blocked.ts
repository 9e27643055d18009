import { Protocol } from "ropewalk";
import { ModelledReactor } from "./lib/modelled-reactor.ts";
import { drawTimeline, type Instant, type Panel, type Span } from "./lib/timeline.ts";

/** A computation of 400 ms, in the loop and in a worker: what becomes of everything else. */
export default async function picture(): Promise<string> {
  const panels = [await record(false), await record(true)];
  return drawTimeline({
    title: "A long computation, in the loop and in a worker",
    description: panels.map(({ title, sum }) => `${title}: ${sum}`).join(". "),
    panels,
    endMs: 700,
    tickMs: 100,
    key: [
      ["blocking", "computes in the loop"],
      ["worker", "computes in a worker"],
      ["due", "should run"],
      ["done", "runs"],
      ["waiting", "late"],
    ],
    note: "Recorded on a reactor in memory; the computation is modelled as 400 ms.",
  });
}

async function record(isInWorker: boolean): Promise<Panel> {
  const reactor = new ModelledReactor(1);
  const [work, ticks, bytes] = [newRow(), newRow(), newRow()];
  let latestMs = 0;
  const ran = (row: Row, dueMs: number): void => {
    const atMs = reactor.now();
    latestMs = Math.max(latestMs, atMs - dueMs);
    if (atMs > dueMs && !row.spans.some(({ toMs }) => toMs === atMs))
      row.spans.push({ kind: "waiting", fromMs: dueMs, toMs: atMs });
    row.instants.push({ kind: "due", atMs: dueMs }, { kind: "done", atMs });
  };
  class Guest extends Protocol {
    override dataReceived(data: Uint8Array): void {
      ran(bytes, Number(new TextDecoder().decode(data)));
    }
  }
  await reactor.listenTcp({ port: 80 }, () => new Guest());
  const peer = reactor.dial(80);
  for (let atMs = 0; atMs < 700; atMs += 100) reactor.callLater(atMs, () => ran(ticks, atMs));
  reactor.callLater(120, () => {
    const fromMs = reactor.now();
    const ended = (kind: Span["kind"]) => () => work.spans.push({ kind, fromMs, toMs: reactor.now() });
    if (isInWorker) reactor.runInWorker("./primes.js", 400).addCallback(ended("worker"));
    else {
      reactor.compute(400);
      ended("blocking")();
    }
  });
  for (const atMs of [60, 260, 330, 610]) reactor.callLater(atMs, () => peer.remote.write(`${atMs}`));
  reactor.advance(690);
  return {
    title: isInWorker ? "In a worker" : "In the loop",
    sum: `the latest call is ${latestMs} ms late`,
    rows: [
      { label: "computation", ...work },
      { label: "every 100 ms", ...ticks },
      { label: "bytes come", ...bytes },
    ],
  };
}

function newRow(): Row {
  return { spans: [], instants: [] };
}

interface Row {
  readonly spans: Span[];
  readonly instants: Instant[];
}
