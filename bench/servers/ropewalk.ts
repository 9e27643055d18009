/** Ours, as its users write it. Modes as in epoll.c. */
import { formatAddress, NodeReactor, Protocol, type ProtocolFactory } from "ropewalk";
import * as amp from "ropewalk/amp";
import { receiveProxyHeader } from "ropewalk/haproxy";
import { LineProtocol } from "ropewalk/line";
import { forwardTo } from "ropewalk/policies";
import { socksServer } from "ropewalk/socks";
import { Broadcast, WebSocketProtocol, webSocketFactory } from "ropewalk/websocket";
import { chunk, chunksPerAsk, mib } from "./wire.ts";

class Echo extends Protocol {
  override dataReceived(data: Uint8Array): void {
    this.transport.write(data);
  }
}

class Lines extends LineProtocol {
  override lineReceived(line: string): void {
    this.sendLine(line);
  }
}

/** Answers each MiB with that MiB's last byte. */
class Sink extends Protocol {
  #read = 0;

  override dataReceived(data: Uint8Array): void {
    for (let at = mib - (this.#read % mib); at <= data.length; at += mib)
      this.transport.write(data.subarray(at - 1, at));
    this.#read += data.length;
  }
}

/** Sends a MiB in chunks for each byte that it reads. */
class Source extends Protocol {
  #owed = 0;
  #paused = false;

  override dataReceived(data: Uint8Array): void {
    this.#owed += data.length * chunksPerAsk;
    this.#pump();
  }

  override writingPaused(): void {
    this.#paused = true;
  }

  override writingResumed(): void {
    this.#paused = false;
    this.#pump();
  }

  #pump(): void {
    for (; this.#owed > 0 && !this.#paused; this.#owed--) this.transport.write(chunk);
  }
}

const Sum = amp.command("Sum", {
  arguments: { a: amp.Integer, b: amp.Integer },
  response: { total: amp.Integer },
});
const calculator = new amp.Responders().respond(Sum, ({ a, b }) => ({ total: a + b }));

class Calculator extends amp.AmpProtocol {
  constructor() {
    super(calculator);
  }
}

class MessageEcho extends WebSocketProtocol {
  override messageReceived(data: string | Uint8Array): void {
    this.sendMessage(data);
  }
}

class Member extends WebSocketProtocol {
  override connectionMade(): void {
    room.add(this);
  }

  override messageReceived(data: string | Uint8Array): void {
    room.send(data);
  }
}

const room = new Broadcast();

const modes: Record<string, (reactor: NodeReactor) => ProtocolFactory> = {
  echo: () => () => new Echo(),
  lines: () => () => new Lines(),
  sink: () => () => new Sink(),
  source: () => () => new Source(),
  amp: () => () => new Calculator(),
  socks: (reactor) => socksServer(reactor),
  websocket: (reactor) => webSocketFactory(reactor, () => new MessageEcho()),
  broadcast: (reactor) => webSocketFactory(reactor, () => new Member()),
  forward: (reactor) => forwardTo(reactor, `tcp:127.0.0.1:${process.argv[3]}`),
  "proxied-forward": (reactor) => {
    const forward = forwardTo(reactor, `tcp:127.0.0.1:${process.argv[3]}`);
    return receiveProxyHeader(forward, { clock: reactor });
  },
  proxied: (reactor) => receiveProxyHeader(() => new Echo(), { clock: reactor }),
};

const mode = modes[process.argv[2] ?? ""];
if (mode === undefined) throw new Error(`Unknown mode "${process.argv[2]}": use one of ${Object.keys(modes)}`);
process.stdin.resume().on("end", () => process.exit(0));
const reactor = new NodeReactor();
const { address } = await reactor.listenTcp({ port: 0, host: "127.0.0.1" }, mode(reactor));
console.log(`port ${address.kind === "tcp" ? address.port : formatAddress(address)}`);
await reactor.run();
