export type { UserPassword } from "./auth/basic.ts";
export { ClientLogin, type ClientLoginOptions } from "./auth/client-login.ts";
export type { DigestOptions } from "./auth/digest-server.ts";
export { type AuthField, formatAuth, parseAuthorization, parseChallenges } from "./auth/fields.ts";
export type { NonceOptions, NonceSource } from "./auth/nonces.ts";
export {
  type LoginResponder,
  type LoginScheme,
  type RequireLoginOptions,
  requireLogin,
} from "./auth/server.ts";
export { Agent, type AgentOptions } from "./client/agent/client.ts";
export { get, type LoneRequestOptions, post, request } from "./client/client.ts";
export { CookieJar } from "./client/cookies/jar.ts";
export { RequestError, type RequestPhase } from "./client/errors.ts";
export type {
  Authenticator,
  FieldsInit,
  FieldValue,
  Login,
  RequestOptions,
  RequestTimeouts,
} from "./client/options.ts";
export { type ProxyInit, proxyFromEnvironment } from "./client/proxy.ts";
export type { CompressionCoding } from "./compression/compressor.ts";
export { type CompressOptions, compress } from "./compression/server.ts";
export { CookieSigner } from "./cookies/cookie-signer.ts";
export { type CookieOptions, formatCookie, formatExpiredCookie, parseCookies } from "./cookies/cookies.ts";
export { clearCookie, cookiesOf, setCookie } from "./cookies/messages.ts";
export { EventChannel, type EventChannelOptions } from "./events/event-channel.ts";
export { EventStreamError, EventStreamParser, type HeardEvent, readEvents } from "./events/event-parser.ts";
export { type EventSource, type EventStreamOptions, eventStream, lastEventId } from "./events/event-stream.ts";
export { formatServerEvent, type ServerEvent } from "./events/server-event.ts";
export { type StaticFilesOptions, staticFiles } from "./files/server.ts";
export { type Form, formParts, type KeptFile, readForm, safeName } from "./forms/forms.ts";
export type { FormLimits, SomeFormLimits } from "./forms/limits.ts";
export type { FormField, FormPart } from "./forms/multipart.ts";
export type { FileSource, UploadedFile } from "./forms/uploaded-file.ts";
export {
  type AccessDetails,
  type AccessLogOptions,
  accessLog,
  combinedLogLine,
  jsonLogLine,
} from "./log/access-log.ts";
export type { BodyInit, BodySource, Parts } from "./message/body.ts";
export { useLightGlobals } from "./message/globals.ts";
export { Headers, type HeadersInit } from "./message/headers.ts";
export { formatHttpDate, parseHttpDate } from "./message/http-date.ts";
export { HttpError } from "./message/http-error.ts";
export type { BodySupplier, IncomingBody } from "./message/incoming-body.ts";
export { type ReceivedRequest, Request, type RequestInit } from "./message/request.ts";
export { Response, type ResponseInit } from "./message/response.ts";
export { type PlatformApplication, type PlatformResponder, platformRequests } from "./mount/platform-requests.ts";
export { redirectToHttps, virtualHosts } from "./mount/virtual-hosts.ts";
export { type NodeListener, nodeApplication } from "./node/node-application.ts";
export type { ProxyLogin, ProxyRequest } from "./proxy/forward/rules.ts";
export type { SeatLimits } from "./proxy/forward/seats.ts";
export { type ForwardProxy, type ForwardProxyOptions, forwardProxy } from "./proxy/forward/server.ts";
export type { ForwardedStyle, TrustedPeers } from "./proxy/forwarded.ts";
export type { ReverseProxyOptions } from "./proxy/reverse/client.ts";
export type { HealthCheckOptions } from "./proxy/reverse/health/client.ts";
export { type ReverseProxy, reverseProxy } from "./proxy/reverse/server.ts";
export type { Balance, TargetState } from "./proxy/targets.ts";
export { type SecurityHeadersOptions, securityHeaders } from "./security/server.ts";
export { serve, webServer } from "./server/server.ts";
export type { Answer, Application, Responder, ServedRequest, ServeOptions } from "./server/site.ts";
export { SwitchProtocols } from "./server/switch/protocol.ts";
export { FileSessionStore, type SessionFiles } from "./sessions/file-store.ts";
export { type SessionResponder, type SessionsOptions, sessions } from "./sessions/server.ts";
export type { Session } from "./sessions/session.ts";
export { MemorySessionStore, type MemorySessionStoreOptions, type SessionStore } from "./sessions/store.ts";
export type { Context } from "./templates/contexts.ts";
export { attributes, escapeHtml, html, type Markup, raw, scriptJson, type Template } from "./templates/html.ts";
export { htmlResponse, htmlText } from "./templates/render.ts";
export type { MethodResult, MethodValue } from "./tree/answer-of.ts";
export { NoResource, Redirect, redirectTo } from "./tree/pages.ts";
export { type Child, Resource } from "./tree/resource.ts";
export { TreePath } from "./tree/tree-path.ts";
export { connectThroughHttp, type HttpConnectOptions } from "./tunnel/client.ts";
export { httpConnectClient } from "./tunnel/endpoints/client.ts";
export { ProxyRefusedError } from "./tunnel/errors.ts";
export { webSocket } from "./websocket/server.ts";
