import type { Readable } from "node:stream";

/**
 * Passes on what comes out of a stream, in whole lines, as many at a time as there are: what several processes say stays
 * readable. A line without an end is passed on, with one, when the stream ends.
 */
export function relayLines(stream: Readable, write: (lines: string) => void): void {
  let begun = "";
  stream.setEncoding("utf8");
  stream.on("data", (text: string) => {
    const end = text.lastIndexOf("\n") + 1;
    if (end === 0) {
      begun += text;
      return;
    }
    write(begun + text.slice(0, end));
    begun = text.slice(end);
  });
  stream.on("end", () => {
    if (begun !== "") write(`${begun}\n`);
  });
}
