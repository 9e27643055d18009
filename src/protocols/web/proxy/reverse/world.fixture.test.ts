/** A reverse proxy in memory: the test is its clients and its servers. */
import { MemoryReactor, type MemoryTransport } from "../../../../testing/index.ts";
import { webServer } from "../../server/server.ts";
import type { Application } from "../../server/site.ts";
import type { ReverseProxyOptions } from "./client.ts";
import { type ReverseProxy, reverseProxy } from "./server.ts";

export class World {
  readonly reactor: MemoryReactor = new MemoryReactor();
  readonly proxy: ReverseProxy;

  constructor(
    options: ReverseProxyOptions = {},
    targets: string | readonly string[] = "http://10.0.0.1:3000",
    wrap: (proxy: ReverseProxy) => Application = (proxy) => proxy,
  ) {
    this.proxy = reverseProxy(this.reactor, targets, { via: "rope", ...options });
    this.reactor.listenTcp({ port: 80 }, webServer(this.reactor, wrap(this.proxy)));
  }

  /** A client that has sent this. */
  client(text: string): MemoryTransport {
    const peer = { kind: "tcp", host: "192.0.2.7", port: 50_000, family: 4 } as const;
    const client = this.reactor.dial(80, { peer });
    client.remote.write(text);
    this.reactor.settle();
    return client;
  }

  /** The server that was dialled as the n-th one, and takes the connection. */
  server(n = 0): MemoryTransport {
    const server = this.reactor.connects[n]?.accept() as MemoryTransport;
    this.reactor.settle();
    return server;
  }

  get dialled(): string[] {
    return this.reactor.connects.map(({ target }) => target);
  }

  /** Lets promises settle, and what they write leave. */
  async settle(turns = 30): Promise<void> {
    for (let turn = 0; turn < turns; turn++) {
      await new Promise((resolve) => setImmediate(resolve));
      this.reactor.settle();
    }
  }
}

export const GET = "GET /ropes?length=7 HTTP/1.1\r\nHost: rope.example\r\n\r\n";
export const OK = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nhemp";

/** Head and body of an answer, without the date. */
export function heard(client: MemoryTransport): string {
  return client.text().replaceAll(/Date: [^\r]+\r\n/g, "");
}
