/** What the pages link to that is no page of the navigation: other Markdown of the project, and files as they are. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { blocksOf } from "./blocks.ts";
import type { Faults } from "./faults.ts";
import { isListed, type Target, targetOf } from "./links.ts";
import { type Page, pageOf } from "./page.ts";

export interface Link {
  readonly href: string;
  readonly line: number;
}

/** The links of a page's text and tables, in their order; those in code are no links. */
export function linksOf({ source, body, bodyLine }: Pick<Page, "source" | "body" | "bodyLine">): Link[] {
  return blocksOf(source, body, bodyLine).flatMap((block) => {
    if (block.kind !== "prose" && block.kind !== "table") return [];
    const text = block.text.replace(/(`+)[^`][\s\S]*?\1/g, "code");
    return [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(({ 1: href = "", index }) => ({
      href,
      line: block.line + text.slice(0, index).split("\n").length - 1,
    }));
  });
}

/** The Markdown that the pages lead to, directly or through one another. */
export function linkedPages(root: string, pages: readonly Page[], faults: Faults): Page[] {
  const found = new Map<string, Page>();
  const queue = [...pages];
  for (const page of queue) {
    for (const target of targetsOf(root, page, faults)) {
      if (target.kind !== "page" || isListed(target.source) || found.has(target.source)) continue;
      const linked = pageOf(target.source, readFileSync(root + target.source, "utf8"));
      found.set(linked.source, linked);
      queue.push(linked);
    }
  }
  return [...found.values()];
}

/** The files that the pages lead to; of a folder, the files in it too. */
export function filesOf(root: string, pages: readonly Page[], faults: Faults): string[] {
  const linked = pages
    .flatMap((page) => targetsOf(root, page, faults))
    .flatMap((target) => (target.kind === "file" ? [target.path] : []));
  const paths = linked.flatMap((path) => (isFolder(root, path) ? [path, ...filesIn(root, path)] : [path]));
  return [...new Set(paths)].sort();
}

/** The files directly in a folder and below it. */
export function filesIn(root: string, folder: string): string[] {
  return readdirSync(root + folder, { recursive: true, encoding: "utf8" })
    .filter((name) => !/(^|\/)(node_modules|dist|build)(\/|$)/.test(name))
    .map((name) => `${folder}/${name}`)
    .filter((path) => !isFolder(root, path))
    .sort();
}

export function isFolder(root: string, path: string): boolean {
  return statSync(root + path).isDirectory();
}

function targetsOf(root: string, page: Page, faults: Faults): Target[] {
  return linksOf(page).flatMap(({ href }) => faults.attempt(() => targetOf(root, page.source, href)) ?? []);
}
