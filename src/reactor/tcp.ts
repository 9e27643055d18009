import type { SocketConnectOpts, TcpSocketConnectOpts } from "node:net";
import { type Address, familyOf } from "../core/address.ts";
import { begin, connectWithin } from "../core/connecting.ts";
import { Deferred } from "../core/deferred/deferred.ts";
import { happyEyeballs } from "../core/happy-eyeballs.ts";
import type { Protocol, ProtocolFactory } from "../core/protocol.ts";
import type {
  ConnectTcpOptions,
  DialOptions,
  HostAddress,
  ListenTcpOptions,
  Port,
  StreamOptions,
} from "../core/reactor.ts";
import type { NodeLoop } from "./node-loop.ts";
import { NodeTransport } from "./node-transport.ts";
import { openPort } from "./port.ts";

export function listenTcp(loop: NodeLoop, options: ListenTcpOptions, factory: ProtocolFactory): Deferred<Port> {
  const { port, host, backlog, ipv6Only, exclusive = false } = options;
  const asked: Address = { kind: "tcp", host: host ?? "::", port, family: familyOf(host ?? "::") };
  const where = {
    port,
    ...(host !== undefined && { host }),
    ...(backlog !== undefined && { backlog }),
    ...(ipv6Only !== undefined && { ipv6Only }),
    exclusive,
  };
  return openPort(loop, where, asked, options, factory);
}

/** `lookedUp` is what the resolver says of `options.host`. */
export function connectTcp<P extends Protocol>(
  loop: NodeLoop,
  options: ConnectTcpOptions,
  lookedUp: Deferred<readonly HostAddress[]>,
  factory: ProtocolFactory<P>,
): Deferred<P> {
  const { port, bindAddress } = options;
  const dialOne = ({ host, family }: HostAddress): Deferred<NodeTransport> =>
    dial(loop, options, { host, port, family, ...(bindAddress !== undefined && { localAddress: bindAddress }) });
  const dialled = lookedUp.addCallback((found) =>
    happyEyeballs(
      loop,
      found.map(({ host, family }) => ({ kind: "tcp", host, port, family }) as const),
      (address) => dialOne(address),
      { attemptDelayMs: options.attemptDelayMs ?? ATTEMPT_DELAY_MS, target: options.host, discard: abandon },
    ),
  );
  return establish(loop, dialled, options, factory, { name: `${options.host}:${port}`, host: options.host });
}

/** From a dialled socket to a protocol that is usable, or to nothing left behind. */
export function establish<P extends Protocol>(
  loop: NodeLoop,
  dialled: Deferred<NodeTransport>,
  options: DialOptions,
  factory: ProtocolFactory<P>,
  { name, host }: { readonly name: string; readonly host?: string },
): Deferred<P> {
  const { tls, timeoutMs } = options;
  const forget = (): void => {
    loop.connecting.delete(dialled);
  };
  loop.connecting.set(dialled, name);
  const usable = dialled
    .addCallback((transport) => {
      if (options.noDelay !== false) transport.setNoDelay(true);
      if (options.keepAliveMs) transport.setKeepAlive(options.keepAliveMs);
      if (tls === undefined) return transport;
      return transport
        .handshake({ side: "client", tls, ...(host !== undefined && { host }) })
        .addCallback(() => transport);
    })
    .addCallback((transport) => begin(transport, factory));
  return connectWithin(usable, name, timeoutMs, loop).addCallbacks(
    (protocol) => {
      forget();
      return protocol;
    },
    (error: Error) => {
      forget();
      throw error;
    },
  );
}

/** One attempt at one address. Fails with the system's error. */
export function dial(loop: NodeLoop, options: StreamOptions, where: SocketConnectOpts): Deferred<NodeTransport> {
  const peer: Address = "path" in where ? { kind: "unix", path: where.path } : asked(where);
  const transport = new NodeTransport(loop, options, { peer });
  const socket = transport.makeSocket();
  const dialled = new Deferred<NodeTransport>(() => socket.destroy());
  const failed = (error: Error): void => {
    if (!dialled.called) dialled.errback(error);
  };
  socket.once("error", failed);
  socket.connect(where, () => {
    socket.off("error", failed);
    transport.attach(socket);
    dialled.callback(transport);
  });
  return dialled;
}

function asked({ host = "", port }: TcpSocketConnectOpts): Address {
  return { kind: "tcp", host, port, family: familyOf(host) };
}

function abandon(late: NodeTransport): void {
  late.abortConnection();
}

/** RFC 8305, section 5: the recommended Connection Attempt Delay. */
const ATTEMPT_DELAY_MS = 250;
