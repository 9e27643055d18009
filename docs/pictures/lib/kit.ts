/**
 * The parts that Ropewalk's own pictures are made of. They are inside of the package, so they are looked up beside its
 * simulator, wherever this file runs from.
 */
const parts = (await import(
  new URL("picture/parts.js", import.meta.resolve("ropewalk/sim")).href
)) as typeof import("../../../dist/sim/picture/parts.js");

export const { ACCENT, BAD, GOOD, INK, LINE, PANEL, QUIET, box, fitMono, line, monoWidth, picture, px, text, tip } =
  parts;
