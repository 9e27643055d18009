import { endpointTypes } from "../../../../endpoints/default-types.ts";
import { proxied, readProxiedWithLogin } from "../../../../endpoints/proxied.ts";
import type { ClientType } from "../../../../endpoints/types.ts";
import { connectThroughHttp } from "../client.ts";

/**
 * `http-connect:PROXY:PORT:endpoint=<tcp or tls description, quoted>`: what that description says, reached through an HTTP
 * proxy (CONNECT), which also looks up the name. In `endpointTypes` as soon as `ropewalk/web` is imported; add it to a table of
 * your own.
 *
 * @example
 * ```ts
 * import { connect, Protocol } from "ropewalk";
 * import { quoteArgument } from "ropewalk/endpoints";
 * import { MemoryReactor } from "ropewalk/testing";
 * import "ropewalk/web";
 *
 * const reactor = new MemoryReactor();
 * const target = quoteArgument("tcp:example.org:80");
 * connect(reactor, `http-connect:192.0.2.1:3128:endpoint=${target}`, () => new Protocol());
 * const proxy = reactor.connects[0]?.accept();
 * console.log(proxy?.text().split("\r\n")[0]); // CONNECT example.org:80 HTTP/1.1
 * ```
 */
export const httpConnectClient: ClientType = {
  name: "http-connect",
  form:
    "http-connect:PROXY:PORT:endpoint=<tcp:HOST:PORT or tls:HOST:PORT…, quoted>" +
    "[:username=U:password=P][:timeoutMs=N][:bindAddress=A]",
  make(source, types) {
    const { login, ...args } = readProxiedWithLogin(source);
    return proxied(source, types, args, (target) => ({
      connect: (reactor, factory) => connectThroughHttp(reactor, { ...target, login }, factory),
    }));
  },
};

endpointTypes.add({ clients: [httpConnectClient] });
