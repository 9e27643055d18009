/** Endpoints that lead through a proxy: `TYPE:PROXY:PORT:endpoint=<tcp or tls description, quoted>`. */
import {
  type ArgumentTable,
  type ArgumentValues,
  argumentError,
  type EndpointSource,
  optional,
  readArguments,
  required,
} from "./arguments.ts";
import { coerce } from "./coerce.ts";
import { format, type ParsedEndpoint, parse } from "./grammar.ts";
import type { ClientEndpoint, EndpointTypes } from "./types.ts";

/** What all of them are told. */
export interface ProxiedArguments {
  readonly proxy: string;
  readonly port: number;
  readonly endpoint: string;
  readonly timeoutMs: number | undefined;
  readonly bindAddress: string | undefined;
}

/** What a proxy is asked: whom to reach, and how patiently. */
export interface ProxiedTarget {
  readonly proxy: ClientEndpoint;
  readonly host: string;
  readonly port: number;
  readonly timeoutMs: number | undefined;
}

/** Reads them, and those that a type of endpoint has of its own. @throws EndpointSyntaxError */
export function readProxied<T extends ArgumentTable>(
  source: EndpointSource,
  own: T,
): ProxiedArguments & ArgumentValues<T> {
  return readArguments(source, ["proxy", "port"], { ...COMMON, ...own }) as unknown as ProxiedArguments &
    ArgumentValues<T>;
}

/** Reads them, and a login, of which both parts are there or none. @throws EndpointSyntaxError */
export function readProxiedWithLogin(source: EndpointSource): ProxiedArguments & {
  readonly login: { readonly username: string; readonly password: string } | undefined;
} {
  const { username, password, ...args } = readProxied(source, LOGIN);
  if (username !== undefined && password !== undefined) return { ...args, login: { username, password } };
  if (username === password) return { ...args, login: undefined };
  const missing = username === undefined ? "username" : "password";
  throw argumentError(source, missing, `argument "${missing}" is missing: a login has both`);
}

/** What the description inside of `source` says, by `connect`; TLS inside of it goes to the target, through the proxy. */
export function proxied(
  source: EndpointSource,
  types: EndpointTypes,
  args: ProxiedArguments,
  connect: (target: ProxiedTarget) => ClientEndpoint,
): ClientEndpoint {
  const target = parse(args.endpoint);
  if (target.type === "tls") return types.client(tlsThrough(source, target));
  if (target.type !== "tcp") {
    const problem = `argument "endpoint": a proxy reaches tcp: and tls: only, not "${target.type}:"`;
    throw argumentError(source, "endpoint", problem);
  }
  const { host, port } = readTarget({ description: args.endpoint, form: "tcp:HOST:PORT", parsed: target });
  const bindAddress = args.bindAddress === undefined ? {} : { bindAddress: args.bindAddress };
  const proxy = types.client({ type: "tcp", positional: [args.proxy, String(args.port)], keywords: bindAddress });
  return connect({ proxy, host, port, timeoutMs: args.timeoutMs });
}

/** TLS over the same proxy to the same place: the two descriptions change places. */
function tlsThrough(source: EndpointSource, tls: ParsedEndpoint): ParsedEndpoint {
  if (tls.keywords["endpoint"] !== undefined) {
    throw argumentError(source, "endpoint", `argument "endpoint": its tls: has an endpoint= of its own`);
  }
  const tcp = format(placeOf(tls));
  const { parsed } = source;
  const carrier = format({ ...parsed, keywords: { ...parsed.keywords, endpoint: tcp } });
  return { ...tls, keywords: { ...tls.keywords, endpoint: carrier } };
}

/** The tcp: description of the place that a tls: one dials. */
export function placeOf(tls: ParsedEndpoint): ParsedEndpoint {
  const { host: givenHost, port: givenPort } = tls.keywords;
  const place = [...tls.positional];
  const host = givenHost ?? place.shift() ?? "";
  const port = givenPort ?? place.shift() ?? "";
  return { type: "tcp", positional: [host, port], keywords: {} };
}

function readTarget(source: EndpointSource): { readonly host: string; readonly port: number } {
  return readArguments(source, ["host", "port"], { host: required(coerce.text), port: required(coerce.remotePort) });
}

const COMMON = {
  proxy: required(coerce.text),
  port: required(coerce.remotePort),
  endpoint: required(coerce.text),
  timeoutMs: optional(coerce.milliseconds),
  bindAddress: optional(coerce.text),
} as const satisfies ArgumentTable;

const LOGIN = {
  username: optional(coerce.text),
  password: optional(coerce.text),
} as const satisfies ArgumentTable;
