import { cellsOf, shorten } from "./text.ts";

/** A text beside a lifeline, in the space to the next one. */
export interface Label {
  /** The space right of lifeline 0, 1, … */
  readonly gap: number;
  /** The lifeline that it stands at: the left one or the right one of its space. */
  readonly side: "left" | "right";
  /** Pixels from that lifeline. */
  readonly indent: number;
  /** Of its base line. */
  readonly y: number;
  /** All that there is to say. */
  readonly full: string;
  /** What there is room for. */
  text: string;
}

/**
 * Cuts texts so that none meets another one. Those at one lifeline stand below one another already; those that stand
 * opposite each other in one space share its width: who needs less than half leaves the rest to the other one.
 */
export function fitLabels(labels: readonly Label[], roomOf: (gap: number) => number, cellWidth: number): void {
  const gaps = new Map<number, Label[]>();
  for (const label of labels) {
    const list = gaps.get(label.gap) ?? [];
    gaps.set(label.gap, list);
    list.push(label);
  }
  for (const [gap, list] of gaps) fitGap(list, roomOf(gap), cellWidth);
}

/** Pixels that a text takes. */
export function widthOf(text: string, cellWidth: number): number {
  return cellsOf(text) * cellWidth;
}

function fitGap(labels: readonly Label[], width: number, cellWidth: number): void {
  const left = labels.filter(({ side }) => side === "left").toSorted((a, b) => a.y - b.y);
  const right = labels.filter(({ side }) => side === "right").toSorted((a, b) => a.y - b.y);
  const rooms = new Map<Label, number>(labels.map((label) => [label, width - EDGE]));
  let first = 0;
  for (const one of left) {
    while (first < right.length && (right[first] as Label).y <= one.y - LINE_HEIGHT) first += 1;
    for (let at = first; at < right.length && (right[at] as Label).y < one.y + LINE_HEIGHT; at += 1) {
      const other = right[at] as Label;
      const [ofOne, ofOther] = share(extentOf(one, cellWidth), extentOf(other, cellWidth), width - BETWEEN);
      rooms.set(one, Math.min(rooms.get(one) as number, ofOne));
      rooms.set(other, Math.min(rooms.get(other) as number, ofOther));
    }
  }
  for (const [label, room] of rooms) label.text = shorten(label.full, Math.floor((room - label.indent) / cellWidth));
}

function share(one: number, other: number, width: number): readonly [number, number] {
  if (one + other <= width) return [one, other];
  if (one <= width / 2) return [one, width - one];
  if (other <= width / 2) return [width - other, other];
  return [width / 2, width / 2];
}

function extentOf({ indent, full }: Label, cellWidth: number): number {
  return indent + widthOf(full, cellWidth);
}

/** Of the typeface of the labels at 11 pixels; the widest in use is 0.61 em. */
export const CELL_WIDTH = 6.75;
export const LINE_HEIGHT = 13;
/** Between a text and the lifeline that it comes near, and between two texts. */
const EDGE = 8;
const BETWEEN = 10;
