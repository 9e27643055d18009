/** Our end of a connection with a real peer, and servers that hand such ends to the test. */
import type { TestContext } from "node:test";
import {
  type Address,
  Deferred,
  DeferredQueue,
  NodeReactor,
  type Port,
  Protocol,
  type ProtocolFactory,
  type TlsServerOptions,
} from "ropewalk";
import { Transcript } from "./transcript.ts";

/** One for all tests of a file: a reactor holds nothing that outlives its connections. */
export const reactor: NodeReactor = new NodeReactor();

/** Remembers what the peer said, byte for byte (Latin-1), and how the connection ended. */
export class Guest extends Protocol {
  readonly heard: Transcript = new Transcript("the peer");
  /** Settles with the reason for which the connection ended. */
  readonly lost: Promise<Error>;
  readonly #lost: Deferred<Error> = new Deferred();

  constructor() {
    super();
    this.lost = Promise.resolve(this.#lost);
  }

  override dataReceived(data: Uint8Array): void {
    this.heard.add(Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("latin1"));
  }

  override connectionLost(reason: Error): void {
    this.heard.end(`the connection ended with ${reason.name}: ${reason.message}`);
    this.#lost.callback(reason);
  }
}

/** Says back what it hears. */
export class EchoGuest extends Guest {
  override dataReceived(data: Uint8Array): void {
    super.dataReceived(data);
    this.transport.write(data);
  }
}

/** Lets the peer end its direction and still be answered. */
export class HalfClosingGuest extends Guest {
  /** Settles when the peer has said everything. */
  readonly ended: Promise<void>;
  readonly #ended: Deferred<void> = new Deferred();

  constructor() {
    super();
    this.ended = Promise.resolve(this.#ended);
  }

  override readConnectionLost(): void {
    this.#ended.callback();
  }
}

/** A factory that keeps the guests in the order in which they came. */
export class Host<G extends Protocol = Guest> {
  readonly guests: DeferredQueue<G> = new DeferredQueue();
  /** How many came. */
  count = 0;
  readonly #make: () => G;
  readonly #all: G[] = [];

  constructor(t: TestContext, make: () => G) {
    this.#make = make;
    t.after(() => {
      for (const { transport } of this.#all) transport?.abortConnection();
    });
  }

  buildProtocol(_peer: Address): G {
    const guest = this.#make();
    this.count += 1;
    this.#all.push(guest);
    this.guests.put(guest);
    return guest;
  }

  /** The next guest. */
  async next(): Promise<G> {
    return await this.guests.get();
  }
}

/** A TCP (or TLS) port on loopback that closes with the test. */
export async function serveTcp<G extends Guest>(
  t: TestContext,
  make: () => G,
  tls?: TlsServerOptions,
): Promise<{ port: number; host: Host<G> }> {
  const host = new Host(t, make);
  const where = { port: 0, host: "127.0.0.1", ...(tls && { tls }) };
  return { port: tcpPortOf(await serve(t, reactor.listenTcp(where, host))), host };
}

/** A UNIX-domain port that closes with the test. */
export async function serveUnix<G extends Guest>(t: TestContext, path: string, make: () => G): Promise<Host<G>> {
  const host = new Host(t, make);
  await serve(t, reactor.listenUnix({ path }, host));
  return host;
}

/** Waits for a port, which closes with the test. */
export async function serve(t: TestContext, listening: Deferred<Port>): Promise<Port> {
  const port = await listening;
  t.after(async () => {
    await port.stopListening();
  });
  return port;
}

export function tcpPortOf({ address }: Port): number {
  if (address.kind !== "tcp") throw new Error(`Cannot tell the TCP port of ${address.kind}`);
  return address.port;
}

/** A factory for one client connection, which is aborted with the test if it lives still. */
export function visitor<G extends Protocol>(t: TestContext, make: () => G): ProtocolFactory<G> {
  return () => {
    const guest = make();
    t.after(() => guest.transport?.abortConnection());
    return guest;
  };
}
