import type { Factory, Protocol, ProtocolFactory } from "../../core/protocol.ts";
import type { Transport } from "../../core/transport.ts";
import type { EndpointSource } from "../../endpoints/arguments.ts";
import { argumentError, optional } from "../../endpoints/arguments.ts";
import { coerce } from "../../endpoints/coerce.ts";
import { endpointTypes } from "../../endpoints/default-types.ts";
import { format, type ParsedEndpoint } from "../../endpoints/grammar.ts";
import { placeOf } from "../../endpoints/proxied.ts";
import type { ClientType } from "../../endpoints/types.ts";
import { ProtocolWrapper, wrapFactory } from "../../policies/wrapper.ts";
import { encodeProxyHeader, type ProxyHeaderOptions } from "./encode.ts";
import { readWrappingArguments } from "./protocol.ts";

/**
 * Sends a PROXY header before anything else on each connection that it makes. A proxy says for whom it speaks (`source`,
 * `destination`: the `peer` and `local` of the transport that it accepted); if neither is given, the header tells of this
 * connection itself, as a client does that needs no proxy.
 *
 * If the header cannot be made, the connection ends with that LocalProxyHeaderError.
 *
 * @example
 * ```ts
 * import { Protocol } from "ropewalk";
 * import { sendProxyHeader } from "ropewalk/haproxy";
 * import { MemoryTransport } from "ropewalk/testing";
 *
 * const source = { kind: "tcp", host: "203.0.113.7", port: 50_000, family: 4 } as const;
 * const destination = { kind: "tcp", host: "192.0.2.2", port: 80, family: 4 } as const;
 * const factory = sendProxyHeader(() => new Protocol(), { source, destination });
 * const transport = new MemoryTransport();
 * transport.attach(factory.buildProtocol(transport.peer) as Protocol);
 * console.log(transport.text().trimEnd()); // PROXY TCP4 203.0.113.7 192.0.2.2 50000 80
 * ```
 */
export function sendProxyHeader<P extends Protocol>(
  factory: ProtocolFactory<P>,
  options: ProxyHeaderOptions = {},
): Factory<ProtocolWrapper<P>> {
  return wrapFactory(factory, (inner) => new HeaderSender(inner, options));
}

class HeaderSender<P extends Protocol> extends ProtocolWrapper<P> {
  readonly #options: ProxyHeaderOptions;

  constructor(inner: P, options: ProxyHeaderOptions) {
    super(inner);
    this.#options = options;
  }

  override makeConnection(transport: Transport): void {
    const { source, destination } = this.#options;
    const own = source === undefined && destination === undefined;
    const ends = own ? { source: transport.local, destination: transport.peer } : { source, destination };
    transport.write(encodeProxyHeader({ ...this.#options, ...ends }));
    super.makeConnection(transport);
  }
}

/**
 * `haproxy:<client description>`: `sendProxyHeader` over whatever connects there, for the connection itself; with
 * `haproxy:tls:…` in clear, before the handshake, unless `inTls=1` says that it goes inside. It is in
 * `endpointTypes` as soon as `ropewalk/haproxy` is imported; add it to a table of your own.
 *
 * @example
 * ```ts
 * import { connect, Protocol } from "ropewalk";
 * import "ropewalk/haproxy";
 * import { MemoryReactor } from "ropewalk/testing";
 *
 * const reactor = new MemoryReactor();
 * connect(reactor, "haproxy:tcp:192.0.2.2:80:version=2", () => new Protocol());
 * console.log(reactor.connects[0]?.accept().bytes().length); // 28
 * ```
 */
export const haproxyClient: ClientType = {
  name: "haproxy",
  form: "haproxy:<client description>[:version=1|2][:crc32c=0|1][:inTls=0|1]",
  make(source, types) {
    const { inner, version, crc32c, inTls } = readWrappingArguments(source, {
      version: optional(coerce.oneOf("1", "2")),
      crc32c: optional(coerce.boolean),
      inTls: optional(coerce.boolean),
    });
    if (crc32c === true && version !== "2") throw argumentError(source, "crc32c", `argument "crc32c" needs version=2`);
    const client = types.client(inner);
    if (inner.type === "tls" && inTls !== true) return types.client(tlsOverHeader(source, inner));
    if (inner.type !== "tls" && inTls !== undefined) {
      throw argumentError(source, "inTls", `argument "inTls" needs tls: inside`);
    }
    const options: ProxyHeaderOptions = { version: version === "2" ? 2 : 1, crc32c };
    return {
      connect: (reactor, factory) =>
        client.connect(reactor, sendProxyHeader(factory, options)).addCallback(({ inner: protocol }) => protocol),
    };
  },
};

endpointTypes.add({ clients: [haproxyClient] });

/** The two change places: TLS, over a connection that begins with the header. */
function tlsOverHeader({ parsed }: EndpointSource, tls: ParsedEndpoint): ParsedEndpoint {
  const { endpoint, bindAddress, ...keywords } = tls.keywords;
  const { version, crc32c } = parsed.keywords;
  const carrier = endpoint ?? format({ ...placeOf(tls), keywords: given({ bindAddress }) });
  const sender = { type: "haproxy", positional: [carrier], keywords: given({ version, crc32c }) };
  return { ...tls, keywords: { ...keywords, endpoint: format(sender) } };
}

function given(keywords: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(keywords).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}
