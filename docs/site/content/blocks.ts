/** What a page is made of, as far as somebody must know who pulls in files, counts words or runs programs. */
import { join } from "node:path/posix";

export interface LinkBlock {
  /** A paragraph that holds nothing but a link to a file of examples/, or to a picture of docs/pictures/. */
  readonly kind: "code" | "picture";
  /** The file, relative to the project's root. */
  readonly path: string;
  /** What stands behind `#`: the name of a region; "" for the whole file. */
  readonly region: string;
  readonly text: string;
  readonly line: number;
}

export interface FenceBlock {
  readonly kind: "fence";
  readonly language: string;
  readonly text: string;
  readonly line: number;
}

export interface ProseBlock {
  readonly kind: "prose" | "table";
  readonly text: string;
  readonly line: number;
}

export type Block = LinkBlock | FenceBlock | ProseBlock;

/** The blocks of a body in their order; `source` is where its relative links start, `firstLine` the lines before it. */
export function blocksOf(source: string, body: string, firstLine = 0): Block[] {
  const lines = body.split("\n");
  const blocks: Block[] = [];
  for (let at = 0; at < lines.length; ) {
    const line = firstLine + at + 1;
    const fence = /^ {0,3}(`{3,}|~{3,})\s*(\S*)/.exec(lines[at] ?? "");
    if (fence !== null) {
      const [, mark = "", language = ""] = fence;
      const end = closingOf(lines, at + 1, mark);
      blocks.push({ kind: "fence", language, text: `${lines.slice(at + 1, end).join("\n")}\n`, line });
      at = end + 1;
      continue;
    }
    if ((lines[at] ?? "").trim() === "") {
      at += 1;
      continue;
    }
    let end = at;
    while (end < lines.length && (lines[end] ?? "").trim() !== "" && !/^ {0,3}(`{3,}|~{3,})/.test(lines[end] ?? "")) {
      end += 1;
    }
    blocks.push(paragraph(source, lines.slice(at, end).join("\n"), line));
    at = end;
  }
  return blocks;
}

/** What a paragraph's only link leads to, if that is a file to pull in. */
export function pulledIn(source: string, target: string): Pick<LinkBlock, "kind" | "path" | "region"> | undefined {
  if (/^[a-z]+:/i.test(target) || target.startsWith("#")) return undefined;
  const [file = "", region = ""] = target.split("#");
  const path = join(source, "..", file);
  if (/^docs\/pictures\/[\w-]+\.ts$/.test(path)) return { kind: "picture", path, region };
  return path.startsWith("examples/") && /[^/]+$/.test(path) && !/\.md$|\/$/.test(path) && isFile(path)
    ? { kind: "code", path, region }
    : undefined;
}

function paragraph(source: string, text: string, line: number): Block {
  const [, label = "", target = ""] = /^\s*\[([^\]]*)\]\(([^)\s]+)\)\s*$/.exec(text) ?? [];
  const pulled = target === "" ? undefined : pulledIn(source, target);
  if (pulled !== undefined) return { ...pulled, text: label, line };
  return { kind: /^\s*\|/.test(text) ? "table" : "prose", text, line };
}

/** A file has a dot in its name, or is one of the few that never have. */
function isFile(path: string): boolean {
  return /(^|\/)(\w[^/]*\.[^/]+|Containerfile|Dockerfile|Makefile)$/.test(path);
}

function closingOf(lines: readonly string[], from: number, mark: string): number {
  const close = new RegExp(`^ {0,3}${mark[0]}{${mark.length},}\\s*$`);
  const found = lines.findIndex((line, index) => index >= from && close.test(line));
  return found === -1 ? lines.length : found;
}
