export { askChargen, askDaytime, askEcho, askQuote, askTime, type WireAskOptions } from "./client.ts";
export { chargenLines, encodeTime, formatDaytime, readTime } from "./codec.ts";
export { RemoteWireError } from "./errors.ts";
export type { AnswerLimits } from "./protocol.ts";
export * from "./server.ts";
