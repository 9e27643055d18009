// biome-ignore-all assist/source/organizeImports: in the order in which a reader needs them

// Asking.
export { MemcacheCommands, type StoreOptions, type Value } from "./client.ts";
export { type MemcacheOptions, MemcacheProtocol } from "./protocol.ts";
export { type MemcacheNode, MemcachePool, type MemcachePoolOptions } from "./pool/client.ts";
export { KetamaRing, type RingNode } from "./pool/ring.ts";
export type { CasResult, Item, MetaCode, MetaReply } from "./events.ts";
export type { ExpiryOptions } from "./expiry.ts";
export type { FrameLimits, MemcacheLimits, SomeMemcacheLimits } from "./limits.ts";
export {
  LocalMemcacheError,
  type MemcacheProblem,
  NoNodeError,
  RemoteMemcacheError,
  RemoteReplyError,
  type ReplyErrorCode,
} from "./errors.ts";

// Answering.
export { type MemcacheReactor, MemcacheServer, type MemcacheServerOptions } from "./server.ts";
export { MemcacheStore, type StoreLimits } from "./store/store.ts";
export type { StoredItem, StoreFigures } from "./store/entry.ts";

// The bytes alone.
export { FrameDecoder } from "./codec.ts";
export type { Frame } from "./events.ts";
export type { Answer } from "./machine.ts";
export { MORE, UNEXPECTED } from "./machine.ts";
export type { Request } from "./requests/request.ts";
