/** The house rules, in the order in which ARCHITECTURE.md tells them. */
import { families, familyRooms, frontDoor, layers, sansIo } from "./layers.ts";
import { builtins, globals, randomness } from "./outside.ts";
import { arguedDependencies, completeLock, exportedSubpaths, noMachine } from "./package.ts";
import type { Rule } from "./rule.ts";
import { fileSize, functionSize, names, pageSize, silentCatches } from "./size.ts";

export const RULES: Readonly<Record<string, Rule>> = {
  layers,
  frontDoor,
  families,
  familyRooms,
  sansIo,
  builtins,
  globals,
  randomness,
  fileSize,
  functionSize,
  pageSize,
  names,
  silentCatches,
  exportedSubpaths,
  arguedDependencies,
  completeLock,
  noMachine,
};
