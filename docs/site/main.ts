/** Builds the site into docs/dist/. Run by `npm run docs` (tools/docs.ts), which compiles this first. */
import { readFileSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Faults } from "./content/faults.ts";
import { filesOf, linkedPages } from "./content/linked.ts";
import { readPages } from "./content/page.ts";
import { catalogueOf } from "./reference/catalogue.ts";
import { complaintsAbout } from "./reference/complaints.ts";
import { convert } from "./reference/convert.ts";
import { docstrings } from "./reference/docstring.ts";
import {
  entryOf,
  moduleMarkdown,
  modulePage,
  OVERVIEW,
  overviewMarkdown,
  overviewPage,
} from "./reference/index-pages.ts";
import { namePage } from "./reference/name-page.ts";
import { articleOf, fileArticle } from "./render/articles.ts";
import { createHighlight } from "./render/highlight.ts";
import { layout } from "./render/layout.ts";
import { llmsFiles, publishedMarkdown } from "./render/llms.ts";
import { createMarkdown } from "./render/markdown.ts";
import { groupsOf } from "./render/navigation.ts";
import { notFound } from "./render/not-found.ts";
import { drawPictures } from "./render/pictures.ts";
import { searchIndex } from "./search.ts";
import { type Output, write } from "./write.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

async function build(): Promise<readonly string[]> {
  const faults = new Faults();
  const pages = readPages(ROOT, faults);
  const others = linkedPages(ROOT, pages, faults);
  const all = [...pages, ...others];
  const [highlight, pictures] = await Promise.all([createHighlight(), drawPictures(ROOT, all, faults)]);
  const markdown = createMarkdown({ root: ROOT, highlight, pictures, faults });
  const catalogue = catalogueOf(await convert(ROOT));
  const readme = readFileSync(`${ROOT}README.md`, "utf8");
  const entries = catalogue.modules.map((module) => ({ module, entry: entryOf(module, readme) }));
  const docs = docstrings(catalogue, highlight);
  const names = catalogue.modules.flatMap((module) => module.names);
  for (const message of names.flatMap(complaintsAbout)) faults.add(message);
  const subpaths = entries.map(({ entry }) => entry);
  const groups = groupsOf(pages, [OVERVIEW, ...subpaths]);
  const articles = [
    ...all.map((page) => articleOf(markdown, page)),
    ...filesOf(ROOT, all, faults).map((path) => fileArticle(ROOT, path, highlight)),
    overviewPage(subpaths),
    ...entries.map(({ module, entry }) => modulePage(module, entry)),
    ...names.map((name) => namePage(catalogue, docs, name)),
  ];
  const outputs: Output[] = [
    ...articles.map((article) => ({ url: article.url, text: layout(article, groups) })),
    ...entries.map(({ module, entry }) => moduleMarkdown(module, entry)),
    overviewMarkdown(subpaths),
    ...publishedMarkdown(ROOT, all, faults),
    ...llmsFiles(ROOT, pages, groups, faults),
    { url: "search.json", text: searchIndex(pages, new Map(articles.map((article) => [article.url, article])), names) },
    { url: "404.html", text: notFound() },
  ];
  rmSync(`${ROOT}docs/dist`, { recursive: true, force: true });
  await write(ROOT, outputs);
  console.log(`${outputs.length} files in docs/dist`);
  return faults.messages;
}

const messages = await build();
for (const message of messages) console.error(message);
if (messages.length > 0) process.exitCode = 1;
