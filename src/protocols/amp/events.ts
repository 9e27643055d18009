/** One message: keys, a character for each byte, with their values. What travels is never empty. */
export type Box = Map<string, Uint8Array>;

/** A call by the peer. */
export interface AskEvent {
  readonly kind: "ask";
  readonly command: string;
  /** What the answer has to repeat; undefined if the peer wants none. */
  readonly tag: string | undefined;
  readonly box: Box;
}

/** The peer's answer to a call. */
export interface AnswerEvent {
  readonly kind: "answer";
  readonly tag: string;
  readonly box: Box;
}

/** The peer's error for a call. */
export interface ErrorEvent {
  readonly kind: "error";
  readonly tag: string;
  readonly code: string;
  readonly description: string;
}

/** What a box says. */
export type AmpEvent = AskEvent | AnswerEvent | ErrorEvent;
