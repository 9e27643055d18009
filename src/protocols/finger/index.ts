export { type FingerOptions, finger } from "./client.ts";
export { encodeFingerQuery, type FingerQuery, type FingerTarget, readFingerQuery } from "./codec.ts";
export { LocalFingerError, RemoteFingerError } from "./errors.ts";
export { type FingerAnswer, type FingerServerOptions, fingerServer } from "./server.ts";
