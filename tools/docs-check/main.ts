/**
 * `npm run docs:check`: looks at the built site as its readers will. A line for each page: how long its prose takes, and what is
 * wrong with it; exit status 1 if anything is. Words after the command pick pages by their address.
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
  const urls = [...site.pages.keys()].filter((url) => words.length === 0 || words.some((word) => url.includes(word)));
  for await (const { url, faults: seen } of lookAtAll(server.base, urls.sort().map(visitOf))) {
    const all = [...(wrong.get(url) ?? []), ...seen];
    wrong.delete(url);
    if (!report(url, pages.get(url), all)) faults.add(url);
  }
  if (words.length === 0) for (const [url, all] of wrong) if (!report(url, undefined, all)) faults.add(url);
  const { messages } = faults;
  console.log(
    `\n${urls.length} pages, ${messages.length} with faults${messages.map((message) => `\n  ${message}`).join("")}`,
  );
  return messages.length === 0 ? 0 : 1;
}

/** The pages of the reference are made by one template: each is opened, and some are looked at as closely as the others. */
function visitOf(url: string): Visit {
  const isOneOfMany = /^(reference\/.*\/(?!index)|files\/)/.test(url);
  return { url, closely: !isOneOfMany || isSampled(url) };
}

function isSampled(url: string): boolean {
  let sum = 0;
  for (let index = 0; index < url.length; index += 1) sum = (sum * 31 + url.charCodeAt(index)) % SAMPLE;
  return sum === 0;
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

/** One in so many. */
const SAMPLE = 25;
const ADDRESS = 48;
const TIME = 6;

process.exitCode = await main(process.argv.slice(2));
