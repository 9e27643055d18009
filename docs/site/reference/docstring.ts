/** Docstrings as HTML. */
import MarkdownIt from "markdown-it";
import type { Highlight } from "../render/highlight.ts";
import { dress } from "../render/markdown.ts";
import type { Catalogue } from "./catalogue.ts";
import { type Comment, tagged, textOf } from "./model.ts";
import type { LinkTo } from "./types.ts";

export interface Docstrings {
  /** What stands before the tags. */
  text(comment: Comment | undefined, link: LinkTo): string;
  /** What it throws and what else to look at, where it says so. */
  notes(comments: readonly Comment[], link: LinkTo): string;
  /** Its examples, each in a figure. */
  examples(comments: readonly Comment[], link: LinkTo): string;
}

export function docstrings(catalogue: Catalogue, highlight: Highlight): Docstrings {
  const markdown = new MarkdownIt();
  dress(markdown, highlight);
  markdown.validateLink = () => true;
  markdown.renderer.rules["link_open"] = (tokens, index, options, env, self) => {
    const token = tokens[index];
    const id = /^ref:(\d+)$/.exec(String(token?.attrGet("href")))?.[1];
    const href = id === undefined ? undefined : (env as unknown as { link: LinkTo }).link(Number(id));
    if (id !== undefined) token?.attrSet("href", href ?? "#content");
    return self.renderToken(tokens, index, options);
  };
  const render = (text: string, link: LinkTo) => markdown.render(text, { link } as never);
  const list = (title: string, texts: readonly string[], link: LinkTo) =>
    texts.length === 0
      ? ""
      : `<p class="label">${title}</p>\n<ul>${texts.map((text) => `<li>${render(text, link)}</li>`).join("")}</ul>\n`;
  const all = (comments: readonly Comment[], tag: string) => [
    ...new Set(comments.flatMap((comment) => tagged(comment, tag))),
  ];
  return {
    text: (comment, link) => (comment === undefined ? "" : render(textOf(comment.summary), link)),
    notes: (comments, link) =>
      list("Returns", all(comments, "@returns"), link) +
      list("Throws", all(comments, "@throws"), link) +
      list(
        "See",
        all(comments, "@see").map((text) => seen(text, catalogue)),
        link,
      ),
    examples: (comments, link) =>
      all(comments, "@example")
        .map((text) => render(/```/.test(text) ? text : `\`\`\`ts\n${text}\n\`\`\``, link))
        .join("")
        .replaceAll("<figcaption>TypeScript</figcaption>", "<figcaption>Example</figcaption>"),
  };
}

/** `@see name` without braces leads to the name, if there is one. */
function seen(text: string, { modules }: Catalogue): string {
  const found = modules
    .flatMap(({ names }) => names)
    .find(({ reflection }) => reflection.name === text.replaceAll("`", ""));
  return found === undefined ? text.replace(/^-\s*/, "") : `[\`${found.reflection.name}\`](ref:${found.reflection.id})`;
}
