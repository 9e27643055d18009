/**
 * What pictures are made of that stand in a page: plain SVG without a style sheet and without a script. Colours are the
 * page's custom properties, each with one that can be read on white and on black, so that a picture follows its page from
 * light to dark and still stands alone.
 */

import { cellsOf, escapeHtml, shorten } from "../diagram/text.ts";
import { showText } from "../trace/show-bytes.ts";

/** What a picture says about itself, and its size in pixels. */
export interface Frame {
  readonly title: string;
  /** What is seen, in words, for whoever does not see it. */
  readonly description: string;
  readonly width: number;
  readonly height: number;
}

/** The whole picture. Ids come from what it holds, so the same picture has the same bytes. */
export function picture({ title, description, width, height }: Frame, parts: readonly string[]): string {
  const body = parts.filter((part) => part !== "").join("\n");
  const id = `picture-${fingerprint(`${title}\0${description}\0${body}`)}`;
  const size = `viewBox="0 0 ${px(width)} ${px(height)}" width="${px(width)}" height="${px(height)}"`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="${id}-title ${id}-desc" ${size} font-family="${SANS}" font-size="${TEXT_PX}" fill="none">`,
    `<title id="${id}-title">${inXml(title)}</title>`,
    `<desc id="${id}-desc">${inXml(description)}</desc>`,
    body,
    "</svg>",
  ].join("\n");
}

/** How a text is set. */
export interface TextStyle {
  readonly ink?: string | undefined;
  readonly anchor?: "middle" | "end" | undefined;
  /** In a typeface of one width, so that it is as wide as `monoWidth` says. */
  readonly isMono?: boolean | undefined;
  readonly isBold?: boolean | undefined;
  readonly size?: number | undefined;
  /** What is below it does not strike it through, if the page says what its paper is like. */
  readonly isOver?: boolean | undefined;
}

/** One line of text; `y` is its base line. */
export function text(x: number, y: number, words: string, style: TextStyle = {}): string {
  const { ink = INK, anchor, isMono, isBold, size, isOver } = style;
  const attributes = [
    anchor === undefined ? "" : ` text-anchor="${anchor}"`,
    isMono ? ` font-family="${MONO}"` : "",
    isBold ? ' font-weight="600"' : "",
    size === undefined ? "" : ` font-size="${size}"`,
    isOver ? ` paint-order="stroke" stroke="${PAPER}" stroke-width="4" stroke-linejoin="round"` : "",
  ];
  return `<text x="${px(x)}" y="${px(y)}" fill="${ink}"${attributes.join("")}>${inXml(words)}</text>`;
}

/** How a line or an area looks. */
export interface Shape {
  readonly stroke?: string | undefined;
  readonly fill?: string | undefined;
  readonly width?: number | undefined;
  readonly dash?: string | undefined;
  readonly opacity?: number | undefined;
}

/** A rectangle with round corners. */
export function box(x: number, y: number, width: number, height: number, radius: number, shape: Shape): string {
  const round = radius === 0 ? "" : ` rx="${px(radius)}"`;
  return `<rect x="${px(x)}" y="${px(y)}" width="${px(width)}" height="${px(height)}"${round}${attributesOf(shape)}/>`;
}

/** A path; `d` as in SVG. */
export function line(d: string, shape: Shape): string {
  return `<path d="${d}"${attributesOf(shape)}/>`;
}

/** The tip of an arrow at a point, seen along `angle` (radians, 0 to the right). */
export function tip(x: number, y: number, angle: number, ink: string, size: number = 8): string {
  const corner = (turn: number): string =>
    `${px(x - size * Math.cos(angle + turn))} ${px(y - size * Math.sin(angle + turn))}`;
  return `<path d="M${px(x)} ${px(y)}L${corner(0.42)}L${corner(-0.42)}Z" fill="${ink}"/>`;
}

/** Pixels that a text takes at most, in the typeface of one width. */
export function monoWidth(words: string, size: number = TEXT_PX): number {
  return cellsOf(words) * size * MONO_EM;
}

/** As much of a text as has room in so many pixels of the typeface of one width. */
export function fitMono(words: string, width: number, size: number = TEXT_PX): string {
  return shorten(visible(words), Math.floor(width / (size * MONO_EM)));
}

/** A text in which all that cannot be seen is an escape. */
function visible(words: string): string {
  return showText(words);
}

/** A tenth of a pixel is finer than any screen. */
export function px(value: number): string {
  return String(Math.round(value * 10) / 10);
}

function attributesOf({ stroke, fill, width, dash, opacity }: Shape): string {
  return [
    fill === undefined ? "" : ` fill="${fill}"`,
    stroke === undefined ? "" : ` stroke="${stroke}" stroke-width="${px(width ?? 1)}"`,
    dash === undefined ? "" : ` stroke-dasharray="${dash}"`,
    opacity === undefined ? "" : ` opacity="${opacity}"`,
  ].join("");
}

function inXml(words: string): string {
  return escapeHtml(visible(words));
}

/** FNV-1a: eight hexadecimal digits that stand for a text. */
function fingerprint(words: string): string {
  let hash = 0x811c9dc5;
  for (let at = 0; at < words.length; at += 1) hash = Math.imul(hash ^ words.charCodeAt(at), 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, "0");
}

export const INK = "var(--picture-ink, currentColor)";
export const QUIET = "var(--picture-quiet, #7a828e)";
export const LINE = "var(--picture-line, #8b949e)";
export const GOOD = "var(--picture-good, #2c8a4b)";
export const BAD = "var(--picture-bad, #d0453a)";
export const ACCENT = "var(--picture-accent, #3b7ddd)";
export const PANEL = "var(--picture-panel, #8b949e29)";
const PAPER = "var(--picture-paper, none)";

/** No text is smaller. */
export const TEXT_PX = 12;
/** The widest typeface of one width in use. */
const MONO_EM = 0.615;
const MONO =
  "ui-monospace, SF Mono, Cascadia Mono, Segoe UI Mono, Roboto Mono, Menlo, Consolas, DejaVu Sans Mono, monospace";
const SANS =
  "system-ui, -apple-system, Segoe UI, Roboto, Helvetica Neue, Noto Sans, Liberation Sans, Arial, sans-serif";
