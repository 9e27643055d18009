export { HeaderMap } from "../../wire/header-map.ts";
export { Broadcast, type BroadcastOptions } from "./broadcast/protocol.ts";
export { connectWebSocket, type WebSocketClientOptions, webSocketEndpoint } from "./client.ts";
export type { DeflateAgreement, DeflateSettings } from "./codec/deflate.ts";
export { WebSocketConnection, type WebSocketConnectionOptions, type WebSocketOptions } from "./connection.ts";
export type { SomeWebSocketTimeouts, WebSocketTimeouts, WebSocketWait } from "./deadlines.ts";
export { LocalWebSocketError, RemoteWebSocketError, WebSocketHandshakeError } from "./errors.ts";
export type {
  WebSocketBinary,
  WebSocketClose,
  WebSocketEvent,
  WebSocketFragment,
  WebSocketPing,
  WebSocketPong,
  WebSocketText,
} from "./events.ts";
export {
  type Acceptance,
  type AcceptOptions,
  answerUpgrade,
  type Refusal,
  type UpgradeRequest,
} from "./handshake/accept.ts";
export type { DeflateOptions } from "./handshake/deflate.ts";
export { acceptKey } from "./handshake/key.ts";
export type { OfferOptions } from "./handshake/request.ts";
export type { SomeWebSocketLimits, WebSocketLimits } from "./limits.ts";
export { PreparedMessage } from "./prepared.ts";
export { type WebSocketHold, WebSocketProtocol } from "./protocol.ts";
export {
  type AcceptedWebSocket,
  acceptWebSocket,
  overWebSocket,
  type WebSocketFactoryOptions,
  type WebSocketServerOptions,
  webSocketFactory,
} from "./server.ts";
export type { CarryingWebSocket } from "./stream/protocol.ts";
export type { WebSocketSink } from "./writer.ts";
