/** Markdown as the site shows it: code and pictures pulled in, links of the site, headings that can be linked to. */
import MarkdownIt, { type MarkdownIt as Markdown, type StateCore, type Token } from "markdown-it";
import { type LinkBlock, pulledIn } from "../content/blocks.ts";
import { codeOf } from "../content/code.ts";
import type { Faults } from "../content/faults.ts";
import { between, targetOf } from "../content/links.ts";
import type { Highlight } from "./highlight.ts";
import { escapeHtml, slugOf } from "./html.ts";

export type { Markdown };

export interface Heading {
  readonly level: number;
  readonly text: string;
  readonly id: string;
}

/** What rendering one page needs to know, and what it finds out. */
export interface Surroundings {
  readonly source: string;
  readonly url: string;
  readonly bodyLine: number;
  readonly headings: Heading[];
}

export interface MarkdownParts {
  readonly root: string;
  readonly highlight: Highlight;
  /** The SVG of `docs/pictures/NAME.ts`, by that path. */
  readonly pictures: ReadonlyMap<string, string>;
  readonly faults: Faults;
}

export function createMarkdown(parts: MarkdownParts): Markdown {
  const markdown = new MarkdownIt({ html: true, linkify: false, typographer: false });
  markdown.core.ruler.push("pull in", (state) => pullIn(parts, state));
  markdown.core.ruler.push("headings", ({ tokens, env }) => nameHeadings(tokens, env as unknown as Surroundings));
  markdown.core.ruler.push("links", ({ tokens, env }) => {
    for (const token of tokens) {
      for (const child of token.children ?? [])
        if (child.type === "link_open") relink(parts, child, env as unknown as Surroundings);
    }
  });
  dress(markdown, parts.highlight);
  const { rules } = markdown.renderer;
  rules["pulled_in"] = (tokens, index) => tokens[index]?.content ?? "";
  rules["heading_close"] = (tokens, index) => {
    const id = String(tokens[index]?.meta?.["id"]);
    const tag = tokens[index]?.tag ?? "h2";
    return ` <a class="anchor" href="#${id}" aria-label="Link to this section">#</a></${tag}>\n`;
  };
  return markdown;
}

/** Code in colours, and tables that scroll in a box of their own. */
export function dress(markdown: Markdown, highlight: Highlight): void {
  const { rules } = markdown.renderer;
  rules["fence"] = (tokens, index) => fence(highlight, tokens, index);
  rules["code_inline"] = (tokens, index) => `<code>${breakable(tokens[index]?.content ?? "")}</code>`;
  rules["table_open"] = () => `<div class="table" tabindex="0"><table>\n`;
  rules["table_close"] = () => "</table></div>\n";
  // A head that says nothing is none, to who listens to a table.
  rules["th_open"] = (tokens, index) => (tokens[index + 1]?.content === "" ? "<td>" : `<th scope="col">`);
  rules["th_close"] = (tokens, index) => (tokens[index - 1]?.content === "" ? "</td>" : "</th>");
}

/** A name, which may go on in the next line behind a dot and before a capital: columns of tables are narrow. */
function breakable(code: string): string {
  if (!/^[\w.]+$/.test(code)) return escapeHtml(code);
  return code.replace(/(?<=\w\.)(?=[A-Za-z])|(?<=[a-z0-9])(?=[A-Z])/g, "<wbr>");
}

/** A figure of code: its caption, and the code that the copy button takes. */
export function codeFigure(html: string, caption: string, kind = "code"): string {
  return `<figure class="${kind}">${caption === "" ? "" : `<figcaption>${caption}</figcaption>`}<pre tabindex="0"><code>${html}\n</code></pre></figure>\n`;
}

/** Puts what a lone link leads to in the place of its paragraph. */
function pullIn(parts: MarkdownParts, state: StateCore): void {
  const { tokens } = state;
  const { source, bodyLine } = state.env as unknown as Surroundings;
  for (let at = 0; at + 2 < tokens.length; at += 1) {
    const [open, inline] = [tokens[at], tokens[at + 1]];
    if (open?.type !== "paragraph_open" || open.level !== 0 || inline === undefined) continue;
    const [link, ...rest] = inline.children ?? [];
    if (link?.type !== "link_open" || rest.findIndex(({ type }) => type === "link_close") !== rest.length - 1) continue;
    const pulled = pulledIn(source, String(link.attrGet("href")));
    if (pulled === undefined) continue;
    const token = new state.Token("pulled_in", "", 0);
    const line = bodyLine + (inline.map?.[0] ?? 0) + 1;
    const text = rest.map(({ content }) => content).join("");
    token.content = parts.faults.attempt(() => figure(parts, source, { ...pulled, line, text })) ?? "";
    tokens.splice(at, 3, token);
  }
}

function figure({ root, highlight, pictures }: MarkdownParts, source: string, link: LinkBlock): string {
  if (link.kind === "picture") return picture(pictures, link);
  const code = codeOf(root, source, link);
  return codeFigure(highlight(code.text, code.language), escapeHtml(code.path));
}

function picture(pictures: ReadonlyMap<string, string>, { path, text }: LinkBlock): string {
  const svg = pictures.get(path);
  // Why it could not be drawn has been said.
  if (svg === undefined) return "";
  return `<figure class="picture"><div class="canvas" tabindex="0">${svg}</div><figcaption>${escapeHtml(text)}</figcaption></figure>\n`;
}

function fence(highlight: Highlight, tokens: readonly Token[], index: number): string {
  const { info, content } = tokens[index] as Token;
  const [language = ""] = info.trim().split(/\s+/);
  const html = highlight(content, language);
  const before = tokens[index - 1];
  if (language === "text" && (before?.type === "pulled_in" || before?.type === "fence"))
    return codeFigure(html, "Output", "code output");
  return codeFigure(html, NAMES[language] ?? "", language in NAMES ? "code" : "code plain");
}

function nameHeadings(tokens: readonly Token[], { headings }: Surroundings): void {
  const taken = new Map<string, number>();
  for (const [index, token] of tokens.entries()) {
    if (token.type !== "heading_open") continue;
    const inline = tokens[index + 1];
    const text = (inline?.children ?? []).map(({ content }) => content).join("");
    const slug = slugOf(text);
    const before = taken.get(slug) ?? 0;
    taken.set(slug, before + 1);
    const id = before === 0 ? slug : `${slug}-${before}`;
    token.attrSet("id", id);
    const close = tokens[index + 2];
    if (close !== undefined) close.meta = { id };
    headings.push({ level: Number(token.tag.slice(1)), text, id });
  }
}

function relink({ root, faults }: MarkdownParts, token: Token, { source, url }: Surroundings): void {
  const target = faults.attempt(() => targetOf(root, source, String(token.attrGet("href"))));
  if (target === undefined) return;
  if (target.kind === "outside") token.attrSet("rel", "external");
  else token.attrSet("href", between(url, target.url, target.fragment));
}

/** What stands above code that is no file; plain text has nothing above it. */
const NAMES: Readonly<Record<string, string>> = {
  ts: "TypeScript",
  js: "JavaScript",
  sh: "Shell",
  json: "JSON",
  ini: "INI",
  yaml: "YAML",
  python: "Python",
  html: "HTML",
};
