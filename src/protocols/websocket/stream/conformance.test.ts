/** A WebSocket as a transport keeps the promises of all transports, but for half-close. */
import type { Deferred } from "../../../core/deferred/deferred.ts";
import type { Protocol, ProtocolFactory } from "../../../core/protocol.ts";
import type { Port, StreamOptions } from "../../../core/reactor.ts";
import { CLOSING, RESETS } from "../../../testing/conformance/closing.ts";
import { CONNECTING } from "../../../testing/conformance/connecting.ts";
import { FAULTS } from "../../../testing/conformance/faults.ts";
import { FLOW } from "../../../testing/conformance/flow.ts";
import { LISTENING } from "../../../testing/conformance/listening.ts";
import { PRODUCERS } from "../../../testing/conformance/producers.ts";
import { type Cases, register, type TransportWorld } from "../../../testing/conformance/world.ts";
import { WRITING } from "../../../testing/conformance/writing.ts";
import { MemoryWorld } from "../../../testing/index.ts";
import { webSocketEndpoint } from "../client.ts";
import { overWebSocket, webSocketFactory } from "../server.ts";

class WebSocketWorld extends MemoryWorld {
  override listen(factory: ProtocolFactory, options: StreamOptions = {}, again?: Port): Deferred<Port> {
    return super.listen(webSocketFactory(this.reactor, overWebSocket(this.reactor, factory, options)), options, again);
  }

  override connect<P extends Protocol>(
    port: Port,
    factory: ProtocolFactory<P>,
    options: StreamOptions = {},
  ): Deferred<P> {
    const endpoint = {
      connect: <H extends Protocol>(_reactor: unknown, handshake: ProtocolFactory<H>): Deferred<H> =>
        super.connect(port, handshake, options),
    };
    return webSocketEndpoint("ws://example.org/", { ...options, endpoint }).connect(this.reactor, factory);
  }

  /** With the calls that are due at once: they stand for later turns here. */
  override async settle(): Promise<void> {
    await super.settle();
    this.reactor.advance(0);
    await super.settle();
  }
}

/** Who is refused is told so in the handshake, with 403 or the end of the connection, and is never connected. */
const REFUSALS = [
  "a server's factory that refuses closes that connection, and the port goes on",
  "a server's factory that throws closes that connection, and the port goes on",
];

const suites = { writing: WRITING, closing: CLOSING, resets: RESETS, exceptions: FAULTS, flow: FLOW };
for (const [name, cases] of Object.entries({ ...suites, producers: PRODUCERS, listening: LISTENING })) {
  register(`WebSocket: ${name}`, () => new WebSocketWorld("tcp"), cases);
}
register("WebSocket: connecting", () => new WebSocketWorld("tcp"), without(CONNECTING, REFUSALS));

function without(cases: Cases<TransportWorld>, names: readonly string[]): Cases<TransportWorld> {
  return Object.fromEntries(Object.entries(cases).filter(([name]) => !names.includes(name)));
}
