/** Pages and files as articles of the site. */
import { readFileSync } from "node:fs";
import { basename } from "node:path/posix";
import { languageOf } from "../content/code.ts";
import { filesIn, isFolder } from "../content/linked.ts";
import { between, fileUrl, markdownUrl } from "../content/links.ts";
import type { Page } from "../content/page.ts";
import { readingTime, wordsOf } from "../content/prose.ts";
import type { Highlight } from "./highlight.ts";
import { escapeHtml } from "./html.ts";
import type { Article } from "./layout.ts";
import { codeFigure, type Heading, type Markdown } from "./markdown.ts";

const KICKERS: Readonly<Record<Page["section"], string>> = {
  front: "",
  primer: "Primer",
  finger: "Finger in 60 seconds",
  recipes: "Recipe",
  maps: "Map",
  depth: "In depth",
  protocols: "Protocol",
  files: "",
};

/** Throws an Error that names the page where a link, a file or a picture of it is not there. */
export function articleOf(markdown: Markdown, page: Page): Article {
  const { source, url, title, section, group, bodyLine } = page;
  const headings: Heading[] = [];
  const content = markdown.render(page.body, { source, url, bodyLine, headings });
  const kicker =
    section === "recipes" ? `${KICKERS.recipes} · ${group}` : section === "files" ? source : KICKERS[section];
  return {
    url,
    title,
    summary: page.summary,
    headings,
    content,
    markdown: markdownUrl(url),
    ...(kicker === "" ? {} : { kicker, readingTime: readingTime(wordsOf(page)) }),
    // Where there is no front matter the summary is the first paragraph, which stands right below.
    ...(page.hasSummary ? {} : { lead: "" }),
  };
}

/** A file of the project as it is, or the list of what is in a folder. */
export function fileArticle(root: string, path: string, highlight: Highlight): Article {
  const common = { title: basename(path), headings: [], kicker: "A file of the project" };
  const url = fileUrl(root, path);
  if (isFolder(root, path)) {
    const items = filesIn(root, path).map(
      (file) =>
        `<li><a href="${between(url, fileUrl(root, file))}">${escapeHtml(file.slice(path.length + 1))}</a></li>`,
    );
    return { ...common, url, summary: path, kicker: "A folder of the project", content: `<ul>${items.join("")}</ul>` };
  }
  const text = readFileSync(root + path, "utf8");
  const code = codeFigure(highlight(text, languageOf(path)), escapeHtml(path));
  return { ...common, url, summary: path, content: code };
}
