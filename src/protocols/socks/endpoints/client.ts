import { optional } from "../../../endpoints/arguments.ts";
import { coerce } from "../../../endpoints/coerce.ts";
import { endpointTypes } from "../../../endpoints/default-types.ts";
import { proxied, readProxied, readProxiedWithLogin } from "../../../endpoints/proxied.ts";
import type { ClientType } from "../../../endpoints/types.ts";
import { connectThroughSocks } from "../client.ts";

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
    const { login, ...args } = readProxiedWithLogin(source);
    return proxied(source, types, args, (target) => ({
      connect: (reactor, factory) => connectThroughSocks(reactor, { ...target, version: 5, login }, factory),
    }));
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
    const { userId, ...args } = readProxied(source, { userId: optional(coerce.text) });
    return proxied(source, types, args, (target) => ({
      connect: (reactor, factory) => connectThroughSocks(reactor, { ...target, version: 4, userId }, factory),
    }));
  },
};

endpointTypes.add({ clients: [socks4Client, socks5Client] });
