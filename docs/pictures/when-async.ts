import { deferLater, Protocol } from "ropewalk";
import type { MemoryTransport } from "ropewalk/testing";
import { ModelledReactor } from "./lib/modelled-reactor.ts";
import { drawTimeline, type Panel, type Span } from "./lib/timeline.ts";

/** The same ten requests, served in four ways, each of 200 ms: recorded, and to be played in real time. */
export default async function picture(): Promise<string> {
  const panels = [
    await serve("Blocking: waits for the database, request by request", (reactor, _request, answer) => {
      reactor.compute(COST_MS); // a call that returns when the database has answered
      answer("blocking");
    }),
    await serve("Evented: all wait for the database at once", (reactor, request, answer) => {
      answer("work");
      void deferLater(reactor, COST_MS).addCallback(() => {
        request.spans.push({ kind: "outside", fromMs: request.askedMs, toMs: reactor.now() });
        answer("work");
      });
    }),
    await serve("Evented, but it computes: one after another again", (reactor, _request, answer) => {
      reactor.compute(COST_MS); // sorts, hashes, parses
      answer("blocking");
    }),
    await serve("Computes in workers: four at a time, and the loop is free", (reactor, request, answer) => {
      answer("work");
      void reactor.runInWorker("./work.js", COST_MS).addCallback(() => {
        const began = reactor.now() - COST_MS;
        if (began > request.askedMs) request.spans.push({ kind: "waiting", fromMs: request.askedMs, toMs: began });
        request.spans.push({ kind: "worker", fromMs: began, toMs: reactor.now() });
        answer("work");
      });
    }),
  ];
  return drawTimeline({
    title: "Ten requests, served in four ways",
    description: `Each request needs ${COST_MS} ms. ${panels.map(({ title, sum }) => `${title}: ${sum}`).join(". ")}`,
    panels,
    endMs: 2_100,
    tickMs: 500,
    rowHeight: 11,
    key: [
      ["waiting", "waits for its turn"],
      ["blocking", "holds the only thread"],
      ["work", "handled by the loop"],
      ["outside", "the database is at it"],
      ["worker", "a worker is at it"],
      ["done", "answered"],
    ],
    note: "Recorded on a reactor in memory with modelled costs: 200 ms for the database or the computation, 2 ms to take a request and to answer it, four workers.",
    replay: { id: "playWhenAsync", words: "Play it in real time: 2 seconds" },
  });
}

type Serve = (reactor: ModelledReactor, request: Request, answer: (kind: Span["kind"]) => void) => void;

interface Request {
  readonly spans: Span[];
  /** When its handling began, and when it asked for what takes long. */
  askedMs: number;
  doneMs: number;
}

async function serve(title: string, how: Serve): Promise<Panel> {
  const reactor = new ModelledReactor(4);
  const requests: Request[] = [];
  class Server extends Protocol {
    readonly #request: Request = { spans: [], askedMs: 0, doneMs: 0 };

    override connectionMade(): void {
      requests.push(this.#request);
      this.transport.pauseReading();
    }

    override dataReceived(): void {
      const request = this.#request;
      const fromMs = reactor.now();
      if (fromMs > 0) request.spans.push({ kind: "waiting", fromMs: 0, toMs: fromMs });
      let beganMs = fromMs;
      how(reactor, request, (kind) => {
        // It is called once for the request and once for the answer.
        if (kind === "work") beganMs = reactor.now();
        if (kind === "work") reactor.compute(2);
        request.spans.push({ kind, fromMs: beganMs, toMs: reactor.now() });
        if (request.askedMs === 0) request.askedMs = reactor.now();
        request.doneMs = reactor.now();
      });
    }
  }
  await reactor.listenTcp({ port: 80 }, () => new Server());
  const guests: MemoryTransport[] = Array.from({ length: 10 }, () => reactor.dial(80));
  for (const guest of guests) guest.remote.write("GET");
  // All ten are there before the server reads the first one.
  for (const guest of guests) guest.resumeReading();
  reactor.advance(5_000);
  const last = Math.max(...requests.map(({ doneMs }) => doneMs));
  const rows = requests.map(({ spans, doneMs }) => ({ spans, instants: [{ kind: "done" as const, atMs: doneMs }] }));
  return { title, sum: `last answer after ${last} ms`, rows };
}

const COST_MS = 200;
