import { Protocol } from "ropewalk";
import { MemoryTransport } from "ropewalk/testing";
import { BAD, GOOD, INK, LINE, line, picture, px, QUIET, text } from "./lib/kit.ts";

class Echo extends Protocol {
  readonly marks: { readonly words: string; readonly at: number; readonly bytes: number }[] = [];
  at = 0;

  override dataReceived(data: Uint8Array): void {
    this.transport.write(data);
  }

  mark(words: string): void {
    this.marks.push({ words, at: this.at, bytes: this.transport.bufferedBytes });
  }
}

class PoliteEcho extends Echo {
  override writingPaused(): void {
    this.mark("writingPaused");
    this.transport.pauseReading();
  }

  override writingResumed(): void {
    this.mark("writingResumed");
    this.transport.resumeReading();
  }
}

/** Two echo servers get a million bytes from a peer that reads nothing for as long; then it reads. What waits in each? */
export default async function draw(): Promise<string> {
  const runs = [record(new Echo()), record(new PoliteEcho())];
  const x = (at: number): number => LEFT + (at / (2 * PARTS)) * (RIGHT - LEFT);
  const y = (bytes: number): number => BOTTOM - (bytes / MOST) * (BOTTOM - TOP);
  const parts = [0, 250_000, 500_000, 750_000, 1_000_000].flatMap((bytes) => [
    line(`M${LEFT} ${px(y(bytes))}H${RIGHT}`, { stroke: LINE, opacity: 0.35 }),
    text(LEFT - 8, y(bytes) + 4, bytes === 0 ? "0" : `${bytes / 1_000} kB`, { ink: QUIET, anchor: "end" }),
  ]);
  const [rude, polite] = runs;
  const most = runs.map(({ samples }) => Math.max(...samples.map(({ bytes }) => bytes)));
  const inWords = (bytes: number | undefined): string => `${bytes?.toLocaleString("en").replaceAll(",", " ")} bytes`;
  parts.push(
    line(`M${px(x(PARTS))} ${TOP}V${BOTTOM}`, { stroke: LINE, dash: "4 3" }),
    text(x(PARTS / 2), BOTTOM + 42, "the peer writes 1 MB and reads nothing", { ink: QUIET, anchor: "middle" }),
    text(x(PARTS * 1.5), BOTTOM + 42, "the peer reads", { ink: QUIET, anchor: "middle" }),
    text(LEFT, 16, "Bytes that wait in the server", { isBold: true, size: 13 }),
    ...runs.map(({ samples }, at) => line(wayOf(samples, x, y), { stroke: at === 0 ? BAD : GOOD, width: 2.25 })),
    text(x(PARTS) - 12, y(400_000), `Echo: ${inWords(most[0])}`, { ink: BAD, anchor: "end", isOver: true }),
    text(x(PARTS) + 12, y(170_000), `PoliteEcho: ${inWords(most[1])}`, { ink: GOOD, isOver: true }),
  );
  const marks = polite?.marks ?? [];
  for (const name of ["writingPaused", "writingResumed"]) {
    const mark = marks.find(({ words }) => words === name);
    if (mark === undefined) continue;
    const at = x(mark.at);
    parts.push(
      line(`M${px(at)} ${px(y(mark.bytes))}V${BOTTOM + 8}`, { stroke: INK }),
      `<circle cx="${px(at)}" cy="${px(y(mark.bytes))}" r="4" fill="${INK}"/>`,
      text(at, BOTTOM + 21, mark.bytes === 0 ? name : `${name} at ${inWords(mark.bytes)}`, { isMono: true }),
    );
  }
  const times = marks.filter(({ words }) => words === "writingPaused").length;
  const description = `Echo: up to ${most[0]} bytes wait, ${rude?.marks.length} calls. PoliteEcho: up to ${most[1]} bytes wait; writingPaused ${times} times, then writingResumed each time`;
  return picture({ title: "Backpressure", description, width: 640, height: BOTTOM + 54 }, parts);
}

/** Without the points on the way from one corner to the next. */
function wayOf(samples: readonly Sample[], x: (at: number) => number, y: (bytes: number) => number): string {
  const corners = samples.filter(({ bytes }, n) => {
    const [before, after] = [samples[n - 1], samples[n + 1]];
    return before === undefined || after === undefined || after.bytes - bytes !== bytes - before.bytes;
  });
  return corners.map(({ at, bytes }, n) => `${n === 0 ? "M" : "L"}${px(x(at))} ${px(y(bytes))}`).join("");
}

interface Sample {
  readonly at: number;
  readonly bytes: number;
}

function record(echo: Echo): { readonly samples: readonly Sample[]; readonly marks: Echo["marks"] } {
  const transport = new MemoryTransport();
  transport.attach(echo);
  transport.remote.stopTaking();
  const samples: Sample[] = [{ at: 0, bytes: 0 }];
  const sample = (at: number): void => void samples.push({ at, bytes: transport.bufferedBytes });
  for (let part = 1; part <= PARTS; part += 1) {
    echo.at = part;
    transport.remote.write(new Uint8Array(PART));
    sample(part);
  }
  for (let part = 1; part <= PARTS; part += 1) {
    echo.at = PARTS + part;
    transport.remote.take(PART);
    sample(PARTS + part);
  }
  return { samples, marks: echo.marks };
}

const PARTS = 1_000;
const PART = 1_000;
const MOST = 1_000_000;
const [LEFT, RIGHT, TOP, BOTTOM] = [78, 624, 32, 240];
