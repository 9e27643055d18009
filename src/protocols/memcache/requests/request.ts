/** A request as it is sent, and what reads its answer. */
import { TEXT } from "../../../wire/text.ts";
import type { Answer } from "../machine.ts";

/** What travels for one request. */
export interface Request<T> {
  /** The line with its end, a character for each byte; a value that is ASCII text stands in it. */
  readonly head: string;
  /** A value that is to be sent after `head`. */
  readonly body: Uint8Array | undefined;
  /** Of the value; -1 without one. */
  readonly valueBytes: number;
  readonly answer: Answer<T>;
}

/** A request that is one line. */
export function lineRequest<T>(line: string, answer: Answer<T>): Request<T> {
  return { head: `${line}\r\n`, body: undefined, valueBytes: -1, answer };
}

/** A request with a value, whose length stands between the two parts of the line. */
export function valueRequest<T>(
  before: string,
  after: string,
  value: Uint8Array | string,
  answer: Answer<T>,
): Request<T> {
  if (typeof value !== "string") {
    return { head: `${before}${value.length}${after}\r\n`, body: value, valueBytes: value.length, answer };
  }
  const valueBytes = TEXT.utf8Length(value);
  const line = `${before}${valueBytes}${after}\r\n`;
  return valueBytes === value.length
    ? { head: `${line}${value}\r\n`, body: undefined, valueBytes, answer }
    : { head: line, body: TEXT.encodeUtf8(value), valueBytes, answer };
}
