export { SyslogDatagramSender, SyslogSender } from "./client.ts";
export { readSyslogMessage, type SyslogLimits } from "./codec.ts";
export { encodeSyslogMessage, type SyslogMessageInit } from "./encode.ts";
export { LocalSyslogError, RemoteSyslogError } from "./errors.ts";
export {
  type SyslogElement,
  type SyslogFormat,
  type SyslogFullTime,
  type SyslogLocalTime,
  type SyslogMessage,
  type SyslogParam,
  type SyslogTime,
  syslogFacilities,
  syslogSeverities,
} from "./events.ts";
export {
  encodeSyslogFrame,
  SyslogFrameDecoder,
  type SyslogFrameSettings,
  type SyslogFraming,
} from "./frame-codec.ts";
export { type SyslogObserver, type SyslogObserverOptions, syslogObserver } from "./observer/client.ts";
export { SyslogDatagramProtocol, SyslogProtocol, type SyslogProtocolOptions } from "./protocol.ts";
export { type SyslogCounts, SyslogServer, type SyslogServerOptions } from "./server.ts";
export { syslogTimeMs } from "./time-codec.ts";
