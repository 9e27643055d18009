import { PORTABLE_TEXT } from "../../wire/text-portable.ts";
import { FileSink } from "../node/file-sink.ts";
import type { Trace } from "../trace/trace.ts";
import { type DiagramOptions, sequenceDiagram } from "./sequence-diagram.ts";

/** Writes the diagram of a trace when disposed, and ends the trace. @throws Error if the file cannot be written. */
export function writeDiagramAtEnd(path: string, trace: Trace, options: DiagramOptions): Disposable {
  const sink = new FileSink(path);
  let isWritten = false;
  return {
    [Symbol.dispose]: () => {
      if (isWritten) return;
      isWritten = true;
      trace[Symbol.dispose]();
      sink.write(PORTABLE_TEXT.encodeUtf8(sequenceDiagram(trace, options)));
      sink.close();
    },
  };
}
