/**
 * Two lanes: values go down on the left, errors on the right. Each link is a row; between two rows stands what went from one
 * to the other, on the inner side of its lane, where nothing else is. Where the result changes sides, the way crosses over.
 */
import {
  BAD,
  box,
  fitMono,
  GOOD,
  INK,
  LINE,
  line,
  monoWidth,
  PANEL,
  picture,
  px,
  QUIET,
  text,
  tip,
} from "../../sim/picture/parts.ts";
import { describeChain, endText, waitText } from "./describe.ts";
import type { ChainStory, LinkStory, Outcome } from "./record.ts";

/** The picture of a chain's story. */
export function drawChain(story: ChainStory, title: string): string {
  const drawing = new Drawing(laneWidthOf(story));
  drawing.heads();
  drawing.start(story);
  for (const link of story.links.slice(0, MOST_LINKS)) drawing.link(link);
  if (story.links.length > MOST_LINKS) drawing.more(story.links.length - MOST_LINKS);
  else drawing.end(story);
  const { width, height, parts } = drawing.finished();
  return picture({ title, description: describeChain(story).join(". "), width, height }, parts);
}

type Lane = 0 | 1;

class Drawing {
  readonly #laneWidth: number;
  readonly #parts: string[] = [];
  #y = TOP;
  /** What goes on from the last row: from which lane, and how. Undefined once the chain has come no further. */
  #onward: { readonly from: Lane; readonly outcome: Outcome | undefined; readonly isQuiet: boolean } | undefined;

  constructor(laneWidth: number) {
    this.#laneWidth = laneWidth;
  }

  finished(): { readonly width: number; readonly height: number; readonly parts: readonly string[] } {
    const y = this.#y + 24;
    const key = [
      box(EDGE + 0.5, y - 10, 18, 12, 3, { fill: PANEL, stroke: INK, width: 1.5 }),
      text(EDGE + 26, y, "ran", { ink: QUIET }),
      box(EDGE + 66.5, y - 10, 18, 12, 3, { stroke: LINE, dash: DASHES }),
      text(EDGE + 92, y, "passed by, or not reached", { ink: QUIET }),
    ];
    return { width: this.#width, height: y + 10, parts: [...this.#parts, ...key] };
  }

  heads(): void {
    const style = { ink: QUIET, anchor: "middle" } as const;
    this.#parts.push(text(this.#center(0), 18, "callback", style), text(this.#center(1), 18, "errback", style));
  }

  start({ start, unseen, end }: ChainStory): void {
    const before = unseen === 0 ? "" : ` (${unseen} links before)`;
    if (start === undefined) {
      this.#pill(0, `${end.state === "unfired" ? "not fired yet" : "fired"}${before}`, LINE, true);
      this.#onward = undefined;
      return;
    }
    const lane = laneOf(start.outcome);
    this.#pill(lane, start.text + before, inkOf(start.outcome), false);
    const isSaid = /^(?:.*→ )?(?:callback|errback)\(/.test(start.text);
    this.#onward = { from: lane, outcome: start.outcome, isQuiet: isSaid };
  }

  link(link: LinkStory): void {
    const { input, wait, output, hasRun } = link;
    if (input === undefined) this.#stub();
    else this.#edge(laneOf(input), !passesBeside(link));
    const lane = input === undefined ? undefined : laneOf(input);
    this.#boxes(link, lane);
    this.#y += BOX_HEIGHT;
    if (lane === undefined) {
      this.#onward = undefined;
      return;
    }
    if (wait !== undefined) this.#wait(lane, waitText(wait), wait.isOver);
    const goesOn = output !== undefined || (hasRun && wait === undefined);
    this.#onward = goesOn ? { from: lane, outcome: output, isQuiet: !hasRun } : undefined;
  }

  more(count: number): void {
    this.#edge(this.#onward === undefined ? 0 : laneOf(this.#onward.outcome));
    this.#pill(0, `… ${count} more links`, LINE, true);
  }

  end({ end, start }: ChainStory): void {
    if (end.state === "unfired" || end.state === "waiting" || start === undefined) return;
    if (end.state === "paused") {
      this.#stub();
      this.#pill(0, endText(end), LINE, true);
      return;
    }
    const lane = end.state === "error" ? 1 : 0;
    this.#edge(lane);
    const words = end.state === "value" ? "result" : end.state === "error" ? "nobody took it" : "handed over";
    this.#pill(lane, words, end.state === "error" ? BAD : end.state === "value" ? GOOD : LINE, false);
  }

  get #width(): number {
    return 2 * EDGE + 2 * this.#laneWidth + BETWEEN;
  }

  #center(lane: Lane): number {
    return EDGE + this.#laneWidth / 2 + lane * (this.#laneWidth + BETWEEN);
  }

  /** From where the last row was left to the next one, and what goes there. */
  #edge(to: Lane, hasTip: boolean = true): void {
    const onward = this.#onward;
    const { from, outcome, isQuiet } = onward ?? { from: to, outcome: undefined, isQuiet: true };
    const [x1, x2, y1] = [this.#center(from), this.#center(to), this.#y];
    const y2 = y1 + (from === to ? STRAIGHT : CROSSING);
    const ink = outcome === undefined ? LINE : inkOf(outcome);
    const way = Math.sign(x2 - x1);
    const bend = `V${px(y1 + 4)}q0 8 ${8 * way} 8H${px(x2 - 8 * way)}q${8 * way} 0 ${8 * way} 8`;
    const path = `M${px(x1)} ${px(y1)}${way === 0 ? "" : bend}V${px(hasTip ? y2 - 6 : y2)}`;
    this.#parts.push(line(path, { stroke: ink, width: 2 }), hasTip ? tip(x2, y2, Math.PI / 2, ink) : "");
    if (outcome !== undefined) this.#value(to, y2 - 12, outcome, isQuiet);
    this.#y = y2;
  }

  #value(lane: Lane, y: number, { text: words, failed }: Outcome, isQuiet: boolean): void {
    const room = this.#laneWidth * 1.5 + BETWEEN - 10;
    const x = this.#center(lane) + (lane === 0 ? 11 : -11);
    const ink = isQuiet ? QUIET : failed ? BAD : INK;
    this.#parts.push(text(x, y, fitMono(words, room), { isMono: true, ink, anchor: lane === 0 ? undefined : "end" }));
  }

  /** Nothing came this far. */
  #stub(): void {
    this.#y += 14;
  }

  #boxes(link: LinkStory, lane: Lane | undefined): void {
    const { kind, onValue, onError, isBoth, hasRun } = link;
    const ran = hasRun ? lane : undefined;
    if (isBoth) {
      const whole = 2 * this.#laneWidth + BETWEEN;
      const middle = EDGE + whole / 2;
      this.#box(EDGE, whole, middle, kind, onValue, ran);
      return;
    }
    for (const side of [0, 1] as const) {
      const name = side === 0 ? onValue : onError;
      const left = this.#center(side) - this.#laneWidth / 2;
      if (name !== undefined) {
        this.#box(left, this.#laneWidth, this.#center(side), kind, name, ran === side ? side : undefined);
      } else if (side === lane) {
        // What comes here passes on beside the other side's box.
        const ink = side === 0 ? GOOD : BAD;
        const x = px(this.#center(side));
        this.#parts.push(line(`M${x} ${px(this.#y)}v${BOX_HEIGHT}`, { stroke: ink, width: 2 }));
      }
    }
  }

  #box(
    left: number,
    width: number,
    middle: number,
    kind: string,
    name: string | undefined,
    ran: Lane | undefined,
  ): void {
    const isSolid = ran !== undefined;
    const shape = isSolid ? { fill: PANEL, stroke: ran === 0 ? GOOD : BAD, width: 2 } : { stroke: LINE, dash: DASHES };
    this.#parts.push(box(left, this.#y, width, BOX_HEIGHT, 6, shape));
    const ink = isSolid ? INK : QUIET;
    if (name === undefined) {
      this.#parts.push(text(middle, this.#y + 27, kind, { anchor: "middle", ink }));
      return;
    }
    this.#parts.push(
      text(middle, this.#y + 18, kind, { anchor: "middle", ink: QUIET }),
      text(middle, this.#y + 35, fitMono(name, width - 16), { anchor: "middle", isMono: true, ink, isBold: isSolid }),
    );
  }

  #wait(lane: Lane, words: string, isOver: boolean): void {
    const x = this.#center(lane);
    this.#parts.push(line(`M${px(x)} ${px(this.#y)}v20`, { stroke: LINE, width: 2, dash: "2 4" }));
    this.#y += 20;
    this.#pill(lane, isOver ? words : `still ${words}`, LINE, true);
  }

  /** A rounded box of its own, as wide as its words and inside of the picture. */
  #pill(lane: Lane, words: string, stroke: string, isDashed: boolean): void {
    const shown = fitMono(words, this.#width - 2 * EDGE - 24);
    const width = Math.max(64, Math.ceil(monoWidth(shown)) + 24);
    const left = Math.min(Math.max(EDGE, this.#center(lane) - width / 2), this.#width - EDGE - width);
    const shape = isDashed ? { stroke, width: 1.5, dash: DASHES } : { stroke, width: 2 };
    this.#parts.push(
      box(left, this.#y, width, PILL_HEIGHT, PILL_HEIGHT / 2, shape),
      text(left + width / 2, this.#y + 18, shown, { anchor: "middle", isMono: true, ink: isDashed ? QUIET : INK }),
    );
    this.#y += PILL_HEIGHT;
  }
}

/** What comes does not meet a box: the link has one on the other side only. */
function passesBeside({ input, isBoth, onValue, onError }: LinkStory): boolean {
  return !isBoth && (input?.failed ? onError : onValue) === undefined;
}

function laneOf(outcome: Outcome | undefined): Lane {
  return outcome?.failed ? 1 : 0;
}

function inkOf({ failed }: Outcome): string {
  return failed ? BAD : GOOD;
}

/** Wide enough for names and waits, within limits; values are cut instead, for they have the other lane's room as well. */
function laneWidthOf({ links, start }: ChainStory): number {
  const needed = links
    .slice(0, MOST_LINKS)
    .flatMap(({ onValue, onError, wait }) => [
      ...[onValue, onError].map((name) => widthOf(name) + 20),
      (widthOf(wait && waitText(wait)) + 24 - BETWEEN) / 2,
    ]);
  needed.push((widthOf(start?.text) + 24 - BETWEEN) / 2, NARROWEST_LANE);
  return Math.min(Math.ceil(Math.max(...needed)), WIDEST_LANE);
}

function widthOf(words: string | undefined): number {
  return words === undefined ? 0 : monoWidth(words);
}

const TOP = 30;
const EDGE = 8;
const BETWEEN = 16;
const NARROWEST_LANE = 138;
const WIDEST_LANE = 232;
const BOX_HEIGHT = 46;
const PILL_HEIGHT = 27;
const STRAIGHT = 34;
/** Room for the value below the bend. */
const CROSSING = 48;
const MOST_LINKS = 40;
const DASHES = "4 3";
