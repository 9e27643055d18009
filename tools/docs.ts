/**
 * Builds the documentation site into docs/dist/: `npm run docs`. The site has packages of its own, so that nobody who works on
 * the library installs them: they come here, when they are missing or older than their lock.
 */
import { spawnSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { linkPackage } from "./docs-link.ts";
import { ROOT } from "./tree.ts";

const DOCS = `${ROOT}docs/`;

function main(): void {
  install();
  linkPackage();
  run("compile the site", `${ROOT}node_modules/typescript/bin/tsc`, ["-b", "docs"], ROOT);
  run("build the site", `${DOCS}build/site/main.js`, [], DOCS);
}

function install(): void {
  const installed = `${DOCS}node_modules/.package-lock.json`;
  const lock = `${DOCS}package-lock.json`;
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs) return;
  const { status } = spawnSync("npm", ["ci", "--no-audit", "--no-fund"], { cwd: DOCS, stdio: "inherit" });
  if (status !== 0) throw new Error(`Cannot install the packages of docs/: npm ended with ${status}`);
}

function run(step: string, program: string, args: readonly string[], cwd: string): void {
  const { status } = spawnSync(process.execPath, [program, ...args], { cwd, stdio: "inherit" });
  if (status !== 0) throw new Error(`Cannot ${step}: ended with ${status}`);
}

try {
  main();
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
