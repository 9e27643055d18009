/**
 * The index of the search box. An entry is an exported name, a page that is read in a minute, or a part of a longer one: what
 * stands under one heading.
 */
import MiniSearch, { type Options } from "minisearch";
import { type Block, blocksOf } from "./content/blocks.ts";
import { type Page, SHORT } from "./content/page.ts";
import type { Exported } from "./reference/catalogue.ts";
import { wordOf } from "./reference/catalogue.ts";
import { commentsOf, textOf } from "./reference/model.ts";
import { firstSentence } from "./reference/name-page.ts";
import type { Article } from "./render/layout.ts";

interface Entry {
  /** The address, with its fragment. */
  readonly id: string;
  readonly title: string;
  /** What it is a part of. */
  readonly place: string;
  readonly summary: string;
  readonly text: string;
}

/** search.json: the options that the index was made with, and the index. */
export function searchIndex(
  pages: readonly Page[],
  articles: ReadonlyMap<string, Article>,
  names: readonly Exported[],
): string {
  const search = new MiniSearch<Entry>(OPTIONS);
  for (const page of pages) {
    const article = articles.get(page.url);
    if (article !== undefined) search.addAll(partsOf(page, article));
  }
  search.addAll(names.map(nameEntry));
  return JSON.stringify({ options: OPTIONS, index: search });
}

/** The page with what stands before its first heading, and each of its parts. */
function partsOf(page: Page, { headings, kicker = "" }: Article): Entry[] {
  const tops = headings.filter(({ level }) => level === 2);
  const parts: Block[][] = [[]];
  for (const block of blocksOf(page.source, page.body)) {
    if (!SHORT.has(page.section) && block.kind === "prose" && block.text.startsWith("## ")) parts.push([]);
    parts.at(-1)?.push(block);
  }
  return parts.map((blocks, index) => {
    const heading = tops[index - 1];
    const text = blocks.map((block) => plain(block.text)).join(" ");
    if (heading === undefined) return { id: page.url, title: page.title, place: kicker, summary: page.summary, text };
    const prose = blocks.filter(({ kind }, at) => kind === "prose" && at > 0).map((block) => plain(block.text));
    const start = prose.join(" ").slice(0, SHOWN);
    return { id: `${page.url}#${heading.id}`, title: heading.text, place: page.title, summary: start, text };
  });
}

function nameEntry({ reflection, from, url }: Exported): Entry {
  const text = commentsOf(reflection)
    .map(({ summary }) => plain(textOf(summary)))
    .join(" ");
  const members = (reflection.children ?? []).filter(({ inheritedFrom }) => inheritedFrom === undefined);
  return {
    id: url,
    title: reflection.name,
    place: `${from} · ${wordOf(reflection).toLowerCase()}`,
    summary: firstSentence(text),
    text: [text, ...members.map(({ name }) => name)].join(" "),
  };
}

function plain(markdown: string): string {
  return markdown
    .replace(/\]\([^)]*\)/g, "]")
    .replace(/^\s*- |[`*|#[\]]|-{3,}/gm, " ")
    .replace(/\s+/g, " ")
    .trim();
}

/** What is said to the index here must be said to it in the browser again. */
const OPTIONS: Options<Entry> = {
  fields: ["title", "summary", "text"],
  storeFields: ["title", "place", "summary"],
  searchOptions: { boost: { title: 4, summary: 1.5 }, prefix: true, fuzzy: 0.15, combineWith: "AND" },
};
const SHOWN = 120;
