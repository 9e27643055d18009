/** What can be said, the same in both directions: received events and events to send are of one shape. */

/** A whole message of text. */
export interface WebSocketText {
  readonly type: "text";
  readonly data: string;
}

/** A whole message of bytes. */
export interface WebSocketBinary {
  readonly type: "binary";
  /** Of one that was received: a view on the bytes given to `receive`, where the message came in one frame and one piece. */
  readonly data: Uint8Array;
}

/**
 * A part of a message. Received only with the option `fragments`, and then cut wherever reads or frames were cut, but never
 * within a character. Sent, it is a frame.
 */
export interface WebSocketFragment {
  readonly type: "fragment";
  /** What the whole message is: all its fragments are of one kind. */
  readonly kind: "text" | "binary";
  readonly data: string | Uint8Array;
  /** With this one the message is complete. */
  readonly isLast: boolean;
}

/** "Are you there?", to be answered with a pong of the same data. */
export interface WebSocketPing {
  readonly type: "ping";
  /** At most 125 bytes. */
  readonly data: Uint8Array;
}

/** The answer to a ping, or a sign of life that nobody asked for. */
export interface WebSocketPong {
  readonly type: "pong";
  readonly data: Uint8Array;
}

/** The last word of a side. */
export interface WebSocketClose {
  readonly type: "close";
  /** Received: 1005 if the peer gave no code, 1006 if it went without a word. To send: 1005 sends none. */
  readonly code: number;
  /** At most 123 bytes of UTF-8. */
  readonly reason: string;
}

/** What `next` of a connection gives, and `send` takes. */
export type WebSocketEvent =
  | WebSocketText
  | WebSocketBinary
  | WebSocketFragment
  | WebSocketPing
  | WebSocketPong
  | WebSocketClose;
