/** The site for programs that read: each page's Markdown beside its HTML, llms.txt, llms-full.txt. */
import { pulledIn } from "../content/blocks.ts";
import { codeOf } from "../content/code.ts";
import type { Faults } from "../content/faults.ts";
import { between, markdownUrl, targetOf } from "../content/links.ts";
import type { Page } from "../content/page.ts";
import type { Output } from "../write.ts";
import type { Group } from "./navigation.ts";

export function publishedMarkdown(root: string, pages: readonly Page[], faults: Faults): Output[] {
  return pages.map((page) => ({ url: markdownUrl(page.url), text: published(root, page, faults) }));
}

/** The list of every page with its summary, and all of the Markdown in one file. */
export function llmsFiles(root: string, pages: readonly Page[], groups: readonly Group[], faults: Faults): Output[] {
  const front = pages.find(({ section }) => section === "front");
  const head = `# Ropewalk\n\n> ${front?.summary ?? ""}\n`;
  const lists = groups.map(({ title, parts }) => {
    const lines = parts
      .flatMap(({ entries }) => entries)
      .map(({ title: name, url, summary }) => `- [${name}](${markdownUrl(url)}): ${summary}`);
    return `## ${title}\n\n${lines.join("\n")}\n`;
  });
  const full = pages.map((page) => published(root, page, faults)).join("\n\n");
  return [
    { url: "llms.txt", text: [head, ...lists].join("\n") },
    { url: "llms-full.txt", text: full },
  ];
}

/** The Markdown of a page with its code in it, and links that lead to the Markdown of other pages. */
function published(root: string, page: Page, faults: Faults): string {
  const { source, url, title, summary, hasSummary } = page;
  let isCode = false;
  const lines = page.body.split("\n").map((line, index) => {
    if (/^ {0,3}(`{3,}|~{3,})/.test(line)) isCode = !isCode;
    if (isCode) return line;
    const [, label = "", href = ""] = /^\s*\[([^\]]*)\]\(([^)\s]+)\)\s*$/.exec(line) ?? [];
    const pulled = href === "" ? undefined : pulledIn(source, href);
    if (pulled?.kind === "picture") return `*Picture: ${label}*`;
    if (pulled?.kind === "code") {
      const code = faults.attempt(() => codeOf(root, source, { ...pulled, line: page.bodyLine + index + 1 }));
      if (code === undefined) return line;
      return `\`${code.path}\`:\n\n\`\`\`${code.language}\n${code.text.replace(/\n+$/, "")}\n\`\`\``;
    }
    return line.replace(
      /\]\(([^)\s]+)\)/g,
      (_, target: string) => `](${faults.attempt(() => markdownTarget(root, source, url, target)) ?? target})`,
    );
  });
  const head = [`# ${title}`, ...(hasSummary ? [summary] : [])].join("\n\n");
  return `${head}\n\n${lines.join("\n").trim()}\n`;
}

function markdownTarget(root: string, source: string, url: string, href: string): string {
  const target = targetOf(root, source, href);
  if (target.kind === "outside") return target.href;
  return between(url, target.kind === "page" ? markdownUrl(target.url) : target.url, target.fragment);
}
