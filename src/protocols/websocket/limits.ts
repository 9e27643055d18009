/** How much a peer may say. Each limit stands for what this side would have to hold, or to do, before it can judge. */
export interface WebSocketLimits {
  /**
   * Bytes of a message, after decompression too: 16 MiB, the largest that conformance suites send. What came is held until the
   * message is complete, and never more than twice that; a server with many guests says what its messages need. With
   * `fragments` nothing is held, so who streams may allow `Infinity`. More: 1009.
   */
  readonly maxMessageBytes: number;
  /** Bytes of a frame's payload: as of a message, which may come in one frame. More: 1009, when its length is announced. */
  readonly maxFrameBytes: number;
  /** Frames of a message: 131 072, which is 16 MiB in pieces of 128 bytes; empty ones would otherwise never end. More: 1008. */
  readonly maxFragments: number;
  /**
   * Bytes that are held because nobody asks for events: 256 KiB, four reads. A binding pauses its transport, so that only a
   * careless one gets there. More: 1009.
   */
  readonly maxHeldBytes: number;
}

/** Some of the limits. */
export type SomeWebSocketLimits = { readonly [K in keyof WebSocketLimits]?: WebSocketLimits[K] | undefined };

/** All limits: those that are given, and the defaults of the others. */
export function limitsWith(given: SomeWebSocketLimits | undefined): WebSocketLimits {
  if (given === undefined) return LIMITS;
  return {
    maxMessageBytes: given.maxMessageBytes ?? LIMITS.maxMessageBytes,
    maxFrameBytes: given.maxFrameBytes ?? given.maxMessageBytes ?? LIMITS.maxFrameBytes,
    maxFragments: given.maxFragments ?? LIMITS.maxFragments,
    maxHeldBytes: given.maxHeldBytes ?? LIMITS.maxHeldBytes,
  };
}

const LIMITS: WebSocketLimits = {
  maxMessageBytes: 16_777_216,
  maxFrameBytes: 16_777_216,
  maxFragments: 131_072,
  maxHeldBytes: 262_144,
};
