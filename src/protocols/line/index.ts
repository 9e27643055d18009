export { encodeLine, LineDecoder, type LineEncoding, type LineSettings } from "./codec.ts";
export { LocalLineError, RemoteLineLengthError } from "./errors.ts";
export { LineProtocol } from "./protocol.ts";
