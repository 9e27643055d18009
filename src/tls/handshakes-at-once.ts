/**
 * Of one port. Each keeps a core busy for about a millisecond, so honest clients never wait in such a crowd; peers that begin
 * and say nothing more hold no more descriptors than this, each for the handshake timeout.
 */
export const HANDSHAKES_AT_ONCE = 1_000;
