/** Endpoint descriptions: `tcp:8000`, `tls:example.org:443`, `unix:/run/x.sock`; where to listen and connect, as text. */
export {
  type ArgumentRule,
  type ArgumentTable,
  type ArgumentValues,
  argumentError,
  type EndpointSource,
  optional,
  readArguments,
  required,
} from "./arguments.ts";
export { type BackoffOptions, backoff, type ReconnectPolicy } from "./backoff.ts";
export { ClientService, type ClientServiceOptions, type WhenConnectedOptions } from "./client-service.ts";
export { type Coercion, type Coercions, coerce } from "./coerce.ts";
export { type ConnectOptions, connect, type ListenOptions, listen } from "./connect.ts";
export { endpointTypes } from "./default-types.ts";
export { EndpointError, EndpointSyntaxError } from "./errors.ts";
export { format, innerEndpoint, type ParsedEndpoint, parse, quoteArgument } from "./grammar.ts";
export { type ProcessEndpointOptions, processEndpoint } from "./process.ts";
export { type SystemdSocket, systemdDescriptors } from "./systemd.ts";
export {
  type ClientEndpoint,
  type ClientType,
  type EndpointType,
  type EndpointTypeLists,
  EndpointTypes,
  type ServerEndpoint,
  type ServerType,
} from "./types.ts";
