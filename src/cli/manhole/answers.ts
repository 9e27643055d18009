import type { Writable } from "node:stream";
import { READY, RecordSplitter } from "../../reactor/manhole/control-records.ts";

/** Shows what a manhole says from the moment on at which it knows who is there. */
export function answersTo(output: Writable): (data: Uint8Array) => void {
  let isReady = false;
  const records = new RecordSplitter(
    (bytes) => {
      if (isReady) output.write(bytes);
    },
    (text) => {
      isReady ||= text === READY;
    },
  );
  return (data) => records.receive(data);
}

/** A terminal that is set to another encoding than UTF-8 may send what would begin a record. */
export function withoutRecordStart(data: Uint8Array): Uint8Array {
  return data.includes(RECORD_START) ? data.filter((byte) => byte !== RECORD_START) : data;
}

const RECORD_START = 0xff;
