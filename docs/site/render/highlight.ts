/** Code in colours, at build time: spans with a class of one letter each, which the style sheet gives a colour by theme. */
import { createHighlighter, type Highlighter, type ThemeRegistration } from "shiki";
import { escapeHtml } from "./html.ts";

export type Highlight = (code: string, language: string) => string;

/** Throws an Error where a page uses a language that is not loaded here. */
export async function createHighlight(): Promise<Highlight> {
  const highlighter = await createHighlighter({ langs: [...LANGUAGES], themes: [THEME] });
  return (code, language) => highlighted(highlighter, code.replace(/\n+$/, ""), language);
}

function highlighted(highlighter: Highlighter, code: string, language: string): string {
  if (PLAIN.has(language)) return escapeHtml(code);
  const lang = ALIASES[language] ?? language;
  if (!LANGUAGES.has(lang)) throw new Error(`Cannot highlight "${language}": add it to the languages of highlight.ts`);
  const { tokens } = highlighter.codeToTokens(code, { lang: lang as never, theme: THEME });
  return tokens.map((line) => line.map(({ content, color }) => span(content, color)).join("")).join("\n");
}

function span(content: string, color: string | undefined): string {
  const letter = LETTERS[color?.toLowerCase() ?? ""];
  if (letter === undefined || content.trim() === "") return escapeHtml(content);
  return `<span class="${letter}">${escapeHtml(content)}</span>`;
}

/** Colours that stand for the letters below; names of variables stay as they are, so that what is coloured says something. */
const LETTERS: Readonly<Record<string, string>> = {
  "#000001": "k",
  "#000002": "s",
  "#000003": "c",
  "#000004": "n",
  "#000005": "f",
};
const THEME: ThemeRegistration = {
  name: "ropewalk",
  type: "light",
  fg: "#000000",
  bg: "#ffffff",
  settings: [
    { scope: ["keyword", "storage", "variable.language", "entity.name.tag", "entity.name.section"], color: "#000001" },
    { scope: ["keyword.operator", "storage.type.function.arrow", "punctuation"], color: "#000000" },
    { scope: ["keyword.operator.new", "keyword.operator.expression"], color: "#000001" },
    { scope: ["string", "string punctuation", "markup.inline.raw"], color: "#000002" },
    { scope: ["meta.template.expression", "string.unquoted"], color: "#000000" },
    { scope: ["comment", "comment punctuation"], color: "#000003" },
    { scope: ["constant", "support.constant", "entity.other.attribute-name"], color: "#000004" },
    { scope: ["entity.name.function", "support.function", "entity.name.type", "support.class"], color: "#000005" },
  ].map(({ scope, color }) => ({ scope, settings: { foreground: color } })),
};
const PLAIN = new Set(["", "text", "console"]);
const ALIASES: Readonly<Record<string, string>> = {
  sh: "shellscript",
  bash: "shellscript",
  ts: "typescript",
  js: "javascript",
  dockerfile: "docker",
};
const LANGUAGES: ReadonlySet<string> = new Set([
  "typescript",
  "javascript",
  "json",
  "shellscript",
  "ini",
  "docker",
  "python",
  "yaml",
  "html",
  "css",
  "markdown",
]);
