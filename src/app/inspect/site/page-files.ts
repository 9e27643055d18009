/** The page as it is in page/, read once: it is the same for everybody, and a script fills it in. */
import type { Files } from "../../../core/files.ts";
import { Response } from "../../../protocols/web/message/response.ts";

export type PageName = "live" | "locked" | "again";

export class PageFiles {
  readonly #texts: ReadonlyMap<string, string>;

  /** By the name of the file. */
  constructor(texts: ReadonlyMap<string, string>) {
    this.#texts = texts;
  }

  /** `folder`: as a file: URL. Fails if a file is not there. */
  static async load(files: Pick<Files, "readText">, folder: URL = PAGE): Promise<PageFiles> {
    const path = decodeURIComponent(folder.pathname);
    const texts = await Promise.all(NAMES.map(async (name) => [name, await files.readText(path + name)] as const));
    return new PageFiles(new Map(texts));
  }

  page(name: PageName, status = 200): Response {
    return this.#answer(`${name}.html`, status) ?? new Response(null, { status: 404 });
  }

  /** What a page asks for; undefined if there is nothing of that name. */
  asset(name: string): Response | undefined {
    return name.endsWith(".html") ? undefined : this.#answer(name, 200);
  }

  #answer(name: string, status: number): Response | undefined {
    const found = this.#texts.get(name);
    if (found === undefined) return undefined;
    const type = TYPES[name.slice(name.lastIndexOf("."))] ?? "text/plain";
    return new Response(found, { status, headers: { "Content-Type": `${type}; charset=utf-8` } });
  }
}

/** Browsers and the package get what is in the source tree, as it is; this module runs from dist/app/inspect/site/. */
const PAGE = new URL("../../../../src/app/inspect/page/", import.meta.url);

const NAMES = [
  "live.html",
  "locked.html",
  "again.html",
  "style.css",
  "icon.svg",
  "live.js",
  "chart.js",
  "dom.js",
  "lists.js",
  "log.js",
  "services.js",
  "words.js",
] as const;

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".css": "text/css",
  ".js": "text/javascript",
  ".svg": "image/svg+xml",
};
