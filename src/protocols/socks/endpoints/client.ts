import {
  type ArgumentTable,
  argumentError,
  type EndpointSource,
  optional,
  readArguments,
  required,
} from "../../../endpoints/arguments.ts";
import { coerce } from "../../../endpoints/coerce.ts";
import { endpointTypes } from "../../../endpoints/default-types.ts";
import { format, type ParsedEndpoint, parse } from "../../../endpoints/grammar.ts";
import type { ClientEndpoint, ClientType, EndpointTypes } from "../../../endpoints/types.ts";
import { connectThroughSocks } from "../client.ts";
import type { SocksAddress, SocksLogin } from "../events.ts";

/**
 * `socks5:PROXY:PORT:endpoint=<tcp or tls description, quoted>`: what that description says, reached through a proxy, which
 * also looks up the name. In `endpointTypes` as soon as `ropewalk/socks` is imported; add it to a table of your own.
 *
 * @example
 * ```ts
 * import { connect, Protocol } from "ropewalk";
 * import { quoteArgument } from "ropewalk/endpoints";
 * import "ropewalk/socks";
 * import { MemoryReactor } from "ropewalk/testing";
 *
 * const reactor = new MemoryReactor();
 * const target = quoteArgument("tcp:example.org:80");
 * connect(reactor, `socks5:192.0.2.1:1080:endpoint=${target}`, () => new Protocol());
 * const proxy = reactor.connects[0]?.accept();
 * console.log(reactor.connects[0]?.target, proxy?.bytes().toString()); // 192.0.2.1:1080 5,1,0
 * ```
 */
export const socks5Client: ClientType = {
  name: "socks5",
  form:
    "socks5:PROXY:PORT:endpoint=<tcp:HOST:PORT or tls:HOST:PORT…, quoted>" +
    "[:username=U:password=P][:timeoutMs=N][:bindAddress=A]",
  make(source, types) {
    const { username, password, ...args } = readArguments(source, ["proxy", "port"], {
      ...COMMON,
      username: optional(coerce.text),
      password: optional(coerce.text),
    });
    if ((username === undefined) !== (password === undefined)) {
      const missing = username === undefined ? "username" : "password";
      throw argumentError(source, missing, `argument "${missing}" is missing: a login has both`);
    }
    const login = username === undefined || password === undefined ? undefined : { username, password };
    return through(source, types, args, { version: 5, login });
  },
};

/**
 * `socks4:PROXY:PORT:endpoint=…`, as `socks5:`; names go to the proxy, which must know 4a then.
 *
 * @example
 * ```ts
 * import { connect, Protocol } from "ropewalk";
 * import "ropewalk/socks";
 * import { MemoryReactor } from "ropewalk/testing";
 *
 * const reactor = new MemoryReactor();
 * connect(reactor, "socks4:192.0.2.1:1080:endpoint=tcp\\:192.0.2.9\\:80", () => new Protocol());
 * console.log(reactor.connects[0]?.accept().bytes().toString()); // 4,1,0,80,192,0,2,9,0
 * ```
 */
export const socks4Client: ClientType = {
  name: "socks4",
  form:
    "socks4:PROXY:PORT:endpoint=<tcp:HOST:PORT or tls:HOST:PORT…, quoted>" +
    "[:userId=U][:timeoutMs=N][:bindAddress=A]",
  make(source, types) {
    const { userId, ...args } = readArguments(source, ["proxy", "port"], { ...COMMON, userId: optional(coerce.text) });
    return through(source, types, args, { version: 4, userId });
  },
};

interface CommonArguments {
  readonly proxy: string;
  readonly port: number;
  readonly endpoint: string;
  readonly timeoutMs: number | undefined;
  readonly bindAddress: string | undefined;
}

interface Manner {
  readonly version: 4 | 5;
  readonly login?: SocksLogin | undefined;
  readonly userId?: string | undefined;
}

function through(source: EndpointSource, types: EndpointTypes, args: CommonArguments, manner: Manner): ClientEndpoint {
  const target = parse(args.endpoint);
  if (target.type === "tls") return types.client(tlsThrough(source, target));
  if (target.type !== "tcp") {
    const problem = `argument "endpoint": a proxy reaches tcp: and tls: only, not "${target.type}:"`;
    throw argumentError(source, "endpoint", problem);
  }
  const { host, port } = readTarget({ description: args.endpoint, form: "tcp:HOST:PORT", parsed: target });
  const bindAddress = args.bindAddress === undefined ? {} : { bindAddress: args.bindAddress };
  const proxy = types.client({ type: "tcp", positional: [args.proxy, String(args.port)], keywords: bindAddress });
  const options = { proxy, host, port, timeoutMs: args.timeoutMs, ...manner };
  return { connect: (reactor, factory) => connectThroughSocks(reactor, options, factory) };
}

/** TLS over the same proxy to the same place: the two descriptions change places. */
function tlsThrough(source: EndpointSource, tls: ParsedEndpoint): ParsedEndpoint {
  if (tls.keywords["endpoint"] !== undefined) {
    throw argumentError(source, "endpoint", `argument "endpoint": its tls: has an endpoint= of its own`);
  }
  const { host: givenHost, port: givenPort } = tls.keywords;
  const place = [...tls.positional];
  const host = givenHost ?? place.shift() ?? "";
  const port = givenPort ?? place.shift() ?? "";
  const tcp = format({ type: "tcp", positional: [host, port], keywords: {} });
  const { parsed } = source;
  const carrier = format({ ...parsed, keywords: { ...parsed.keywords, endpoint: tcp } });
  return { ...tls, keywords: { ...tls.keywords, endpoint: carrier } };
}

function readTarget(source: EndpointSource): SocksAddress {
  return readArguments(source, ["host", "port"], { host: required(coerce.text), port: required(coerce.remotePort) });
}

const COMMON = {
  proxy: required(coerce.text),
  port: required(coerce.remotePort),
  endpoint: required(coerce.text),
  timeoutMs: optional(coerce.milliseconds),
  bindAddress: optional(coerce.text),
} as const satisfies ArgumentTable;

endpointTypes.add({ clients: [socks4Client, socks5Client] });
