/** A value on its way out. Small ones travel as text beside their line, so that a turn's lines and values are one string. */
import { TEXT } from "../../wire/text.ts";

/** What `writeBlock` needs of a transport. */
export interface BlockSink {
  write(data: Uint8Array): void;
  writeLatin1(text: string): void;
}

/** Writes a line, which has its end, and the value after it. */
export function writeBlock(sink: BlockSink, line: string, value: Uint8Array): void {
  if (value.length <= MAX_TEXT_BYTES) {
    sink.writeLatin1(`${line}${TEXT.decodeLatin1(value, 0, value.length)}\r\n`);
    return;
  }
  sink.writeLatin1(line);
  sink.write(value);
  sink.writeLatin1("\r\n");
}

/** Above this, copying costs more than another piece to write. */
const MAX_TEXT_BYTES = 2_048;
