import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Deferred } from "../../core/deferred/deferred.ts";
import { fail, succeed } from "../../core/deferred/succeed.ts";
import { ConnectError } from "../../core/errors.ts";
import { captureLogs } from "../../core/log/index.ts";
import { type MemoryConnect, MemoryReactor, type MemoryTransport } from "../../testing/index.ts";
import type { SocksRequest } from "./events.ts";
import { type SocksServerOptions, socksServer } from "./server.ts";

const GREETING = "050100";
const CONNECT = "050100030b6578616d706c652e6f72670050";
const CONNECT_IP = "05010001cb0071070050";
const GRANTED = /^0500050000(01|04)/;

describe("CONNECT", () => {
  test("joins the client with the target, both ways, and says by which address", async () => {
    const { client, target, granted } = await connected();
    const { local } = target;
    assert.ok(local.kind === "tcp");
    assert.equal(
      granted,
      `050005000001${hex(Uint8Array.from(local.host.split("."), Number))}${local.port.toString(16).padStart(4, "0")}`,
    );
    client.say("hello");
    assert.equal(target.text(), "hello");
    target.remote.write("answer");
    assert.equal(client.text(), "answer");
  });

  test("what the client sends ahead of the answer reaches the target first", async () => {
    const { client, reactor } = await served();
    client.send(GREETING + CONNECT_IP + hex("early "));
    client.say("and more");
    const target = answer(reactor).accept();
    reactor.settle();
    assert.equal(target.text(), "early and more");
  });

  test("a name is looked up here, and all its addresses are tried", async () => {
    const { client, reactor } = await served({}, { "example.org": ["192.0.2.7", "192.0.2.8"] });
    client.send(GREETING + CONNECT);
    assert.equal(answer(reactor).target, "192.0.2.7:80");
    answer(reactor).refuse();
    reactor.settle();
    assert.equal(answer(reactor, 1).target, "192.0.2.8:80");
    answer(reactor, 1).accept();
    reactor.settle();
    assert.match(client.sent(), GRANTED);
  });

  for (const [name, code, reply] of [
    ["a refused connection", "ECONNREFUSED", "05"],
    ["an unreachable host", "EHOSTUNREACH", "04"],
    ["an unreachable network", "ENETUNREACH", "03"],
    ["anything else", "EACCES", "01"],
  ] as const) {
    test(`${name} is answered with ${reply}, and the connection ends`, async () => {
      const { client, reactor } = await served();
      client.send(GREETING + CONNECT_IP);
      answer(reactor).fail(new ConnectError("no", { code }));
      reactor.settle();
      assert.equal(client.sent(), `050005${reply}0001000000000000`);
      assert.equal(client.transport.connected, false);
    });
  }

  test("a name that nobody knows is an unreachable host", async () => {
    const { client, reactor } = await served();
    client.send(GREETING + CONNECT);
    reactor.settle();
    assert.equal(client.sent(), "050005040001000000000000");
  });

  test("a target that does not answer in time is an unreachable host, and nothing is left of the attempt", async () => {
    const { client, reactor } = await served({ connectTimeoutMs: 1_000 });
    client.send(GREETING + CONNECT_IP);
    reactor.advance(1_000);
    assert.equal(client.sent(), "050005040001000000000000");
    assert.equal(answer(reactor).state, "cancelled");
    assert.deepEqual(reactor.getDelayedCalls(), []);
  });

  test("a client that goes while the target is dialled cancels it", async () => {
    for (const leave of ["end", "reset"] as const) {
      const { client, reactor } = await served();
      client.send(GREETING + CONNECT_IP);
      client.transport.remote[leave]();
      reactor.settle();
      assert.equal(answer(reactor).state, "cancelled");
      assert.deepEqual(reactor.getDelayedCalls(), []);
    }
  });

  test("version 4 is served, and answered in its own words", async () => {
    const { client, reactor } = await served();
    client.send("04010050cb007107616e6e00");
    assert.equal(answer(reactor).target, "203.0.113.7:80");
    const target = answer(reactor).accept();
    reactor.settle();
    assert.match(client.sent(), /^005a/);
    client.say("hello");
    assert.equal(target.text(), "hello");
    const other = await served();
    other.client.send("04010050cb00710700");
    answer(other.reactor).refuse();
    other.reactor.settle();
    assert.equal(other.client.sent(), "005b000000000000");
    assert.equal(other.client.transport.connected, false);
  });
});

describe("a relay", () => {
  test("passes each direction's end on by itself", async () => {
    const { client, target, reactor } = await connected();
    client.say("request");
    client.transport.remote.end();
    reactor.settle();
    assert.equal(target.remote.sawEnd, true);
    assert.equal(target.connected, true);
    target.remote.write("answer");
    target.remote.end();
    reactor.settle();
    assert.equal(client.text(), "answer");
    assert.equal(client.transport.remote.sawEnd, true);
    assert.deepEqual(reactor.connections, []);
    assert.deepEqual(reactor.getDelayedCalls(), []);
  });

  test("a reset on one side is a reset on the other", async () => {
    for (const side of ["client", "target"] as const) {
      const { client, target, reactor } = await connected();
      (side === "client" ? client.transport : target).remote.reset();
      reactor.settle();
      assert.equal((side === "client" ? target : client.transport).remote.sawReset, true);
      assert.deepEqual(reactor.connections, []);
      assert.deepEqual(reactor.getDelayedCalls(), []);
    }
  });

  test("whoever does not read holds the other up, until they do", async () => {
    for (const side of ["client", "target"] as const) {
      const { client, target, reactor } = await connected();
      const [slow, fast] = side === "client" ? [client.transport, target] : [target, client.transport];
      slow.remote.stopTaking();
      for (let i = 0; i < 10; i++) fast.remote.write(new Uint8Array(100_000));
      reactor.settle();
      assert.ok(slow.bufferedBytes < 250_000, `${slow.bufferedBytes} bytes are buffered`);
      slow.clear();
      slow.remote.startTaking();
      reactor.settle();
      assert.equal(slow.bytes().length, 1_000_000);
    }
  });

  test("ends when nothing goes either way for idleTimeoutMs, and not before", async () => {
    const { client, target, reactor } = await connected({ idleTimeoutMs: 1_000 });
    reactor.advance(900);
    client.say("x");
    reactor.advance(900);
    target.remote.write("y");
    reactor.advance(999);
    assert.equal(client.transport.connected, true);
    reactor.advance(1);
    assert.deepEqual(reactor.connections, []);
    assert.deepEqual(reactor.getDelayedCalls(), []);
  });
});

describe("logins", () => {
  const authenticate = ({ username, password }: { username: string; password: string }): boolean =>
    username === "ann" && password === "secret";
  const login = (password: string): string => `0103${hex("ann")}06${hex(password)}`;

  test("are wanted, checked, and known to the rules", async () => {
    const seen: SocksRequest[] = [];
    const allow = (request: SocksRequest): boolean => seen.push(request) > 0;
    const { client, reactor } = await served({ authenticate, allow });
    client.send("05020002");
    assert.equal(client.sent(), "0502");
    client.send(login("secret"));
    assert.equal(client.sent(), "0100");
    client.send(CONNECT_IP);
    answer(reactor).accept();
    reactor.settle();
    const { peer } = client.transport;
    const asked = { version: 5, command: "connect", host: "203.0.113.7", port: 80, userId: "", username: "ann", peer };
    assert.deepEqual(seen, [asked]);
  });

  test("that are wrong end the connection, whatever follows", async () => {
    const { client, reactor } = await served({ authenticate });
    client.send(`050102${login("secrex")}${CONNECT_IP}`);
    assert.equal(client.sent(), "05020101");
    assert.equal(client.transport.connected, false);
    assert.deepEqual(reactor.connects, []);
  });

  test("that a client does not offer end the connection, and so does one that is not wanted", async () => {
    const { client } = await served({ authenticate });
    client.send(GREETING);
    assert.equal(client.sent(), "05ff");
    assert.equal(client.transport.connected, false);
    const other = await served();
    other.client.send("050102");
    assert.equal(other.client.sent(), "05ff");
  });

  test("version 4 has none, so it is refused where they are wanted", async () => {
    const { client, reactor } = await served({ authenticate });
    client.send("04010050cb007107616e6e00");
    assert.equal(client.sent(), "005b000000000000");
    assert.deepEqual(reactor.connects, []);
  });

  test("that take time hold up what the client says meanwhile, and end with it", async () => {
    const verdict = new Deferred<boolean>();
    const { client, reactor } = await served({ authenticate: () => verdict });
    client.send(`050102${login("secret")}${CONNECT_IP.slice(0, 4)}`);
    client.send(CONNECT_IP.slice(4));
    assert.equal(client.sent(), "0502");
    verdict.callback(true);
    reactor.settle();
    assert.equal(client.sent(), "0100");
    assert.equal(answer(reactor).target, "203.0.113.7:80");
    const cancelled: unknown[] = [];
    const other = await served({ authenticate: () => new Deferred<boolean>((never) => cancelled.push(never)) });
    other.client.send(`050102${login("secret")}`);
    other.client.transport.remote.reset();
    other.reactor.settle();
    assert.equal(cancelled.length, 1);
  });

  test("a check that fails is logged, and refuses", async () => {
    using logs = captureLogs();
    const { client } = await served({ authenticate: () => fail(new Error("no database")) });
    client.send(`050102${login("secret")}`);
    assert.equal(client.sent(), "05020101");
    assert.equal(client.transport.connected, false);
    assert.deepEqual(
      logs.events.filter(({ level }) => level === "critical").map(({ error }) => (error as Error).message),
      ["no database"],
    );
  });
});

describe("rules", () => {
  for (const [name, allow] of [
    ["at once", () => false],
    ["later", () => succeed(false)],
  ] as const) {
    test(`that say no ${name} are answered with 2, and nobody is dialled`, async () => {
      const { client, reactor } = await served({ allow });
      client.send(GREETING + CONNECT_IP);
      assert.equal(client.sent(), "050005020001000000000000");
      assert.equal(client.transport.connected, false);
      assert.deepEqual(reactor.connects, []);
    });
  }

  test("for addresses are asked for what a name stands for, and what they refuse is not dialled", async () => {
    const allowAddress = ({ host }: { host: string }): boolean => !host.startsWith("127.");
    const hosts = { "example.org": ["127.0.0.1", "192.0.2.8"] };
    const { client, reactor } = await served({ allowAddress }, hosts);
    client.send(GREETING + CONNECT);
    reactor.settle();
    assert.deepEqual(
      reactor.connects.map(({ target }) => target),
      ["192.0.2.8:80"],
    );
    const other = await served({ allowAddress }, { "example.org": ["127.0.0.1"] });
    other.client.send(GREETING + CONNECT);
    other.reactor.settle();
    assert.equal(other.client.sent(), "050005020001000000000000");
    assert.deepEqual(other.reactor.connects, []);
  });

  test("that throw are logged, and refuse", async () => {
    using logs = captureLogs();
    const allow = (): boolean => {
      throw new Error("oops");
    };
    const { client, reactor } = await served({ allow });
    client.send(GREETING + CONNECT_IP);
    assert.equal(client.sent(), "050005010001000000000000");
    assert.deepEqual(reactor.connects, []);
    assert.equal(
      logs.events.some(({ error }) => (error as Error | undefined)?.message === "oops"),
      true,
    );
  });

  test("a command that is not offered is answered with 7", async () => {
    const { client } = await served({ commands: ["connect"] });
    client.send(`${GREETING}05020001cb0071070050`);
    assert.equal(client.sent(), "050005070001000000000000");
    assert.equal(client.transport.connected, false);
  });

  test("limits refuse the connection too many", async () => {
    const { reactor } = await served({ limits: { total: 1 } });
    assert.equal(reactor.dial(1080).connected, false);
  });
});

describe("a client that is not one", () => {
  test("is closed on, with an answer where one is due", async () => {
    for (const [sent, answered] of [
      [hex("GET / HTTP/1.1\r\n"), ""],
      [`${GREETING}0509`, "050005070001000000000000"],
      [`${GREETING}05010009`, "050005080001000000000000"],
    ] as const) {
      const { client } = await served();
      client.send(sent);
      assert.equal(client.sent(), answered);
      assert.equal(client.transport.connected, false);
    }
  });

  test("is closed on when it takes too long over what it wants, and one in time leaves no timer", async () => {
    const { client, reactor } = await served({ handshakeTimeoutMs: 1_000 });
    client.send(GREETING);
    reactor.advance(999);
    assert.equal(client.transport.connected, true);
    reactor.advance(1);
    assert.equal(client.transport.connected, false);
    const other = await served();
    other.client.transport.remote.end();
    other.reactor.settle();
    assert.deepEqual(other.reactor.getDelayedCalls(), []);
  });
});

interface Client {
  readonly transport: MemoryTransport;
  /** Hex. */
  send(bytes: string): void;
  say(text: string): void;
  /** What came since the last look, in hex. */
  sent(): string;
  text(): string;
}

async function served(
  options: SocksServerOptions = {},
  hosts: Record<string, readonly string[]> = {},
): Promise<{ reactor: MemoryReactor; client: Client }> {
  const reactor = new MemoryReactor({ hosts });
  await reactor.listenTcp({ port: 1080 }, socksServer(reactor, options));
  const transport = reactor.dial(1080);
  const write = (data: Uint8Array): void => {
    transport.remote.write(data);
    reactor.settle();
  };
  const taken = (): Uint8Array => {
    reactor.settle();
    const bytes = transport.bytes();
    transport.clear();
    return bytes;
  };
  return {
    reactor,
    client: {
      transport,
      send: (bytes) => write(Uint8Array.from(Buffer.from(bytes, "hex"))),
      say: (text) => write(new TextEncoder().encode(text)),
      sent: () => Buffer.from(taken()).toString("hex"),
      text: () => new TextDecoder().decode(taken()),
    },
  };
}

async function connected(
  options: SocksServerOptions = {},
): Promise<{ reactor: MemoryReactor; client: Client; target: MemoryTransport; granted: string }> {
  const { reactor, client } = await served(options);
  client.send(GREETING + CONNECT_IP);
  const target = answer(reactor).accept();
  reactor.settle();
  const granted = client.sent();
  assert.match(granted, GRANTED);
  return { reactor, client, target, granted };
}

function answer(reactor: MemoryReactor, index = 0): MemoryConnect {
  const connect = reactor.connects[index];
  assert.ok(connect);
  return connect;
}

function hex(data: string | Uint8Array): string {
  return Buffer.from(data as Uint8Array).toString("hex");
}
