import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe } from "node:test";
import { Deferred } from "../core/deferred/deferred.ts";
import { CancelledError, TimeoutError } from "../core/deferred/errors.ts";
import { DeferredQueue } from "../core/deferred/queue.ts";
import { ConnectionDone, ConnectionLost, TlsError } from "../core/errors.ts";
import { Protocol } from "../core/protocol.ts";
import type { Port, Reactor } from "../core/reactor.ts";
import { makeCertificate, temporaryFolder, testOnBoth } from "./certificates.fixture.test.ts";
import { connect, listen } from "./connect.ts";
import { EndpointError } from "./errors.ts";
import { quoteArgument } from "./grammar.ts";

const folder = temporaryFolder();
const at = (...parts: string[]) => quoteArgument(join(folder, ...parts));

/** Writes down what happens to it, and answers a line with its reverse. */
class Peer extends Protocol {
  readonly made = new Deferred<void>();
  readonly lost = new Deferred<Error>();
  /** Fires with the first bytes. */
  readonly hears = new Deferred<void>();
  readonly seen: string[] = [];
  text = "";
  waiter: { readonly words: string; readonly heard: Deferred<void> } | undefined;

  override connectionMade(): void {
    this.seen.push("connectionMade");
    this.made.callback();
  }

  override dataReceived(data: Uint8Array): void {
    if (!this.hears.called) this.hears.callback();
    this.text += new TextDecoder().decode(data);
    this.#tell();
  }

  override connectionLost(reason: Error): void {
    this.seen.push(`connectionLost ${reason.name}`);
    this.lost.callback(reason);
  }

  /** Fires when all the text so far is `words`; the network may have cut it. */
  said(words: string): Deferred<void> {
    this.waiter = { words, heard: new Deferred<void>() };
    const { heard } = this.waiter;
    this.#tell();
    return heard;
  }

  #tell(): void {
    if (this.waiter === undefined || this.text.length < this.waiter.words.length) return;
    const { words, heard } = this.waiter;
    this.waiter = undefined;
    if (this.text === words) heard.callback();
    else heard.errback(new Error(`heard "${this.text}" instead of "${words}"`));
  }
}

let reactor: Reactor;
let ports: Port[];
/** Every protocol of a server, and those that were connected and not yet taken. */
let accepted: Peer[];
let connected: DeferredQueue<Peer>;

async function serve(description: string): Promise<number> {
  const port = await listen(reactor, description, newServer);
  ports.push(port);
  return port.address.kind === "tcp" ? port.address.port : 0;
}

function newServer(): Peer {
  const peer = new Peer();
  accepted.push(peer);
  peer.made.addCallback(() => connected.put(peer));
  return peer;
}

const dial = (description: string, factory: () => Peer = () => new Peer()) => connect(reactor, description, factory);

/** Both ways, then the end. */
async function converse(client: Peer, knownServer?: Peer): Promise<void> {
  const server = knownServer ?? (await connected.get());
  client.transport.write("ask");
  await server.said("ask");
  server.transport.write("answer");
  await client.said("answer");
  client.transport.loseConnection();
  assert.ok((await server.lost) instanceof ConnectionDone);
  assert.ok((await client.lost) instanceof ConnectionDone);
}

before(() => {
  makeCertificate(join(folder, "host.pem"), join(folder, "host.key"), "host", ["localhost", "127.0.0.1"]);
  makeCertificate(join(folder, "user.pem"), join(folder, "user.key"), "user", ["user.example"]);
  mkdirSync(join(folder, "names"));
  makeCertificate(join(folder, "names", "a.crt"), join(folder, "names", "a.key"), "a", ["a.example", "*.a.example"]);
  makeCertificate(join(folder, "names", "b.crt"), join(folder, "names", "b.key"), "b", ["b.example"]);
});

/** Each test has a reactor of its own, a real one and then a simulated one. */
function test(name: string, body: () => Promise<void>): void {
  testOnBoth(name, folder, async (own) => {
    reactor = own;
    ports = [];
    accepted = [];
    connected = new DeferredQueue();
    try {
      await body();
    } finally {
      for (const port of ports) await port.stopListening();
      for (const { transport } of accepted) transport?.abortConnection();
    }
  });
}

const identity = `cert=${at("host.pem")}:key=${at("host.key")}`;

describe("tls: over TCP", () => {
  test("connects, verifies for HOST, and talks", async () => {
    const port = await serve(`tls:0:${identity}:interface=127.0.0.1`);
    const client = await dial(`tls:127.0.0.1:${port}:trustRoots=${at("host.pem")}`);
    assert.equal(client.transport.tls?.authorized, true);
    await converse(client);
  });

  test("a certificate that trustRoots do not vouch for is a TlsError", async () => {
    const port = await serve(`tls:0:${identity}:interface=127.0.0.1`);
    await assert.rejects(async () => dial(`tls:127.0.0.1:${port}`), TlsError);
    await assert.rejects(async () => dial(`tls:127.0.0.1:${port}:trustRoots=${at("user.pem")}`), TlsError);
  });

  test("servername is what is asked for and verified instead of HOST", async () => {
    const port = await serve(`tls:0:${identity}:interface=127.0.0.1`);
    const client = await dial(`tls:127.0.0.1:${port}:servername=localhost:trustRoots=${at("host.pem")}`);
    const server = await connected.get();
    assert.equal(server.transport.tls?.servername, "localhost");
    await converse(client, server);
    const other = `tls:127.0.0.1:${port}:servername=other.example:trustRoots=${at("host.pem")}`;
    await assert.rejects(async () => dial(other), TlsError);
  });

  test("sni=DIR serves each name with its certificate, a wildcard included, and no other name", async () => {
    const port = await serve(`tls:0:sni=${at("names")}:interface=127.0.0.1`);
    for (const [name, file] of [
      ["a.example", "a.crt"],
      ["www.a.example", "a.crt"],
      ["b.example", "b.crt"],
    ]) {
      const trusted = `trustRoots=${at("names", file as string)}`;
      const client = await dial(`tls:127.0.0.1:${port}:servername=${name}:${trusted}`);
      assert.equal(client.transport.tls?.servername, name);
      await converse(client);
    }
    const unknown = `tls:127.0.0.1:${port}:servername=c.example:trustRoots=${at("names", "a.crt")}`;
    await assert.rejects(async () => dial(unknown), TlsError);
  });

  test("alpn is agreed on, and minVersion kept", async () => {
    const port = await serve(`tls:0:${identity}:interface=127.0.0.1:alpn=h2,http/1.1:minVersion=TLSv1.3`);
    const client = await dial(`tls:127.0.0.1:${port}:trustRoots=${at("host.pem")}:alpn=http/1.1`);
    assert.equal(client.transport.tls?.alpnProtocol, "http/1.1");
    assert.equal(client.transport.tls?.protocol, "TLSv1.3");
    await converse(client);
  });

  test("clientCa lets in only clients with a certificate that it vouches for", async () => {
    const port = await serve(`tls:0:${identity}:interface=127.0.0.1:clientCa=${at("user.pem")}`);
    const server = `tls:127.0.0.1:${port}:trustRoots=${at("host.pem")}`;
    const client = await dial(`${server}:cert=${at("user.pem")}:key=${at("user.key")}`);
    const knownServer = await connected.get();
    assert.equal(knownServer.transport.tls?.authorized, true);
    await converse(client, knownServer);
    // TLS 1.3 lets the client believe for a moment that it is in.
    const outcome = await dial(server).addCallbacks(
      (refused) => refused.lost,
      (error: Error) => error,
    );
    assert.ok(outcome instanceof TlsError || outcome instanceof ConnectionLost, String(outcome));
    assert.equal(accepted.length, 1);
  });

  test("clientCertificates=request lets in the others as well", async () => {
    const port = await serve(
      `tls:0:${identity}:interface=127.0.0.1:clientCa=${at("user.pem")}:clientCertificates=request`,
    );
    const client = await dial(`tls:127.0.0.1:${port}:trustRoots=${at("host.pem")}`);
    const knownServer = await connected.get();
    assert.equal(knownServer.transport.tls?.authorized, false);
    await converse(client, knownServer);
  });

  test("a file that cannot be read fails the call with an EndpointError, and nothing listens", async () => {
    await assert.rejects(async () => listen(reactor, `tls:0:cert=${at("nothing")}`, () => new Peer()), EndpointError);
    await assert.rejects(async () => dial(`tls:127.0.0.1:1:trustRoots=${at("nothing")}`), EndpointError);
  });
});

describe("tls: over another endpoint", () => {
  const path = join(folder, "tls.sock");
  const inside = quoteArgument(`unix:${quoteArgument(path)}`);
  const overUnix = `tls:localhost:endpoint=${inside}:trustRoots=${at("host.pem")}`;

  async function serveUnix(): Promise<void> {
    const read = (name: string) => readFileSync(join(folder, name));
    const tls = { identity: { cert: read("host.pem"), key: read("host.key") } };
    ports.push(await reactor.listenUnix({ path, tls }, newServer));
  }

  /** A server that never answers the handshake. */
  async function serveSilence(): Promise<Peer> {
    const silent = new Peer();
    accepted.push(silent);
    ports.push(await reactor.listenUnix({ path }, () => silent));
    return silent;
  }

  test("connects that one, starts TLS, verifies HOST, and gives the protocol when it is usable", async () => {
    await serveUnix();
    const client = await dial(overUnix);
    assert.deepEqual(client.seen, ["connectionMade"]);
    assert.equal(client.transport.tls?.authorized, true);
    assert.equal(client.transport.peer.kind, "unix");
    await converse(client);
    assert.deepEqual(client.seen, ["connectionMade", "connectionLost ConnectionDone"]);
  });

  test("works with tcp: inside", async () => {
    const port = await serve(`tls:0:${identity}:interface=127.0.0.1`);
    const inner = quoteArgument(`tcp:127.0.0.1:${port}`);
    await converse(await dial(`tls:localhost:endpoint=${inner}:trustRoots=${at("host.pem")}`));
  });

  test("a certificate for another name is a TlsError, and the protocol hears nothing", async () => {
    await serveUnix();
    const client = new Peer();
    await assert.rejects(
      async () => dial(`tls:other.example:endpoint=${inside}:trustRoots=${at("host.pem")}`, () => client),
      TlsError,
    );
    assert.deepEqual(client.seen, []);
  });

  test("what connectionMade throws fails connect, and comes as the reason of connectionLost", async () => {
    await serveUnix();
    class Bad extends Peer {
      override connectionMade(): void {
        super.connectionMade();
        throw new Error("not today");
      }
    }
    const client = new Bad();
    await assert.rejects(async () => dial(overUnix, () => client), /not today/);
    assert.match((await client.lost).message, /not today/);
  });

  test("half-close passes through if the protocol declares it", async () => {
    await serveUnix();
    class HalfOpen extends Peer {
      readonly ended = new Deferred<void>();
      override readConnectionLost(): void {
        this.ended.callback();
      }
      override writeConnectionLost(): void {
        this.seen.push("writeConnectionLost");
      }
    }
    const client = (await dial(overUnix, () => new HalfOpen())) as HalfOpen;
    const server = await connected.get();
    server.transport.loseConnection();
    await client.ended;
    assert.equal(client.transport.connected, true);
    client.transport.loseConnection();
    await client.lost;
  });

  test("backpressure passes through", async () => {
    await serveUnix();
    class Bulky extends Peer {
      readonly resumed = new Deferred<void>();
      override writingPaused(): void {
        this.seen.push("writingPaused");
      }
      override writingResumed(): void {
        this.seen.push("writingResumed");
        this.resumed.callback();
      }
    }
    const client = (await dial(overUnix, () => new Bulky())) as Bulky;
    client.transport.write(new Uint8Array(4_000_000));
    await client.resumed;
    assert.deepEqual(client.seen, ["connectionMade", "writingPaused", "writingResumed"]);
    client.transport.abortConnection();
    await client.lost;
  });

  test("cancelling during the handshake closes the connection, and the protocol hears nothing", async () => {
    const silent = await serveSilence();
    const client = new Peer();
    const connecting = dial(overUnix, () => client);
    const failure = assert.rejects(async () => connecting, CancelledError);
    await silent.hears;
    connecting.cancel();
    await failure;
    await silent.lost;
    assert.deepEqual(client.seen, []);
  });

  test("timeoutMs covers the handshake too", async () => {
    const silent = await serveSilence();
    await assert.rejects(async () => dial(`${overUnix}:timeoutMs=50`), TimeoutError);
    await silent.lost;
  });

  test("a factory that builds no protocol fails connect", async () => {
    await serveUnix();
    await assert.rejects(async () => connect(reactor, overUnix, () => undefined), { name: "ConnectError" });
  });
});
