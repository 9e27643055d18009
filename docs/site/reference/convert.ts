/** Asks typedoc what the library exports; the answer is kept until a source changes. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { Application, type TypeDocOptions } from "typedoc";
import type { Reflection, Subpath } from "./model.ts";

/** Every exported subpath, in the order of package.json. Throws an Error if typedoc cannot read the sources. */
export async function convert(root: string): Promise<Subpath[]> {
  const { exports } = JSON.parse(readFileSync(`${root}package.json`, "utf8")) as { exports: Record<string, string> };
  const entries = Object.entries(exports)
    .filter(([, target]) => target.endsWith(".js"))
    .map(([subpath, target]) => ({ subpath, source: target.replace("./dist/", "src/").replace(/\.js$/, ".ts") }));
  const kept = `${root}docs/build/reference-${digestOf(root)}.json`;
  if (!existsSync(kept)) {
    mkdirSync(`${root}docs/build`, { recursive: true });
    writeFileSync(
      kept,
      await askTypedoc(
        root,
        entries.map(({ source }) => source),
      ),
    );
  }
  const { children } = JSON.parse(readFileSync(kept, "utf8")) as { children: Reflection[] };
  return entries.map(({ subpath, source }) => {
    const module = children.find(({ sources }) => sources?.[0]?.fileName === source);
    if (module === undefined) throw new Error(`Cannot find ${source} in what typedoc says`);
    return { subpath, module };
  });
}

async function askTypedoc(root: string, sources: readonly string[]): Promise<string> {
  const options: TypeDocOptions = {
    entryPoints: sources.map((source) => root + source),
    tsconfig: `${root}src/tsconfig.json`,
    basePath: root,
    displayBasePath: root,
    readme: "none",
    disableGit: true,
    sourceLinkTemplate: "{path}:{line}",
    // The compiler of the project has looked for errors; this one only reads.
    skipErrorChecking: true,
    excludeExternals: true,
    excludeInternal: true,
    excludePrivate: true,
    logLevel: "Error",
  };
  const application = await Application.bootstrap(options);
  const project = await application.convert();
  if (project === undefined) throw new Error("Cannot make the reference: typedoc found no project");
  return JSON.stringify(application.serializer.projectToObject(project, root as never));
}

function digestOf(root: string): string {
  const hash = createHash("sha256");
  const names = readdirSync(`${root}src`, { recursive: true, encoding: "utf8" });
  for (const name of names.filter((path) => path.endsWith(".ts") && !path.endsWith(".test.ts")).sort()) {
    hash.update(name).update(readFileSync(`${root}src/${name}`));
  }
  return hash
    .update(readFileSync(`${root}package.json`))
    .digest("hex")
    .slice(0, DIGITS);
}

const DIGITS = 16;
