import { readFileSync } from "node:fs";
import { SourceMap } from "node:module";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * `file:line:column` of a stack, as the author knows it: in the source that a source map names, if there is one beside the
 * file, and by its path from the working directory if it lies below that.
 */
export function sourcePlace(place: string): string {
  const [, file = place, line = "1", column = "1"] = /^(.*):(\d+):(\d+)$/.exec(place) ?? [];
  const path = file.startsWith("file:") ? fileURLToPath(file) : file;
  const entry = mapOf(path)?.findEntry(Number(line) - 1, Number(column) - 1);
  if (entry === undefined || !("originalSource" in entry)) return `${shown(path)}:${line}:${column}`;
  const source = fileURLToPath(new URL(entry.originalSource, `file://${path}`));
  return `${shown(source)}:${entry.originalLine + 1}:${entry.originalColumn + 1}`;
}

function shown(path: string): string {
  const fromHere = relative(process.cwd(), path);
  return fromHere.startsWith("..") ? path : fromHere;
}

/** Read when somebody asks, as Node keeps maps only of what is loaded after it was told to. */
function mapOf(path: string): SourceMap | undefined {
  const known = maps.get(path);
  if (known !== undefined) return known.map;
  const map = readMap(path);
  maps.set(path, { map });
  return map;
}

function readMap(path: string): SourceMap | undefined {
  try {
    const url = /\n\/\/# sourceMappingURL=(\S+)\s*$/.exec(readFileSync(path, "utf8"))?.[1];
    if (url === undefined) return undefined;
    const inline = /^data:application\/json[^,]*;base64,(.*)$/.exec(url)?.[1];
    const text =
      inline === undefined
        ? readFileSync(new URL(url, `file://${path}`), "utf8")
        : Buffer.from(inline, "base64").toString("utf8");
    return new SourceMap(JSON.parse(text));
  } catch {
    // A stack is worth showing without its map; what was read for it is not what anybody asked for.
    return undefined;
  }
}

const maps: Map<string, { readonly map: SourceMap | undefined }> = new Map();
