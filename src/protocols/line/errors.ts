/** The peer sent a line longer than `maxLength` bytes. */
export class RemoteLineLengthError extends Error {
  override readonly name: string = "RemoteLineLengthError";
  readonly maxLength: number;
  /** The first `maxLength` bytes of the line. */
  readonly start: Uint8Array;

  constructor(maxLength: number, start: Uint8Array) {
    super(`Peer sent a line of more than ${maxLength} bytes`);
    this.maxLength = maxLength;
    this.start = start;
  }
}

/** This side tried to send a text that is not one line, or that the encoding cannot hold. */
export class LocalLineError extends Error {
  override readonly name: string = "LocalLineError";
  /** The line as given. */
  readonly line: string;

  constructor(line: string, reason: string) {
    const shown = line.length > SHOWN_LENGTH ? `${line.slice(0, SHOWN_LENGTH)}…` : line;
    super(`Cannot send line ${JSON.stringify(shown)}: ${reason}`);
    this.line = line;
  }
}

/** Enough to find the place in the code, short enough for a log. */
const SHOWN_LENGTH = 60;
