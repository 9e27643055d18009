/** Below docs/, which is a package of its own, "ropewalk" is found as its users find it: in node_modules. */
import { lstatSync, mkdirSync, readlinkSync, rmSync, symlinkSync } from "node:fs";
import { ROOT } from "./tree.ts";

/** Makes docs/node_modules/ropewalk a link to the root, if it is none yet. */
export function linkPackage(): void {
  const link = `${ROOT}docs/node_modules/ropewalk`;
  const there = lstatSync(link, { throwIfNoEntry: false });
  if (there?.isSymbolicLink() === true && readlinkSync(link) === TO_ROOT) return;
  rmSync(link, { recursive: true, force: true });
  mkdirSync(`${ROOT}docs/node_modules`, { recursive: true });
  symlinkSync(TO_ROOT, link, "junction");
}

const TO_ROOT = "../..";
