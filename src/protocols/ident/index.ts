export { type AskIdentOptions, askIdent, type IdentConnectionEnds } from "./client.ts";
export { encodeIdentLine, readIdentAnswer, readIdentQuery } from "./codec.ts";
export { LocalIdentError, RemoteIdentError } from "./errors.ts";
export type { IdentAnswer, IdentFailure, IdentQuery, IdentUser } from "./events.ts";
export { type IdentHosts, type IdentLookup, type IdentServerOptions, identServer } from "./server.ts";
