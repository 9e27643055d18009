/** What holds for every page of docs/, as functions that a planted page can break. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { type Block, blocksOf, type FenceBlock, type LinkBlock } from "../../docs/site/content/blocks.ts";
import { codeOf } from "../../docs/site/content/code.ts";
import { linksOf } from "../../docs/site/content/linked.ts";
import { targetOf } from "../../docs/site/content/links.ts";
import { type Page, SHORT } from "../../docs/site/content/page.ts";
import { SHORT_WORDS, wordsOf } from "../../docs/site/content/prose.ts";
import { slugOf } from "../../docs/site/render/html.ts";

/** A program, and what its page says that it prints. */
export interface Shown {
  readonly place: string;
  /** Relative to the root. */
  readonly program: string;
  readonly output: string;
}

/** Links and files that are not there, fences that should be files, too many words. */
export function faultsOfPage(root: string, page: Page): string[] {
  const { source, section, bodyLine } = page;
  const blocks = blocksOf(source, page.body, bodyLine);
  const links = linksOf(page).map(
    ({ href }) =>
      () =>
        follow(root, source, href),
  );
  const files = blocks.filter(isCode).map((block) => () => codeOf(root, source, block));
  const faults = [...links, ...files].flatMap(messageOf);
  for (const block of blocks) {
    const place = `${source}:${block.line}`;
    if (block.kind === "picture" && !existsSync(root + block.path)) faults.push(`${place}: there is no ${block.path}`);
    if (block.kind !== "fence" || !WITH_FILES.has(section) || FENCES.has(block.language)) continue;
    faults.push(`${place}: code in "${block.language}" is a file of examples/ that is pulled in, so that it is run`);
  }
  const words = wordsOf(page);
  if (SHORT.has(section) && words > SHORT_WORDS)
    faults.push(`${source}: ${words} words, and ${SHORT_WORDS} take a minute`);
  return faults;
}

/** The outputs that a page claims: a fence of text right after a program. */
export function shownOutputs({ source, body, bodyLine }: Pick<Page, "source" | "body" | "bodyLine">): Shown[] {
  const blocks = blocksOf(source, body, bodyLine);
  return blocks.flatMap((block, index) => {
    const before = blocks[index - 1];
    if (!isOutput(block) || before === undefined || !isCode(before) || !before.path.endsWith(".ts")) return [];
    return [{ place: `${source}:${block.line}`, program: before.path, output: block.text }];
  });
}

/** Whether a program printed what its page says; a line of `…` stands for any lines. */
export function isAsShown(shown: string, printed: string): boolean {
  const pattern = shown
    .trimEnd()
    .split("\n")
    .map((line) =>
      line.trim() === "…" ? "(?:.*\\n)*?" : `${line.trimEnd().replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}\\n`,
    )
    .join("");
  return new RegExp(`^${pattern}$`).test(printed.replace(/[^\S\n]+$/gm, "").replace(/\n*$/, "\n"));
}

/** Files of these folders of examples/ that no page shows. */
export function unshown(root: string, folders: readonly string[], pages: readonly Page[]): string[] {
  const shown = new Set(
    pages.flatMap(({ source, body }) => blocksOf(source, body).filter(isCode)).map(({ path }) => path),
  );
  return folders
    .filter((folder) => existsSync(root + folder))
    .flatMap((folder) => readdirSync(root + folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => `${entry.parentPath}/${entry.name}`.slice(root.length))
    .filter((path) => !shown.has(path) && !path.endsWith(".test.ts"))
    .map((path) => `${path}: no page shows it`);
}

/** Throws where nothing is at the end of a link, or no heading for its fragment. */
function follow(root: string, source: string, href: string): void {
  const target = targetOf(root, source, href);
  if (target.kind !== "page" || target.fragment === "") return;
  const headings = [...readFileSync(root + target.source, "utf8").matchAll(/^#+ +(.*)$/gm)];
  const slugs = headings.map(([, text = ""]) => slugOf(text.replace(/\]\([^)]*\)/g, "")));
  if (slugs.includes(target.fragment)) return;
  throw new Error(`Cannot follow the link to "${href}" in ${source}: ${target.source} has no such heading`);
}

function isCode(block: Block): block is LinkBlock {
  return block.kind === "code";
}

function isOutput(block: Block): block is FenceBlock {
  return block.kind === "fence" && block.language === "text";
}

function messageOf(work: () => unknown): string[] {
  try {
    work();
    return [];
  } catch (error) {
    return [(error as Error).message];
  }
}

const WITH_FILES: ReadonlySet<Page["section"]> = new Set(["front", "primer", "finger", "recipes"]);
const FENCES: ReadonlySet<string> = new Set(["sh", "text"]);
