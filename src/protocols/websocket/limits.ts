/** How much a peer may say. Each limit stands for what this side would have to hold, or to do, before it can judge. */
export interface WebSocketLimits {
  /**
   * Bytes of a message, after decompression too: 1 MiB, which is held at once and then handed over; chats and dashboards stay
   * below 64 KiB. With `fragments` nothing is held, so who streams may allow `Infinity`. More: 1009.
   */
  readonly maxMessageBytes: number;
  /** Bytes of a frame's payload: 1 MiB, since a message may come in one frame. More: 1009, when its length is announced. */
  readonly maxFrameBytes: number;
  /** Frames of a message: 4 096, each of which costs as much as a message; 1 MiB in pieces of 256 bytes. More: 1008. */
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
  maxMessageBytes: 1_048_576,
  maxFrameBytes: 1_048_576,
  maxFragments: 4_096,
  maxHeldBytes: 262_144,
};
