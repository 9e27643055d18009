/** Pictures, computed when the site is built: each from a run of its own. */
import { existsSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { blocksOf } from "../content/blocks.ts";
import type { Faults } from "../content/faults.ts";
import type { Page } from "../content/page.ts";

/** The SVG of every picture that a page shows, by its path. One that fails is a fault, and left out. */
export async function drawPictures(root: string, pages: readonly Page[], faults: Faults): Promise<Map<string, string>> {
  const wanted = new Map<string, string>();
  for (const { source, body, bodyLine } of pages) {
    for (const block of blocksOf(source, body, bodyLine)) {
      if (block.kind === "picture") wanted.set(block.path, `${source}:${block.line}`);
    }
  }
  const drawn = new Map<string, string>();
  for (const [path, place] of wanted) {
    try {
      drawn.set(path, await draw(root, path));
    } catch (error) {
      faults.add(`Cannot draw ${path} for ${place}: ${(error as Error).message}`);
    }
  }
  return drawn;
}

async function draw(root: string, path: string): Promise<string> {
  const built = `${root}docs/build/${path.slice("docs/".length).replace(/\.ts$/, ".js")}`;
  if (!existsSync(built)) throw new Error("there is no such picture");
  const { default: picture } = (await import(pathToFileURL(built).href)) as { default?: () => Promise<string> };
  if (picture === undefined) throw new Error("it has no default export");
  const svg = await picture();
  if (!/^\s*<svg\b[\s\S]*<title\b/.test(svg)) throw new Error("it gives no <svg> with a <title>");
  return svg;
}
