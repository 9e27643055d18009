// biome-ignore-all assist/source/organizeImports: in the order in which a reader needs them

// Time that moves when a test says so, and chance that repeats.
export { Clock, type ClockCall, type ClockOptions } from "./clock.ts";
export { seededRandom } from "../core/seeded-random.ts";

// One protocol on a transport without a network; `remote` is its peer, for the test to play.
export { MemoryTransport, type MemoryTransportOptions } from "./memory-transport.ts";
export type { MemoryRemote } from "./memory-remote.ts";
export type { PipeTransport } from "./pipe-transport.ts";

// Two protocols against each other.
export { type ConnectedPair, connectedPair, type PairOptions } from "./connected-pair.ts";

// A parser, fed whole, byte by byte and at random cuts.
export { type FeedOptions, feedThreeWays } from "./feed-three-ways.ts";
export { cutUp, type Splits } from "./splits.ts";

// A whole reactor, and all that is behind its door.
export { MemoryReactor, type MemoryReactorOptions } from "./memory-reactor.ts";
export type { AcceptOptions, MemoryConnect } from "./memory-connect.ts";
export type { NetworkOptions } from "./memory-network.ts";
export type { MemoryFiles } from "./memory-files.ts";
export type { MemoryPort } from "./memory-port.ts";
export type { MemoryProcess } from "./memory-process.ts";
export type { MemoryDatagramPort, MulticastOptions } from "./memory-udp.ts";

// For whoever writes a reactor or a transport: what all of ours do, as tests.
export { reactorConformance } from "./conformance/reactor.ts";
export { startTlsConformance, type TransportLimits, transportConformance } from "./conformance/transport.ts";
export type { StartTlsWorld } from "./conformance/starttls.ts";
export type { TransportWorld, World } from "./conformance/world.ts";
export { MemoryWorld } from "./memory-world.ts";

// What a Deferred's chain did, as a picture.
export { type DeferredPicture, type VisualizeOptions, visualize } from "./visualize/visualize.ts";
