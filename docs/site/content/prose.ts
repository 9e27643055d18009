/** How long a page takes to read: its prose alone, at 230 words a minute. */
import { blocksOf } from "./blocks.ts";
import type { Page } from "./page.ts";

export const WORDS_A_MINUTE = 230;
/** What a page that says "sixty seconds" may hold. */
export const SHORT_WORDS: number = WORDS_A_MINUTE;

/** Words of paragraphs, lists and headings; not of code, output, pictures' captions, nor of the tables of the maps. */
export function wordsOf(page: Pick<Page, "source" | "section" | "body" | "summary">): number {
  const texts = blocksOf(page.source, page.body)
    .filter(({ kind }) => kind === "prose" || (kind === "table" && page.section !== "maps"))
    .map(({ text }) => text);
  return [page.summary, ...texts].map(countWords).reduce((sum, count) => sum + count, 0);
}

/** The words of a piece of Markdown: what a reader says to himself, so a mark is none and the target of a link is none. */
export function countWords(markdown: string): number {
  const spoken = markdown
    .replace(/<!--[\s\S]*?-->/g, "")
    .replace(/\]\([^)]*\)/g, "]")
    .replace(/\]\[[^\]]*\]/g, "]");
  return spoken.split(/[\s|]+/).filter((word) => /[\p{L}\p{N}]/u.test(word)).length;
}

/** Seconds that so many words take. */
export function secondsOf(words: number): number {
  return Math.round((words * 60) / WORDS_A_MINUTE);
}

/** "40 s", "4 min". */
export function readingTime(words: number): string {
  const seconds = secondsOf(words);
  return seconds <= 90 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
}
