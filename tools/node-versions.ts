/**
 * Runs the built suite on several versions of Node: `npm run test:nodes` for all that are supported, `npm run test:nodes --
 * 26` for one. Each version comes into build/nodes/ from the npm package that carries its binary for this platform; the package
 * `node` finds that by a script at installation, which npm 12 does not run.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { ROOT } from "./tree.ts";

const SUPPORTED = ["20", "22", "24", "26"];

function main(args: readonly string[]): number {
  const versions = args.length > 0 ? args : SUPPORTED;
  const failed = versions.filter((version) => {
    const node = installed(version);
    console.log(`\n== Node ${version}: ${spawnSync(node, ["--version"], { encoding: "utf8" }).stdout.trim()}`);
    return (
      spawnSync(node, ["build/tools/test.js"], { cwd: ROOT, stdio: ["ignore", "inherit", "inherit"] }).status !== 0
    );
  });
  console.log(failed.length === 0 ? `\nThe suite passes on Node ${versions.join(", ")}` : "");
  if (failed.length > 0) console.error(`The suite fails on Node ${failed.join(", ")}`);
  return failed.length === 0 ? 0 : 1;
}

/** The binary of one version; installs it where it is not there yet. */
function installed(version: string): string {
  const prefix = `${ROOT}build/nodes/${version}`;
  const name = `node-${process.platform}-${process.arch}`;
  const binary = `${prefix}/node_modules/${name}/bin/node`;
  if (existsSync(binary)) return binary;
  mkdirSync(prefix, { recursive: true });
  const install = ["install", "--prefix", prefix, "--no-save", "--no-audit", "--no-fund", `${name}@${version}`];
  spawnSync("npm", install, { cwd: prefix, stdio: ["ignore", "inherit", "inherit"] });
  if (!existsSync(binary)) throw new Error(`Cannot install Node ${version}: npm left no ${binary}`);
  return binary;
}

process.exitCode = main(process.argv.slice(2));
