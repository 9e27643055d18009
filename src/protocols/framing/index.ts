export { FrameProtocol } from "../../core/frame-protocol.ts";
export * from "../line/index.ts";
export { LocalFrameLengthError, RemoteFrameError, RemoteFrameLengthError, RemoteNetstringError } from "./errors.ts";
export { encodeInt, IntDecoder, type PrefixBytes } from "./int-codec.ts";
export { encodeNetstring, type FrameSettings, NetstringDecoder } from "./netstring-codec.ts";
export {
  Int8Protocol,
  Int16Protocol,
  Int32Protocol,
  IntProtocol,
  NetstringProtocol,
  StringProtocol,
} from "./protocol.ts";
