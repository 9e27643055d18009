/** A page of the site, as its Markdown says it: where it comes from, where it goes, its title and its summary. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname } from "node:path/posix";
import type { Faults } from "./faults.ts";
import { type FrontMatter, splitFrontMatter } from "./front-matter.ts";

export type Section = "front" | "primer" | "finger" | "recipes" | "maps" | "depth" | "protocols" | "files";

export interface Page {
  /** Its Markdown, relative to the project's root. */
  readonly source: string;
  /** Where it stands in the site: `primer/echo.html`. */
  readonly url: string;
  readonly section: Section;
  readonly title: string;
  readonly summary: string;
  /** Whether the summary stands in front matter; else it is the first sentence of the body. */
  readonly hasSummary: boolean;
  /** Of a recipe: the group that it is listed in. */
  readonly group: string;
  readonly order: number;
  /** Markdown without front matter and without the heading that became the title. */
  readonly body: string;
  /** How many lines of the source stand before the body, for messages. */
  readonly bodyLine: number;
}

/** The sections whose pages read in sixty seconds. */
export const SHORT: ReadonlySet<Section> = new Set(["primer", "finger", "recipes", "maps"]);

export const RECIPE_GROUPS = [
  "Servers",
  "Clients",
  "Robustness",
  "Web",
  "Operations",
  "Testing",
  "Other languages",
] as const;

/** Every page that the navigation shows, in its order. */
export function readPages(root: string, faults: Faults): Page[] {
  const sources = [
    "docs/index.md",
    ...markdownIn(root, "docs/primer"),
    ...markdownIn(root, "docs/finger"),
    ...markdownIn(root, "docs/recipes"),
    ...markdownIn(root, "docs"),
    ...readdirSync(`${root}src/protocols`).map((family) => `src/protocols/${family}/README.md`),
  ];
  const there = [...new Set(sources)].filter((source) => existsSync(root + source));
  const pages = there.flatMap(
    (source) => faults.attempt(() => pageOf(source, readFileSync(root + source, "utf8"))) ?? [],
  );
  return pages.sort(inReadingOrder);
}

/** The page of one Markdown file. Throws an Error that names the file and what its front matter lacks. */
export function pageOf(source: string, text: string): Page {
  const { data, body, bodyLine } = splitFrontMatter(source, text);
  const section = sectionOf(source);
  const name = basename(source, ".md");
  const common = { source, url: urlOf(source), section, order: orderOf(section, name, data) };
  if (data === undefined) return { ...common, ...headed(source, body), hasSummary: false, group: "" };
  const { title = "", summary = "", group = "" } = data;
  checkFrontMatter(source, section, body, { title, summary, group });
  return { ...common, title, summary, hasSummary: true, group, body, bodyLine };
}

/** Where the page of a Markdown file stands in the site; a number before its name only orders it. */
export function urlOf(source: string): string {
  const family = /^src\/protocols\/([\w-]+)\/README\.md$/.exec(source);
  if (family !== null) return `protocols/${family[1]}.html`;
  if (!source.startsWith("docs/")) return `files/${source.replace(/\.md$/, ".html")}`;
  return source
    .slice("docs/".length)
    .replace(/(^|\/)\d+-/, "$1")
    .replace(/\.md$/, ".html");
}

export function sectionOf(source: string): Section {
  const folder = dirname(source);
  if (source === "docs/index.md") return "front";
  if (source === "docs/from-twisted.md" || source === "docs/from-node.md") return "maps";
  if (folder === "docs/primer" || folder === "docs/finger" || folder === "docs/recipes") {
    return folder.slice("docs/".length) as Section;
  }
  if (/^src\/protocols\/[\w-]+$/.test(folder)) return "protocols";
  return folder === "docs" ? "depth" : "files";
}

/** Pages in the order in which somebody would read all of them. */
export function inReadingOrder(a: Page, b: Page): number {
  const bySection = SECTIONS.indexOf(a.section) - SECTIONS.indexOf(b.section);
  const byGroup = RECIPE_GROUPS.indexOf(a.group as never) - RECIPE_GROUPS.indexOf(b.group as never);
  return bySection || byGroup || a.order - b.order || (a.title.toLowerCase() < b.title.toLowerCase() ? -1 : 1);
}

function checkFrontMatter(
  source: string,
  section: Section,
  body: string,
  { title, summary, group }: { readonly title: string; readonly summary: string; readonly group: string },
): void {
  const fault = (seen: string) => new Error(`Cannot publish ${source}: ${seen}`);
  if (title === "" || summary === "") throw fault("its front matter needs a title and a summary");
  if (countSpaced(title) > TITLE_WORDS) throw fault(`a title has at most ${TITLE_WORDS} words, "${title}" has more`);
  if (countSpaced(summary) > SUMMARY_WORDS) throw fault(`a summary has at most ${SUMMARY_WORDS} words`);
  if (/^# /m.test(body.replace(FENCED, ""))) throw fault(`its title stands in front matter, so it has no "# heading"`);
  if (section !== "recipes" || RECIPE_GROUPS.includes(group as never)) return;
  throw fault(`its group is one of ${RECIPE_GROUPS.join(", ")}, not "${group}"`);
}

function headed(source: string, text: string): Pick<Page, "title" | "summary" | "body" | "bodyLine"> {
  const [, before = "", title = "", body = ""] = /^(\s*)# +(.+)\n([\s\S]*)$/.exec(text) ?? [];
  if (title === "") throw new Error(`Cannot publish ${source}: it has neither front matter nor a first "# heading"`);
  const paragraph = body.split(/\n\s*\n/).find((block) => /^\s*[\w`[*(]/.test(block)) ?? "";
  return { title: title.replaceAll("`", ""), summary: plain(paragraph), body, bodyLine: before.split("\n").length };
}

/** The first sentence of a paragraph, without its marks. */
function plain(paragraph: string): string {
  const text = paragraph
    .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replace(/[*`]/g, "")
    .replace(/\s+/g, " ")
    .trim();
  return /^.*?[.:](?= |$)/.exec(text)?.[0]?.replace(/:$/, ".") ?? text;
}

function markdownIn(root: string, folder: string): string[] {
  if (!existsSync(root + folder)) return [];
  return readdirSync(root + folder)
    .filter((name) => name.endsWith(".md"))
    .map((name) => `${folder}/${name}`);
}

function orderOf(section: Section, name: string, data: FrontMatter | undefined): number {
  if (section === "depth") return DEPTH_ORDER.has(name) ? [...DEPTH_ORDER].indexOf(name) : DEPTH_ORDER.size;
  if (section === "maps") return name === "from-twisted" ? 0 : 1;
  return Number(data?.["order"] ?? /^\d+/.exec(name)?.[0] ?? 0);
}

function countSpaced(text: string): number {
  return text.split(/\s+/).filter((word) => word !== "").length;
}

const FENCED = /^(`{3,})[\s\S]*?^\1/gm;
const TITLE_WORDS = 5;
const SUMMARY_WORDS = 20;
const SECTIONS: readonly Section[] = ["front", "primer", "finger", "recipes", "maps", "depth", "protocols", "files"];
/** From what is needed first to what is needed by some; a page that is not here comes after these, by its title. */
const DEPTH_ORDER: ReadonlySet<string> = new Set([
  "reactor",
  "deferreds",
  "transports",
  "endpoints",
  "policies",
  "services",
  "twistd",
  "daemon",
  "plugins",
  "workers",
  "web",
  "web-logins",
  "cred",
  "testing",
  "trial",
  "simulation",
  "live-view",
  "manhole",
  "new-protocol",
  "dependencies",
]);
