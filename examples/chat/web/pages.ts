/** The pages as they are in pages/, read once: they are the same for everybody, and scripts fill them in. */
import { fileURLToPath } from "node:url";
import type { Reactor } from "ropewalk";
import { Response } from "ropewalk/web";

export type PageName = (typeof NAMES)[number];

export class Pages {
  readonly #texts: ReadonlyMap<PageName, string>;

  constructor(texts: ReadonlyMap<PageName, string>) {
    this.#texts = texts;
  }

  static async load(files: Reactor["files"], folder: string = `${SOURCES}pages/`): Promise<Pages> {
    const read = async (name: PageName) => [name, await files.readText(`${folder}${name}.html`)] as const;
    return new Pages(new Map(await Promise.all(NAMES.map(read))));
  }

  answer(name: PageName, status = 200): Response {
    const headers = { "Content-Type": "text/html; charset=utf-8" };
    return new Response(this.#texts.get(name) as string, { status, headers });
  }
}

/** This module runs from build/examples/chat/web/; browsers get what is in the source tree, as it is. */
const SOURCES = fileURLToPath(new URL("../../../../examples/chat/web/", import.meta.url));

/** Scripts, styles and pictures, for everybody. */
export const STATIC: string = `${SOURCES}static/`;

const NAMES = ["chat", "dashboard", "locked", "again"] as const;
