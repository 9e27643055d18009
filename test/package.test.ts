/** What a user of the package gets: the built files with their sources in the maps, and none of the tests. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { describe, test } from "node:test";
import { ROOT, readProjectFile } from "../tools/tree.ts";

describe("the packed package", () => {
  const output = execFileSync("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], {
    cwd: ROOT,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
    maxBuffer: 16 << 20,
  });
  const paths = packed(JSON.parse(output))
    .map(({ path }) => path)
    .filter((path) => !isLeftover(path));

  test("has the front door with its types, and what a package should say of itself", () => {
    for (const path of ["dist/index.js", "dist/index.d.ts", "package.json", "README.md", "LICENSE", "CHANGELOG.md"]) {
      assert.ok(paths.includes(path), `no ${path}`);
    }
  });

  test("has the templates of ropewalk new", () => {
    for (const kind of ["plugin", "service", "protocol"]) {
      assert.ok(paths.includes(`templates/${kind}/package.template.json`), `no template of a ${kind}`);
    }
  });

  test("has nothing but that, what was built of the sources, without tests, and the page of the live view", () => {
    const page = /^src\/app\/inspect\/page\/[a-z]+\.(html|css|js|svg)$/;
    const others = paths.filter(
      (path) => !/^(dist\/.*\.(js|d\.ts|js\.map)|templates\/.*)$/.test(path) && !page.test(path),
    );
    assert.deepEqual(others.sort(), [
      "CHANGELOG.md",
      "LICENSE",
      "README.md",
      "bin/ropewalk.js",
      "bin/trial.js",
      "bin/twistd.js",
      "package.json",
    ]);
    assert.deepEqual(
      paths.filter((path) => path.startsWith("dist/") && path.includes(".test.")),
      [],
    );
  });

  test("has the source of each file in its map, since the sources themselves stay here", () => {
    const maps = paths.filter((path) => path.endsWith(".map"));
    assert.ok(maps.length > 0);
    const empty = maps.filter((path) => {
      const { sources, sourcesContent } = JSON.parse(readProjectFile(path).text) as SourceMap;
      return sources.length !== sourcesContent?.length || sourcesContent.some((text) => !text);
    });
    assert.deepEqual(empty, []);
  });
});

/** An older build's, of a source that is not there any more: a clone that is published has none. */
function isLeftover(path: string): boolean {
  const source = path.replace(/^dist/, "src").replace(/(\.d\.ts|\.js|\.js\.map)$/, ".ts");
  return path.startsWith("dist/") && !existsSync(ROOT + source);
}

interface SourceMap {
  readonly sources: readonly string[];
  readonly sourcesContent?: readonly (string | null)[];
}

interface Packed {
  readonly files: readonly { readonly path: string }[];
}

/** npm 12 names its reports after the packages; before that they are a list. */
function packed(reports: readonly Packed[] | Readonly<Record<string, Packed>>): Packed["files"] {
  const [report] = Object.values(reports);
  assert.ok(report);
  return report.files;
}
