/*
 * What `ropewalk manhole` and a manhole say to one another besides what is typed and shown. A record begins with the byte
 * 0xff, which is in no UTF-8 text, and ends with a line end; everything else is for the session and for the terminal. A
 * client that sends no record (`nc -U`) gets a session without an editor of lines.
 *
 *   client  → manhole   terminal COLUMNS ROWS COLOR   first: keys follow, as they are pressed; COLOR is 0 or 1
 *                       script                        first: whole lines follow; no greeting and no prompts
 *                       size COLUMNS ROWS             the window has another size
 *   manhole → client    ready                         what came before this was for a client that says nothing
 */

/** The client's first record: what it is. */
export type Hello =
  | { readonly kind: "terminal"; readonly columns: number; readonly rows: number; readonly colors: boolean }
  | { readonly kind: "script" };

/** The window of a client that is a terminal. */
export interface WindowSize {
  readonly columns: number;
  readonly rows: number;
}

export function helloRecord(hello: Hello): Uint8Array {
  if (hello.kind === "script") return record("script");
  return record(`terminal ${hello.columns} ${hello.rows} ${hello.colors ? 1 : 0}`);
}

export function sizeRecord({ columns, rows }: WindowSize): Uint8Array {
  return record(`size ${columns} ${rows}`);
}

export const READY: string = "ready";

export function readyRecord(): Uint8Array {
  return record(READY);
}

/** Undefined for what is no hello. */
export function parseHello(text: string): Hello | undefined {
  if (text === "script") return { kind: "script" };
  const [, columns, rows, color] = /^terminal (\d{1,4}) (\d{1,4}) ([01])$/.exec(text) ?? [];
  if (columns === undefined || rows === undefined) return undefined;
  return { kind: "terminal", ...sizeOf(columns, rows), colors: color === "1" };
}

/** Undefined for what is no size. */
export function parseSize(text: string): WindowSize | undefined {
  const [, columns, rows] = /^size (\d{1,4}) (\d{1,4})$/.exec(text) ?? [];
  return columns === undefined || rows === undefined ? undefined : sizeOf(columns, rows);
}

/** Takes records out of a stream of bytes that is cut anywhere. */
export class RecordSplitter {
  readonly #onBytes: (bytes: Uint8Array) => void;
  readonly #onRecord: (text: string) => void;
  /** The record that has begun, without its first byte; undefined between records. */
  #record: string | undefined = undefined;

  constructor(onBytes: (bytes: Uint8Array) => void, onRecord: (text: string) => void) {
    this.#onBytes = onBytes;
    this.#onRecord = onRecord;
  }

  receive(data: Uint8Array): void {
    let rest = data;
    while (rest.length > 0) rest = this.#record === undefined ? this.#outside(rest) : this.#inside(this.#record, rest);
  }

  #outside(data: Uint8Array): Uint8Array {
    const start = data.indexOf(RECORD_START);
    const bytes = start < 0 ? data : data.subarray(0, start);
    if (bytes.length > 0) this.#onBytes(bytes);
    if (start < 0) return NOTHING;
    this.#record = "";
    return data.subarray(start + 1);
  }

  #inside(begun: string, data: Uint8Array): Uint8Array {
    const end = data.indexOf(LINE_END);
    const part = end < 0 ? data : data.subarray(0, end);
    // What is longer is none of ours: its beginning will do to find that out.
    const text = begun + String.fromCharCode(...part.subarray(0, LONGEST_RECORD - begun.length));
    this.#record = end < 0 ? text : undefined;
    if (end < 0) return NOTHING;
    this.#onRecord(text);
    return data.subarray(end + 1);
  }
}

function record(text: string): Uint8Array {
  return Uint8Array.of(RECORD_START, ...new TextEncoder().encode(text), LINE_END);
}

/** A window that says it has no columns is one whose size nobody knows. */
function sizeOf(columns: string, rows: string): WindowSize {
  return { columns: Number(columns) || 80, rows: Number(rows) || 24 };
}

const RECORD_START = 0xff;
const LINE_END = 0x0a;
const LONGEST_RECORD = 64;
const NOTHING = new Uint8Array();
