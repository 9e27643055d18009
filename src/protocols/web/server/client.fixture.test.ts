import type { Factory, Protocol } from "../../../core/protocol.ts";
import { MemoryReactor, MemoryTransport } from "../../../testing/index.ts";
import { webServer } from "./server.ts";
import type { Application, ServeOptions } from "./site.ts";

/** A connection to a server, as the client sees it. */
export class Client {
  readonly reactor: MemoryReactor = new MemoryReactor();
  readonly transport: MemoryTransport = new MemoryTransport({ clock: this.reactor });
  readonly lost: Error[] = [];
  readonly factory: Factory;
  readonly #application: Application;

  constructor(application: Application, options?: ServeOptions, factory?: Factory) {
    this.#application = application;
    this.factory = factory ?? webServer(this.reactor, application, options);
    this.transport.attach(this.factory.buildProtocol(this.transport.peer) as Protocol);
    this.transport.whenClosed().addCallback((reason) => this.lost.push(reason));
  }

  /** Another connection to the same server. */
  reconnect(): Client {
    return new Client(this.#application, undefined, this.factory);
  }

  send(text: string): this {
    this.transport.remote.write(text);
    return this;
  }

  /** All that came, without the dates. */
  get heard(): string {
    return this.transport.text().replaceAll(/Date: [^\r]+\r\n/g, "");
  }
}

export async function turns(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}
