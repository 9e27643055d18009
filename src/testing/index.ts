export { Clock, type ClockCall, type ClockOptions } from "./clock.ts";
export { type ConnectedPair, connectedPair, type PairOptions } from "./connected-pair.ts";
export { type FeedOptions, feedThreeWays } from "./feed-three-ways.ts";
export type { MemoryRemote } from "./memory-remote.ts";
export { MemoryTransport, type MemoryTransportOptions } from "./memory-transport.ts";
export type { PipeTransport } from "./pipe-transport.ts";
export { seededRandom } from "./seeded-random.ts";
export { cutUp, type Splits } from "./splits.ts";
