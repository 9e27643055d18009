/** What a user of the package gets: the built files with their sources in the maps, and none of the tests. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { makePackage, PROGRAMS } from "../tools/package.ts";
import { ROOT } from "../tools/tree.ts";
import { temporaryFolder } from "./interop/support/places.ts";
import { importsOf } from "./start-up/imports.ts";
import { IMPORT_ROPEWALK, TWISTD_ECHO } from "./start-up/known.ts";
import { ANYWHERE } from "./twistd/support.ts";

describe("the package", { timeout: 120_000 }, () => {
  const folder = `${temporaryFolder({ after })}/ropewalk`;
  let paths: readonly string[] = [];
  before(async () => {
    await makePackage(folder);
    const names = readdirSync(folder, { recursive: true, encoding: "utf8" });
    paths = names.filter((name) => statSync(`${folder}/${name}`).isFile() && !isLeftover(name));
  });

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
      const { sources, sourcesContent } = JSON.parse(readFileSync(`${folder}/${path}`, "utf8")) as SourceMap;
      return sources.length !== sourcesContent?.length || sourcesContent.some((text) => !text);
    });
    assert.deepEqual(empty, []);
  });

  test("has a map wherever a file names one", () => {
    const missing = paths.filter((path) => {
      const [, map] = /^\/\/# sourceMappingURL=(.*)$/m.exec(readFileSync(`${folder}/${path}`, "utf8")) ?? [];
      return path.endsWith(".js") && map !== undefined && !paths.includes(path.replace(/[^/]*$/, map));
    });
    assert.deepEqual(missing, []);
  });

  test("starts from a handful of files", async (t) => {
    const args = [`${folder}/bin/twistd.js`, "-n", "echo", "--listen", ANYWHERE];
    const { others } = await importsOf(t, args, /Started /);
    const loaded = others.filter((path) => path.startsWith(folder)).map((path) => path.slice(folder.length + 1));
    assert.ok(loaded.includes("dist/core/start.js") && loaded.includes("dist/app/start.js"), String(loaded));
    assert.ok(loaded.length <= 8, `${loaded.length} files are loaded:\n${loaded.join("\n")}`);
  });

  test("has in the place of each joined module one with the same names, and each name once", async () => {
    const { Deferred } = await import(pathToFileURL(`${folder}/dist/index.js`).href);
    for (const name of new Set([...TWISTD_ECHO, ...IMPORT_ROPEWALK])) {
      if (PROGRAMS.has(name)) continue;
      const [built, joined] = await Promise.all(
        [ROOT, `${folder}/`].map((root) => import(pathToFileURL(`${root}dist/${name}`).href)),
      );
      assert.deepEqual(Object.keys(joined), Object.keys(built), name);
      if (name === "core/deferred/deferred.js") assert.equal(joined.Deferred, Deferred);
    }
  });
});

/** An older build's, of a source that is not there any more: a clone that is published has none. */
function isLeftover(path: string): boolean {
  const source = path.replace(/^dist/, "src").replace(/(\.d\.ts|\.js|\.js\.map)$/, ".ts");
  return path.startsWith("dist/") && !/\/start\.js(\.map)?$/.test(path) && !existsSync(ROOT + source);
}

interface SourceMap {
  readonly sources: readonly string[];
  readonly sourcesContent?: readonly (string | null)[];
}
