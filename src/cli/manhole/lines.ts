import type { Socket } from "node:net";
import type { Readable, Writable } from "node:stream";
import { helloRecord } from "../../reactor/manhole/control-records.ts";
import { answersTo, withoutRecordStart } from "./answers.ts";

/** Sends what comes by standard input, line for line, and shows the answers: `ropewalk manhole PATH < questions`. */
export function visitWithLines(socket: Socket, input: Readable & { unref?: () => void }, output: Writable): void {
  socket.write(helloRecord({ kind: "script" }));
  socket.on("data", answersTo(output));
  input.on("data", (lines: Uint8Array) => {
    if (socket.write(withoutRecordStart(lines))) return;
    input.pause();
    socket.once("drain", () => input.resume());
  });
  input.on("end", () => socket.end());
  socket.once("close", () => {
    input.pause();
    // Whoever holds the other end of a pipe may go on holding it.
    input.unref?.();
  });
}
