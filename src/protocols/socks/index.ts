export {
  connectThroughSocks,
  type SocksBinding,
  type SocksClientOptions,
  type SocksProxyOptions,
  socksBind,
} from "./client.ts";
export { SocksClientConnection, type SocksClientEvent, SocksServerConnection } from "./connection.ts";
export { socks4Client, socks5Client } from "./endpoints/client.ts";
export { LocalSocksError, RemoteSocksError, SocksRefusedError } from "./errors.ts";
export type {
  SocksAddress,
  SocksCommand,
  SocksLogin,
  SocksMessage,
  SocksReply,
  SocksRequest,
  SocksServerEvent,
} from "./events.ts";
export { type SocksServerOptions, socksServer } from "./server.ts";
export { socksAssociate } from "./udp/client.ts";
