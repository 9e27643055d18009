/**
 * `npm run docs:check`: looks at the built site as its readers will. A line for each page: how long its prose takes, and what is
 * wrong with it; exit status 1 if anything is. Words after the command pick pages by their address; `--all` opens the page of
 * each exported name.
 */
import { existsSync } from "node:fs";
import { Faults } from "../../docs/site/content/faults.ts";
import { type Page, readPages, SHORT } from "../../docs/site/content/page.ts";
import { SHORT_WORDS, secondsOf, wordsOf } from "../../docs/site/content/prose.ts";
import { ROOT } from "../tree.ts";
import { lookAtAll, type Visit } from "./browser.ts";
import { readSite } from "./files.ts";
import { faultsOfLinks } from "./links.ts";
import { serveSite } from "./server.ts";

const DIST = `${ROOT}docs/dist/`;

async function main(words: readonly string[]): Promise<number> {
  if (!existsSync(`${DIST}index.html`)) {
    console.error(`Cannot check docs/dist: there is no site in it; build it with "npm run docs"`);
    return 1;
  }
  const faults = new Faults();
  const pages = new Map(readPages(ROOT, faults).map((page) => [page.url, page]));
  const site = readSite(DIST);
  const wrong = faultsOfLinks(site);
  for (const [url, page] of pages) wrong.set(url, [...(wrong.get(url) ?? []), ...faultsOfLength(page)]);
  await using server = await serveSite(DIST);
  const isAll = words.includes("--all");
  const asked = words.filter((word) => word !== "--all");
  const urls = [...site.pages.keys()].filter((url) => asked.length === 0 || asked.some((word) => url.includes(word)));
  if (urls.length === 0) {
    console.error(`Cannot find a page for ${JSON.stringify(asked)} in docs/dist`);
    return 1;
  }
  const visits = urls.sort().flatMap((url) => visitOf(url, isAll || asked.length > 0));
  for await (const { url, faults: seen } of lookAtAll(server.base, visits)) {
    const all = [...(wrong.get(url) ?? []), ...seen];
    wrong.delete(url);
    if (!report(url, pages.get(url), all)) faults.add(url);
  }
  for (const [url, all] of asked.length === 0 ? wrong : []) if (!report(url, pages.get(url), all)) faults.add(url);
  const { messages } = faults;
  console.log(
    `\n${urls.length} pages, ${visits.length} of them opened, ${messages.length} with faults${messages.map((message) => `\n  ${message}`).join("")}`,
  );
  return messages.length === 0 ? 0 : 1;
}

/**
 * One template makes the pages of all names, and one those of files: the links of each were looked at, and of the names some are
 * opened, of those and the files some looked at as closely as any other page.
 */
function visitOf(url: string, isEach: boolean): Visit[] {
  const isName = /^reference\/.*\/(?!index)/.test(url);
  const isFile = url.startsWith("files/");
  if (isName && !isEach && !isSampled(url, OPENED)) return [];
  return [{ url, closely: (!isName && !isFile) || isSampled(url, OPENED * CLOSELY) }];
}

/** One in so many, the same ones each time. */
function isSampled(url: string, every: number): boolean {
  let sum = 0;
  for (let index = 0; index < url.length; index += 1) sum = (sum * 31 + url.charCodeAt(index)) % PRIME;
  return sum % every === 0;
}

function faultsOfLength(page: Page): string[] {
  const words = wordsOf(page);
  if (!SHORT.has(page.section) || words <= SHORT_WORDS) return [];
  return [`${words} words take ${secondsOf(words)} s, and 60 s is what such a page may take`];
}

function report(url: string, page: Page | undefined, faults: readonly string[]): boolean {
  const time = page === undefined ? "" : `${secondsOf(wordsOf(page))} s`;
  console.log(`${url.padEnd(ADDRESS)} ${time.padStart(TIME)}  ${faults.length === 0 ? "ok" : faults.join("\n    ")}`);
  return faults.length === 0;
}

const OPENED = 8;
const CLOSELY = 4;
const PRIME = 1_000_003;
const ADDRESS = 48;
const TIME = 6;

process.exitCode = await main(process.argv.slice(2));
