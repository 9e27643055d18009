export { type ForwardOptions, forwardTo } from "./forward.ts";
export { type IdleTimeoutOptions, idleTimeout } from "./idle-timeout.ts";
export { type ConnectionLimits, limitConnections } from "./limit-connections.ts";
export { isPublicAddress } from "./public-address.ts";
export { type Rates, type ThrottleOptions, throttle } from "./throttle.ts";
export {
  escapeBytes,
  type TrafficClosed,
  type TrafficData,
  type TrafficEvent,
  type TrafficFacts,
  type TrafficLogOptions,
  type TrafficOpened,
  trafficLog,
} from "./traffic-log.ts";
export { type Innermost, ProtocolWrapper, TransportWrapper, wrapFactory } from "./wrapper.ts";
