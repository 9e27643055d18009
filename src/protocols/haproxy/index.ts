export { haproxyClient, sendProxyHeader } from "./client.ts";
export { type ProxyHeaderSettings, type ReadProxyHeader, readProxyHeader } from "./codec.ts";
export {
  type ReceiveProxyDatagramsOptions,
  receiveProxyDatagrams,
  sendProxyDatagrams,
} from "./datagrams/protocol.ts";
export { encodeProxyHeader, type ProxyHeaderOptions } from "./encode.ts";
export { LocalProxyHeaderError, RemoteProxyHeaderError } from "./errors.ts";
export type { ProxiedAddress, ProxyFacts, ProxyHeader, ProxySslFacts, ProxyTlv } from "./events.ts";
export { proxyHeaderOf } from "./protocol.ts";
export { haproxyServer, type ReceiveProxyHeaderOptions, receiveProxyHeader } from "./server.ts";
