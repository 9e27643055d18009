import type { Deferred } from "../../core/deferred/deferred.ts";
import type { Port } from "../../core/reactor.ts";
import { MemoryReactor } from "../../testing/index.ts";
import { connectWebSocket, type WebSocketClientOptions } from "./client.ts";
import { WebSocketProtocol } from "./protocol.ts";
import { type WebSocketFactoryOptions, webSocketFactory } from "./server.ts";

/** Keeps what happened to it, in words and in order, and does what a test tells it. */
export class Talker extends WebSocketProtocol {
  readonly events: string[] = [];
  readonly messages: (string | Uint8Array)[] = [];
  reason: Error | undefined = undefined;
  onMade: () => void = () => undefined;
  onMessage: (data: string | Uint8Array) => void = () => undefined;
  onClose: () => void = () => undefined;

  override connectionMade(): void {
    this.events.push("made");
    this.onMade();
  }

  override messageReceived(data: string | Uint8Array): void {
    this.messages.push(data);
    this.events.push(shown(data));
    this.onMessage(data);
  }

  override fragmentReceived(data: string | Uint8Array, isLast: boolean): void {
    this.events.push(`${shown(data)}${isLast ? "." : "…"}`);
  }

  override pingReceived(data: Uint8Array): void {
    this.events.push(`ping ${data.length}`);
  }

  override pongReceived(data: Uint8Array): void {
    this.events.push(`pong ${data.length}`);
  }

  override closeReceived(code: number, reason: string): void {
    this.events.push(`close ${code} ${reason}`.trimEnd());
    this.onClose();
  }

  override connectionLost(reason: Error): void {
    this.reason = reason;
    this.events.push(`lost ${reason.name}`);
  }

  override writingPaused(): void {
    this.events.push("paused");
  }

  override writingResumed(): void {
    this.events.push("resumed");
  }
}

export interface Meeting {
  readonly reactor: MemoryReactor;
  readonly client: Talker;
  readonly server: Talker;
  readonly port: Port;
}

/** A client and a server of ours that have met, in memory. */
export async function met(server: WebSocketFactoryOptions = {}, client: WebSocketClientOptions = {}): Promise<Meeting> {
  const reactor = new MemoryReactor({ network: true });
  const ends = { client: new Talker(), server: new Talker() };
  const port = await reactor.listenTcp(
    { port: 80 },
    webSocketFactory(reactor, () => ends.server, server),
  );
  await settled(
    reactor,
    connectWebSocket(reactor, "ws://localhost/", () => ends.client, client),
  );
  return { reactor, port, ...ends };
}

export function settled<T>(reactor: MemoryReactor, deferred: Deferred<T>): Deferred<T> {
  reactor.settle();
  return deferred;
}

function shown(data: string | Uint8Array): string {
  if (typeof data === "string") return data.length > 100 ? `${data.length}×${data[0]}` : data;
  return data.length > 30 ? `${data.length} bytes` : `<${Buffer.from(data).toString("hex")}>`;
}
