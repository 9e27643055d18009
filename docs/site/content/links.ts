/** Where a link of a page leads in the site, and in the Markdown that is published beside it. */
import { existsSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path/posix";
import { sectionOf, urlOf } from "./page.ts";

export type Target =
  | { readonly kind: "outside"; readonly href: string }
  /** A page; its Markdown is at `source`. */
  | { readonly kind: "page"; readonly url: string; readonly source: string; readonly fragment: string }
  /** A file or folder of the project that the site shows as it is. */
  | { readonly kind: "file"; readonly url: string; readonly path: string; readonly fragment: string }
  | { readonly kind: "reference"; readonly url: string; readonly fragment: string };

/** Throws an Error that names the page and the link where nothing is at its end. */
export function targetOf(root: string, source: string, href: string): Target {
  if (/^[a-z]+:/i.test(href)) return { kind: "outside", href };
  const [path = "", fragment = ""] = href.split("#");
  const full = path === "" ? source : join(source, "..", decodeURI(path)).replace(/\/$/, "");
  const api = /^docs\/api\/(.+)\.api\.md$/.exec(full);
  if (api !== null) return { kind: "reference", url: referenceUrl(api[1] ?? "", fragment), fragment: "" };
  if (full.startsWith("..") || !existsSync(root + full)) {
    throw new Error(`Cannot follow the link to "${href}" in ${source}: there is no ${full}`);
  }
  const readme =
    statSync(root + full).isDirectory() && existsSync(`${root}${full}/README.md`) ? `${full}/README.md` : full;
  if (readme.endsWith(".md")) return { kind: "page", url: urlOf(readme), source: readme, fragment };
  return { kind: "file", url: fileUrl(root, full), path: full, fragment };
}

/** The page of a subpath ("web", "index") or of a name that it exports. */
export function referenceUrl(subpath: string, name = ""): string {
  return `reference/${subpath === "index" ? "ropewalk" : subpath}/${name === "" ? "index" : name}.html`;
}

/** From one page of the site to another: always relative, so the site works below any path. */
export function between(from: string, to: string, fragment = ""): string {
  const hash = fragment === "" ? "" : `#${fragment}`;
  if (from === to && hash !== "") return hash;
  return `${relative(dirname(from), to) || "."}${hash}`;
}

/** Where the Markdown of a page is published: beside its HTML. */
export function markdownUrl(url: string): string {
  return url.replace(/\.html$/, ".md");
}

/** Whether a page stands in the navigation, or is only there since another one links to it. */
export function isListed(source: string): boolean {
  return sectionOf(source) !== "files";
}

/** The page of a file or of a folder. Servers hide names that begin with a dot, so no address has one. */
export function fileUrl(root: string, path: string): string {
  const shown = path.replace(/(^|\/)\./g, "$1dot-");
  return statSync(root + path).isDirectory() ? `files/${shown}/index.html` : `files/${shown}.html`;
}
