import type { Socket } from "node:net";
import type { ReadStream, WriteStream } from "node:tty";
import { helloRecord, sizeRecord } from "../../reactor/manhole/control-records.ts";
import { answersTo, withoutRecordStart } from "./answers.ts";

/**
 * Sends each key as it is pressed; the manhole is the one that edits the line. Two keys stay here: Ctrl-Z stops this program
 * and not the other, and Ctrl-] hangs up when the other does not answer.
 */
export function visitWithTerminal(socket: Socket, input: ReadStream, output: WriteStream): void {
  const { columns, rows } = output;
  socket.write(helloRecord({ kind: "terminal", columns, rows, colors: output.getColorDepth() > 1 }));
  const show = answersTo(output);
  let lastByte = LINE_END;
  socket.on("data", (data: Uint8Array) => {
    lastByte = data.at(-1) ?? lastByte;
    show(data);
  });
  const resized = (): void => {
    socket.write(sizeRecord(output));
  };
  const pressed = (data: Uint8Array): void => {
    const at = data.findIndex((key) => key === CTRL_Z || key === CTRL_BRACKET);
    const before = withoutRecordStart(at < 0 ? data : data.subarray(0, at));
    if (before.length > 0) socket.write(before);
    if (at < 0) return;
    if (data[at] === CTRL_BRACKET) socket.destroy();
    else suspend(input, resized);
    pressed(data.subarray(at + 1));
  };
  input.setRawMode(true);
  input.on("data", pressed);
  output.on("resize", resized);
  socket.once("close", () => {
    input.off("data", pressed);
    output.off("resize", resized);
    input.setRawMode(false);
    input.pause();
    if (lastByte !== LINE_END) output.write("\n");
  });
}

/** Gives the terminal back to the shell, until `fg`. */
function suspend(input: ReadStream, resumed: () => void): void {
  input.setRawMode(false);
  process.once("SIGCONT", () => {
    input.setRawMode(true);
    // The manhole draws its line again for a window of a new size.
    resumed();
  });
  process.kill(process.pid, "SIGTSTP");
}

const CTRL_Z = 0x1a;
const CTRL_BRACKET = 0x1d;
const LINE_END = 0x0a;
