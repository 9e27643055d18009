import { coroutine } from "../core/deferred/coroutine.ts";
import type { Deferred } from "../core/deferred/deferred.ts";
import type { Protocol, ProtocolFactory } from "../core/protocol.ts";
import type { ConnectTcpOptions, Reactor } from "../core/reactor.ts";
import type { TlsClientOptions } from "../core/tls.ts";
import { type ArgumentValues, argumentError, optional, readArguments, required } from "./arguments.ts";
import { readIdentity, readPem } from "./certificates.ts";
import { coerce } from "./coerce.ts";
import { defined } from "./defined.ts";
import { connectTlsOver } from "./tls-over.ts";
import type { ClientEndpoint, ClientType } from "./types.ts";

/** TLS over TCP, or over whatever `endpoint` connects to; the certificate is always verified, for HOST or `servername`. */
export const tlsClient: ClientType = {
  name: "tls",
  form:
    "tls:HOST:PORT[:cert=FILE][:key=FILE][:trustRoots=FILE][:servername=S][:alpn=a,b][:minVersion=TLSv1.2|TLSv1.3]" +
    "[:timeoutMs=N][:bindAddress=A][:endpoint=<client description, quoted>]",
  make(source, types) {
    const args = readArguments(
      source,
      ["host", "port"],
      table((description) => types.client(description)),
    );
    const { port, endpoint } = args;
    if (endpoint !== undefined) {
      if (args.bindAddress !== undefined) {
        throw argumentError(source, "bindAddress", `argument "bindAddress" belongs inside endpoint=`);
      }
      return { connect: (reactor, factory) => connectOver(reactor, endpoint, args, factory) };
    }
    if (port === undefined) throw argumentError(source, "port", `argument "port" is missing`);
    return { connect: (reactor, factory) => connectOverTcp(reactor, port, args, factory) };
  },
};

type Arguments = ArgumentValues<ReturnType<typeof table>>;

function table(client: (description: string) => ClientEndpoint) {
  return {
    host: required(coerce.text),
    port: optional(coerce.remotePort),
    cert: optional(coerce.text),
    key: optional(coerce.text),
    trustRoots: optional(coerce.text),
    servername: optional(coerce.text),
    alpn: optional(coerce.list),
    minVersion: optional(coerce.oneOf("TLSv1.2", "TLSv1.3")),
    timeoutMs: optional(coerce.milliseconds),
    bindAddress: optional(coerce.text),
    endpoint: optional(client),
  };
}

function connectOverTcp<P extends Protocol>(
  reactor: Reactor,
  port: number,
  args: Arguments,
  factory: ProtocolFactory<P>,
): Deferred<P> {
  const { host, timeoutMs, bindAddress } = args;
  return readTlsOptions(reactor, args).addCallback((tls) => {
    const options: ConnectTcpOptions = defined({ host, port, timeoutMs, bindAddress, tls });
    return reactor.connectTcp(options, factory);
  });
}

function connectOver<P extends Protocol>(
  reactor: Reactor,
  endpoint: ClientEndpoint,
  args: Arguments,
  factory: ProtocolFactory<P>,
): Deferred<P> {
  const connecting = readTlsOptions(reactor, args).addCallback((tls) =>
    connectTlsOver(reactor, endpoint, tls, factory),
  );
  return args.timeoutMs === undefined ? connecting : connecting.addTimeout(args.timeoutMs, reactor);
}

function readTlsOptions(reactor: Reactor, args: Arguments): Deferred<TlsClientOptions> {
  const { host, servername = host, alpn, minVersion } = args;
  const cert = args.cert ?? args.key;
  const key = args.key ?? args.cert;
  return coroutine(function* () {
    const identity = cert === undefined || key === undefined ? undefined : yield* readIdentity(reactor, cert, key);
    const trustRoots =
      args.trustRoots === undefined ? undefined : yield* readPem(reactor, args.trustRoots, "trusted certificates");
    return defined({ identity, trustRoots, servername, alpn, minVersion });
  });
}
