/** The page of each subpath with its names, and the page of all subpaths. */
import { between, markdownUrl } from "../content/links.ts";
import { escapeHtml } from "../render/html.ts";
import type { Article } from "../render/layout.ts";
import type { Entry } from "../render/navigation.ts";
import type { Output } from "../write.ts";
import { type Module, wordOf } from "./catalogue.ts";
import { commentsOf, KIND, tagged, textOf } from "./model.ts";
import { firstSentence } from "./name-page.ts";

/** The entry of a subpath in the side bar; `readme` is the table in README.md that says what is in each. */
export function entryOf({ from, url }: Module, readme: string): Entry {
  const row = readme.split("\n").find((line) => line.startsWith(`| \`${from}\` `)) ?? "";
  const said = row.split("|")[2]?.replace(/\s*\((?:\[[^\]]*\]\([^)]*\)(?:, )?)+\)\s*$/, "") ?? "";
  const summary = said
    .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replaceAll("`", "")
    .trim();
  return { title: from, summary: summary.charAt(0).toUpperCase() + summary.slice(1), url };
}

export function modulePage({ names, url, from }: Module, { summary }: Entry): Article {
  const groups = GROUPS.map(({ title, kind }) => ({
    title,
    of: names.filter(({ reflection }) => reflection.kind === kind),
  }));
  const shown = groups.filter(({ of }) => of.length > 0);
  const lists = shown.map(({ title, of }) => {
    const items = of.map(({ reflection, url: to }) => {
      const [comment] = commentsOf(reflection);
      const about = firstSentence(comment === undefined ? "" : textOf(comment.summary));
      return `<dt><a href="${between(url, to)}">${escapeHtml(reflection.name)}</a></dt><dd>${escapeHtml(about)}</dd>`;
    });
    return `<h2 id="${title.toLowerCase()}">${title}</h2>\n<dl class="names">${items.join("\n")}</dl>`;
  });
  return {
    url,
    title: from,
    summary,
    kicker: "Reference",
    kickerUrl: ALL,
    content: lists.join("\n"),
    markdown: markdownUrl(url),
    headings: shown.map(({ title }) => ({ level: 2, text: title, id: title.toLowerCase() })),
  };
}

/** The docstrings of a subpath as one Markdown text. */
export function moduleMarkdown({ names, from, url }: Module, { summary }: Entry): Output {
  const parts = names.map(({ reflection }) => {
    const comments = commentsOf(reflection);
    const of = (tag: string) => [...new Set(comments.flatMap((comment) => tagged(comment, tag)))];
    const texts = [...new Set(comments.map((comment) => textOf(comment.summary)))].join("\n\n");
    const throws = of("@throws").map((text) => `- Throws ${text.replace(/\s+/g, " ")}`);
    const examples = of("@example").map((text) => (text.includes("```") ? text : `\`\`\`ts\n${text}\n\`\`\``));
    return [`## ${reflection.name} (${wordOf(reflection).toLowerCase()})`, texts, throws.join("\n"), ...examples];
  });
  const text = [`# ${from}`, summary, ...parts.flat()].filter((part) => part !== "").join("\n\n");
  return { url: markdownUrl(url), text: `${text.replace(/\[([^\]]*)\]\(ref:\d+\)/g, "$1")}\n` };
}

export function overviewPage(entries: readonly Entry[]): Article {
  const items = entries.map(
    ({ title, summary: about, url: to }) =>
      `<dt><a href="${between(ALL, to)}">${escapeHtml(title)}</a></dt><dd>${escapeHtml(about)}</dd>`,
  );
  const { url, summary } = OVERVIEW;
  return {
    url,
    title: "Reference",
    summary,
    markdown: markdownUrl(url),
    content: `<dl class="names">${items.join("\n")}</dl>`,
    headings: [],
  };
}

export function overviewMarkdown(entries: readonly Entry[]): Output {
  const lines = entries.map(({ title, summary, url }) => `- [${title}](${between(ALL, markdownUrl(url))}): ${summary}`);
  return { url: markdownUrl(ALL), text: `# Reference\n\n${OVERVIEW.summary}\n\n${lines.join("\n")}\n` };
}

const ALL = "reference/index.html";

export const OVERVIEW: Entry = {
  title: "Overview",
  summary: "Every name that the package exports, by the subpath that it is imported from.",
  url: ALL,
};
const GROUPS = [
  { title: "Functions", kind: KIND.function },
  { title: "Classes", kind: KIND.class },
  { title: "Interfaces", kind: KIND.interface },
  { title: "Types", kind: KIND.alias },
  { title: "Constants", kind: KIND.variable },
] as const;
