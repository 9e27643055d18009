/** The peer broke the framing: where its next frame begins is unknown, or too far away. */
export class RemoteFrameError extends Error {
  override readonly name: string = "RemoteFrameError";
}

/** The peer announced a frame of more than `maxLength` bytes. None of it was kept. */
export class RemoteFrameLengthError extends RemoteFrameError {
  override readonly name: string = "RemoteFrameLengthError";
  /** What was announced; for a netstring, as far as it was read. */
  readonly length: number;
  readonly maxLength: number;

  constructor(length: number, maxLength: number) {
    super(`Peer announced a frame of ${length} bytes, ${maxLength} allowed`);
    this.length = length;
    this.maxLength = maxLength;
  }
}

/** The peer sent no netstring: `problem` says where it went wrong. */
export class RemoteNetstringError extends RemoteFrameError {
  override readonly name: string = "RemoteNetstringError";
  readonly problem: "length" | "leading zero" | "comma";
  /** The byte that should not be there. */
  readonly byte: number;

  constructor(problem: "length" | "leading zero" | "comma", byte: number) {
    const seen = `0x${byte.toString(16).padStart(2, "0")}`;
    super(`Peer sent no netstring: ${EXPECTED[problem]}, got byte ${seen}`);
    this.problem = problem;
    this.byte = byte;
  }
}

/** This side tried to send a frame longer than its prefix can say. */
export class LocalFrameLengthError extends Error {
  override readonly name: string = "LocalFrameLengthError";
  readonly length: number;
  readonly maxLength: number;

  constructor(length: number, maxLength: number) {
    super(`Cannot send a frame of ${length} bytes: the prefix allows ${maxLength}; use a wider one or split the frame`);
    this.length = length;
    this.maxLength = maxLength;
  }
}

const EXPECTED = {
  length: 'expected a digit or ":" in the length',
  "leading zero": 'expected ":" after a length that begins with 0',
  comma: 'expected "," after the bytes',
} as const;
