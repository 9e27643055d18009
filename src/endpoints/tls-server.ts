import { coroutine } from "../core/deferred/coroutine.ts";
import type { Deferred } from "../core/deferred/deferred.ts";
import type { ListenTcpOptions, Reactor } from "../core/reactor.ts";
import type { TlsServerOptions } from "../core/tls.ts";
import { type ArgumentValues, argumentError, optional, readArguments, required } from "./arguments.ts";
import { readIdentity, readIdentityDirectory, readPem } from "./certificates.ts";
import { coerce } from "./coerce.ts";
import { defined } from "./defined.ts";
import type { ServerType } from "./types.ts";

/**
 * TCP with TLS. The files are read when it starts to listen: to take up new certificates, listen anew, or give
 * `reactor.listenTcp` an `sni` function of your own.
 */
export const tlsServer: ServerType = {
  name: "tls",
  form:
    "tls:PORT[:cert=FILE][:key=FILE][:chain=FILE][:sni=DIR][:alpn=a,b][:minVersion=TLSv1.2|TLSv1.3]" +
    "[:clientCa=FILE][:clientCertificates=request|require][:handshakeTimeoutMs=N][:interface=A][:backlog=N]",
  make(source) {
    const args = readArguments(source, ["port"], table());
    if (args.cert === undefined && args.key === undefined && args.sni === undefined) {
      throw argumentError(
        source,
        "cert",
        `argument "cert" is missing: TLS needs cert=, key= (one file may hold both) or sni=`,
      );
    }
    if (args.chain !== undefined && args.cert === undefined && args.key === undefined) {
      throw argumentError(source, "chain", `argument "chain" needs cert= or key=`);
    }
    if (args.clientCertificates !== undefined && args.clientCa === undefined) {
      throw argumentError(source, "clientCa", `argument "clientCa" is missing: clientCertificates needs it`);
    }
    const { port, interface: host, backlog } = args;
    const place: ListenTcpOptions = defined({ port, host, backlog });
    return {
      listen: (reactor, factory) =>
        readTlsOptions(reactor, args).addCallback((tls) => reactor.listenTcp({ ...place, tls }, factory)),
      listenBeforeTls: (reactor, makeFactory) =>
        readTlsOptions(reactor, args).addCallback((tls) => reactor.listenTcp(place, makeFactory(tls))),
    };
  },
};

function table() {
  return {
    port: required(coerce.port),
    cert: optional(coerce.text),
    key: optional(coerce.text),
    chain: optional(coerce.text),
    sni: optional(coerce.text),
    alpn: optional(coerce.list),
    minVersion: optional(coerce.oneOf("TLSv1.2", "TLSv1.3")),
    clientCa: optional(coerce.text),
    clientCertificates: optional(coerce.oneOf("request", "require")),
    handshakeTimeoutMs: optional(coerce.milliseconds),
    interface: optional(coerce.text),
    backlog: optional(coerce.count(1)),
  };
}

function readTlsOptions(reactor: Reactor, args: ArgumentValues<ReturnType<typeof table>>): Deferred<TlsServerOptions> {
  const { alpn, minVersion, handshakeTimeoutMs, clientCa } = args;
  const cert = args.cert ?? args.key;
  const key = args.key ?? args.cert;
  return coroutine(function* () {
    const identity =
      cert === undefined || key === undefined ? undefined : yield* readIdentity(reactor, cert, key, args.chain);
    const sni = args.sni === undefined ? undefined : yield* readIdentityDirectory(reactor, args.sni);
    const trustRoots = clientCa === undefined ? undefined : yield* readPem(reactor, clientCa, "client authority");
    const clientCertificates = clientCa === undefined ? undefined : (args.clientCertificates ?? "require");
    return defined({ identity, sni, alpn, minVersion, handshakeTimeoutMs, trustRoots, clientCertificates });
  });
}
