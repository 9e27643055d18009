/** The code of a file, or of a region of it, as a page shows it. */
import { existsSync, readFileSync } from "node:fs";
import { basename, extname } from "node:path/posix";
import type { LinkBlock } from "./blocks.ts";

export interface Code {
  readonly path: string;
  readonly region: string;
  readonly language: string;
  readonly text: string;
}

/** Throws an Error that says from where a file or a region was asked for that is not there. */
export function codeOf(root: string, source: string, link: Pick<LinkBlock, "path" | "region" | "line">): Code {
  const { path, region } = link;
  const place = `${source}:${link.line}`;
  if (!existsSync(root + path)) throw new Error(`Cannot show ${path} in ${place}: there is no such file`);
  const text = readFileSync(root + path, "utf8");
  const language = languageOf(path);
  if (region === "") return { path, region, language, text: text.replace(REGION_LINES, "") };
  const cut = cutRegion(text, region);
  if (cut === undefined) throw new Error(`Cannot show ${path}#${region} in ${place}: no "#region ${region}" in it`);
  return { path, region, language, text: cut };
}

/** The lines between `// #region name` and `// #endregion`, as far to the left as they go. */
export function cutRegion(text: string, region: string): string | undefined {
  const lines = text.split("\n");
  const start = lines.findIndex((line) => /#region (\S+)/.exec(line)?.[1] === region);
  const end = lines.findIndex((line, index) => index > start && /#endregion\b/.test(line));
  if (start === -1 || end === -1) return undefined;
  const inside = lines.slice(start + 1, end);
  const indents = inside.filter((line) => line.trim() !== "").map((line) => line.search(/\S/));
  const indent = Math.min(...indents);
  return `${inside.map((line) => line.slice(indent)).join("\n")}\n`;
}

/** The language that a file's name tells. */
export function languageOf(path: string): string {
  const name = basename(path);
  if (name === "Containerfile" || name === "Dockerfile") return "dockerfile";
  return LANGUAGES[extname(name)] ?? "text";
}

const REGION_LINES = /^[^\S\n]*(?:\/\/|#) ?#(?:end)?region\b.*\n/gm;
const LANGUAGES: Readonly<Record<string, string>> = {
  ".ts": "ts",
  ".js": "js",
  ".json": "json",
  ".py": "python",
  ".sh": "sh",
  ".service": "ini",
  ".socket": "ini",
  ".ini": "ini",
  ".toml": "ini",
  ".yml": "yaml",
  ".yaml": "yaml",
  ".html": "html",
  ".css": "css",
  ".md": "markdown",
};
