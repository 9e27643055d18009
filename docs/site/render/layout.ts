/** The page around an article: head, side bar, contents, what comes before and after. */
import { between } from "../content/links.ts";
import { escapeHtml } from "./html.ts";
import type { Heading } from "./markdown.ts";
import { type Entry, type Group, navigation, neighbours } from "./navigation.ts";

export interface Article {
  readonly url: string;
  readonly title: string;
  /** Plain text: for lists, for search engines and under the title. */
  readonly summary: string;
  /** HTML in the place of the summary, where there is more to say than text can. */
  readonly lead?: string;
  /** What stands above the title: the name of its group, or where its code comes from. */
  readonly kicker?: string;
  /** Where the kicker leads. */
  readonly kickerUrl?: string;
  readonly readingTime?: string;
  readonly content: string;
  readonly headings: readonly Heading[];
  /** Where its Markdown is, if it has some. */
  readonly markdown?: string;
}

/** The whole document. Every address in it is relative, so the site works below any path. */
export function layout(article: Article, groups: readonly Group[]): string {
  const { url, title, summary, content } = article;
  const to = (target: string) => between(url, target);
  const heads = url === "index.html" ? "Ropewalk: networking for TypeScript" : `${title} · Ropewalk`;
  const toc = contents(article.headings);
  return `<!doctype html>
<html lang="en" data-base="${to("index.html").slice(0, -"index.html".length)}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(heads)}</title>
<meta name="description" content="${escapeHtml(summary)}">
<link rel="icon" href="${to("assets/icon.svg")}" type="image/svg+xml">
<link rel="stylesheet" href="${to("assets/site.css")}">
${article.markdown === undefined ? "" : `<link rel="alternate" type="text/markdown" href="${to(article.markdown)}">\n`}<script src="${to("assets/theme.js")}"></script>
<script type="module" src="${to("assets/site.js")}"></script>
</head>
<body${toc === "" ? "" : ` class="long"`}>
<a class="skip" href="#content">Skip to the text</a>
<header class="top">
<button class="plain menu" type="button" popovertarget="navigation" aria-label="Menu">${ICONS.menu}</button>
<a class="name" href="${to("index.html")}">${ICONS.rope}Ropewalk</a>
<button class="find" type="button" id="find" aria-haspopup="dialog" aria-label="Search">${ICONS.find}<span>Search</span><kbd>/</kbd></button>
<button class="plain theme" type="button" id="theme" aria-label="Theme: as the system">${ICONS.theme}</button>
</header>
<nav id="navigation" popover aria-label="All pages">
${navigation(groups, url)}
</nav>
<main id="content">
<article${url === "index.html" ? ` class="front"` : ""}>
${headOf(article)}
${content}
</article>
${footerOf(article, groups, to)}
</main>
${toc}
</body>
</html>
`;
}

function headOf({ url, title, summary, lead, kicker, kickerUrl, readingTime }: Article): string {
  const name = escapeHtml(kicker ?? "");
  const above = [
    kickerUrl === undefined ? name : `<a href="${between(url, kickerUrl)}">${name}</a>`,
    readingTime === undefined ? "" : `${readingTime} to read`,
  ].filter((part) => part !== "");
  return `<header>${above.length === 0 ? "" : `<p class="kicker">${above.map((part) => `<span>${part}</span>`).join("")}</p>`}
<h1>${escapeHtml(title)}</h1>
${lead ?? (summary === "" ? "" : `<p class="summary">${escapeHtml(summary)}</p>`)}</header>`;
}

/** Only where there is something to get lost in. */
function contents(headings: readonly Heading[]): string {
  const listed = headings.filter(({ level }) => level === 2);
  if (listed.length < CONTENTS_FROM) return "";
  const items = listed.map(({ id, text }) => `<li><a href="#${id}">${escapeHtml(text)}</a></li>`);
  return `<nav class="contents" aria-label="On this page"><p>On this page</p><ul>${items.join("")}</ul></nav>`;
}

function footerOf({ url, markdown }: Article, groups: readonly Group[], to: (url: string) => string): string {
  const { before, after } = neighbours(groups, url);
  const link = (entry: Entry | undefined, words: string, kind: string) =>
    entry === undefined
      ? ""
      : `<a class="${kind}" href="${to(entry.url)}"><span>${words}</span>${escapeHtml(entry.title)}</a>`;
  const steps = link(before, "Before", "before") + link(after, "Next", "after");
  const source =
    markdown === undefined ? "" : `<p class="source"><a href="${to(markdown)}">This page as Markdown</a></p>`;
  return `<footer>${steps === "" ? "" : `<nav class="steps" aria-label="Before and next">${steps}</nav>`}${source}</footer>`;
}

const CONTENTS_FROM = 4;
const icon = (paths: string) =>
  `<svg viewBox="0 0 24 24" width="20" height="20" fill="none" stroke="currentColor" stroke-width="1.8" stroke-linecap="round" aria-hidden="true">${paths}</svg>`;
const ICONS = {
  menu: icon(`<path d="M4 7h16M4 12h16M4 17h16"/>`),
  find: icon(`<circle cx="11" cy="11" r="6.5"/><path d="m16 16 4.5 4.5"/>`),
  theme: icon(`<circle cx="12" cy="12" r="8.5"/><path d="M12 3.5v17a8.5 8.5 0 0 0 0-17z" fill="currentColor"/>`),
  rope: icon(
    `<path d="M3 8c3.6 0 5.4 8 9 8s5.4-8 9-8M3 16c1.8 0 3.1-2 4.3-4M21 16c-1.8 0-3.1-2-4.3-4M10 9.2c.6-.8 1.3-1.2 2-1.2s1.4.4 2 1.2"/>`,
  ),
};
