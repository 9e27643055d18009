/**
 * What the workers of these tests run: `web=ENDPOINT`, `echo=ENDPOINT` and `udp=PORT` listen; `broken=FILE` cannot start while there is such a file.
 */
import { existsSync } from "node:fs";
import {
  DatagramProtocol,
  type DatagramTransport,
  type Deferred,
  deferLater,
  Protocol,
  type Reactor,
  type UdpAddress,
} from "ropewalk";
import { MultiService, Service, StreamServerService } from "ropewalk/app";
import { Logger } from "ropewalk/log";
import { type Request, Response, webServer } from "ropewalk/web";

// biome-ignore lint/style/noDefaultExport: what twistd -f runs
export default function workersApp(reactor: Reactor, args: readonly string[]): Service {
  const root = new MultiService();
  reactor.onSignal("SIGHUP", () => process.stderr.write(`hangup in ${process.pid}\n`));
  for (const arg of args) {
    const [what, ...rest] = arg.split("=");
    const where = rest.join("=");
    if (what === "broken" && existsSync(where)) throw new Error("the rope is broken");
    if (what === "web")
      root.addService(
        new StreamServerService(
          where,
          webServer(reactor, (request) => answer(reactor, request)),
        ),
      );
    if (what === "echo") root.addService(new StreamServerService(where, () => new Echo()));
    if (what === "udp") root.addService(new UdpEcho(Number(where)));
  }
  return root;
}

/** `/` says who answers; `/hold?FILE` answers once there is such a file; `/log?N` logs so many lines; `/block` never lets go. */
async function answer(reactor: Reactor, request: Request): Promise<Response> {
  const { pathname, search } = new URL(request.url);
  if (pathname === "/hold") {
    process.stderr.write(`holding in ${process.pid}\n`);
    const file = decodeURIComponent(search.slice(1));
    while (!existsSync(file)) await deferLater(reactor, 20);
  } else if (pathname === "/log") {
    const lines = Number(search.slice(1));
    for (let n = 1; n <= lines; n++) log.info("line {n} of {pid}", { n, pid: process.pid });
  } else if (pathname === "/block") {
    process.stderr.write(`blocked in ${process.pid}\n`);
    for (;;);
  }
  return new Response(JSON.stringify({ pid: process.pid, worker: process.env["TWISTD_WORKER"] }));
}

class Echo extends Protocol {
  override connectionMade(): void {
    this.transport.write(`${process.pid}\n`);
  }

  override dataReceived(data: Uint8Array): void {
    this.transport.write(data);
  }
}

class UdpEcho extends Service {
  readonly #port: number;
  #open: Deferred<DatagramTransport> | undefined = undefined;

  constructor(port: number) {
    super();
    this.#port = port;
  }

  override startService(reactor: Reactor): Deferred<unknown> {
    this.#open = reactor.listenUdp({ port: this.#port, host: "127.0.0.1" }, new UdpEchoProtocol());
    return this.#open.addCallback((transport) => transport);
  }

  override async stopService(): Promise<void> {
    await (await this.#open)?.stopListening();
  }
}

class UdpEchoProtocol extends DatagramProtocol {
  override datagramReceived(_data: Uint8Array, from: UdpAddress): void {
    this.transport.write(String(process.pid), from);
  }
}

const log = new Logger("workers-app");
