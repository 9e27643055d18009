export { type HeaderInit, HeaderMap } from "../../wire/header-map.ts";
export { Http1Connection, type Http1Options } from "./connection.ts";
export type { Http1Timeouts, Http1Wait, SomeHttp1Timeouts } from "./deadlines.ts";
export { LocalProtocolError, RemoteProtocolError } from "./errors.ts";
export type {
  DataToSend,
  EndToSend,
  Http1Closed,
  Http1Data,
  Http1End,
  Http1Event,
  Http1Informational,
  Http1Request,
  Http1Response,
  Http1Sendable,
  Http1Switched,
  InformationalHead,
  RequestHead,
  ResponseHead,
} from "./events.ts";
export type { Http1Limits, SomeHttp1Limits } from "./limits.ts";
export { Http1Protocol } from "./protocol.ts";
export type { Http1Sink } from "./writer.ts";
