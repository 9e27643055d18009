/** The files of the built site, and what its pages link to, read from their HTML. */
import { readdirSync, readFileSync } from "node:fs";

export interface Site {
  /** Every file, by its address. */
  readonly files: ReadonlySet<string>;
  readonly pages: ReadonlyMap<string, PageLinks>;
  /** Markdown and text for programs, with the addresses that it names. */
  readonly texts: ReadonlyMap<string, readonly string[]>;
}

export interface PageLinks {
  /** Whatever `href` and `src` say. */
  readonly links: readonly string[];
  readonly ids: ReadonlySet<string>;
}

export function readSite(folder: string): Site {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => `${entry.parentPath.replaceAll("\\", "/")}/${entry.name}`.slice(folder.length).replace(/^\//, ""));
  const read = (name: string) => readFileSync(folder + name, "utf8");
  const ending = (pattern: RegExp) => names.filter((name) => pattern.test(name)).sort();
  return {
    files: new Set(names),
    pages: new Map(ending(/\.html$/).map((name) => [name, linksOf(read(name))])),
    texts: new Map(ending(/\.md$|^llms\.txt$/).map((name) => [name, markdownLinksOf(read(name))])),
  };
}

/** Our own templates quote every attribute, and escape what is between tags. */
export function linksOf(html: string): PageLinks {
  const attributes = [...html.matchAll(/<[a-z][^>]*?\s(?:href|src)="([^"]*)"/gi)].map(([, value = ""]) =>
    unescaped(value),
  );
  const ids = [...html.matchAll(/<[a-z][^>]*?\sid="([^"]*)"/gi)].map(([, value = ""]) => unescaped(value));
  return { links: attributes, ids: new Set(ids) };
}

function markdownLinksOf(text: string): string[] {
  const prose = text.replace(/^(`{3,})[\s\S]*?^\1/gm, "").replace(/(`+)[^`][\s\S]*?\1/g, "");
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, href = ""]) => href);
}

function unescaped(text: string): string {
  return text.replaceAll("&quot;", '"').replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}
