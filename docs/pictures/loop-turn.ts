import { Protocol } from "ropewalk";
import { ModelledReactor } from "./lib/modelled-reactor.ts";
import { drawTimeline, type Row } from "./lib/timeline.ts";

/** Some turns of the loop: a function to its end, Promises, the next turn, two connections, what they wrote, a timer. */
export default async function picture(): Promise<string> {
  const reactor = new ModelledReactor(1);
  const rows: Row[] = [];
  const ran = (label: string, costMs: number, then?: () => void): void => {
    const fromMs = reactor.now();
    reactor.compute(costMs);
    then?.();
    rows.push({ label, spans: [{ kind: "work", fromMs, toMs: reactor.now() }] });
  };

  class Server extends Protocol {
    override dataReceived(data: Uint8Array): void {
      ran(`bytes of ${new TextDecoder().decode(data)}`, 2, () => {
        for (const part of ["one, ", "two, ", "three"]) this.transport.write(part);
      });
    }
  }
  await reactor.listenTcp({ port: 80 }, () => new Server());
  const guests = ["Ann", "Bob"].map((name) => ({ name, transport: reactor.dial(80) }));

  ran("this function", 4, () => {
    void Promise.resolve().then(() => ran("a Promise", 1));
    reactor.callLater(0, () => ran("callLater(0)", 2));
    reactor.callLater(16, () => ran("callLater(16)", 2));
  });
  await Promise.resolve(); // the function is through: whoever awaits a Promise
  reactor.advance(1);
  for (const { transport } of guests) transport.pauseReading();
  for (const { name, transport } of guests) transport.remote.write(name);
  for (const { transport } of guests) transport.resumeReading();
  reactor.settle();
  const pieces = guests.map(({ transport }) => transport.pieces().map((piece) => piece.length));
  rows.push({
    label: "writes leave",
    instants: [{ kind: "done", atMs: reactor.now(), label: `3 writes each, joined: ${pieces.join(" and ")} bytes` }],
  });
  reactor.advance(20);
  return drawTimeline({
    title: "Turns of the loop",
    description: rows
      .map(({ label, spans }) => `${label}${spans === undefined ? "" : ` from ${spans[0]?.fromMs} ms`}`)
      .join(", "),
    panels: [{ rows }],
    endMs: 24,
    tickMs: 4,
    key: [["work", "runs, and nothing else does"]],
    note: "Recorded on a reactor in memory; how long each function takes is modelled.",
  });
}
