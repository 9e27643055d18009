/** Computes the pictures of docs/pictures. As a program: writes them to the folder that is named, those named or all. */
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { linkPackage } from "./docs-link.ts";
import { ROOT } from "./tree.ts";

/** Their names, sorted. */
export function pictureNames(): string[] {
  return readdirSync(PICTURES)
    .filter((name) => name.endsWith(".ts"))
    .map((name) => name.slice(0, -".ts".length))
    .sort();
}

/** Runs the program of one. */
export async function computePicture(name: string): Promise<string> {
  await typeScript;
  linkPackage();
  const file = pathToFileURL(join(PICTURES, `${name}.ts`)).href;
  const { default: compute } = (await import(file)) as { readonly default: () => Promise<string> };
  return compute();
}

const PICTURES = `${ROOT}docs/pictures`;
const typeScript = import(pathToFileURL(`${ROOT}dist/cli/typescript/register.js`).href).then(
  ({ readTypeScript }: { readonly readTypeScript: () => void }) => readTypeScript(),
);

const [, program, folder, ...names] = process.argv;
if (program !== undefined && import.meta.filename === program && folder !== undefined) {
  mkdirSync(folder, { recursive: true });
  for (const name of names.length > 0 ? names : pictureNames()) {
    const svg = await computePicture(name);
    writeFileSync(join(folder, `${name}.svg`), svg);
    console.log(`${name}: ${svg.length} bytes`);
  }
}
