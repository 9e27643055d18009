import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { cutUp, feedThreeWays } from "../../testing/index.ts";
import { encodeDatagram, encodeReply, encodeRequest, readDatagram } from "./codec.ts";
import { SocksClientConnection, SocksServerConnection } from "./connection.ts";
import { LocalSocksError, RemoteSocksError, SocksRefusedError } from "./errors.ts";
import type { SocksLogin, SocksMessage } from "./events.ts";

const LOGIN = { username: "ann", password: "pässword" };

describe("what a server hears", () => {
  for (const [name, hex, events, rest] of [
    ["version 4 CONNECT", "04010050c0000201616e6e00", ["connect 192.0.2.1 80 ann"], ""],
    ["version 4 BIND without a user", "0402ffffc000020100", ["bind 192.0.2.1 65535 "], ""],
    ["0.0.0.0 in version 4 is an address", "0402005000000000" + "00", ["bind 0.0.0.0 80 "], ""],
    ["version 4a", "0401005000000001616e6e006578616d706c652e6f726700", ["connect example.org 80 ann"], ""],
    ["version 4a with what follows", "04010050000000ff0061006869", ["connect a 80 "], "hi"],
    ["CONNECT to IPv4", "050100050100 01c00002010050", ["methods 0", "connect 192.0.2.1 80 "], ""],
    ["CONNECT to IPv6", `050100050100 04${"00".repeat(15)}010050`, ["methods 0", "connect ::1 80 "], ""],
    ["CONNECT to a name", "050100050100030161005068690a", ["methods 0", "connect a 80 "], "hi\n"],
    ["BIND", "050100050200 01c0000201ffff", ["methods 0", "bind 192.0.2.1 65535 "], ""],
    ["UDP ASSOCIATE", "05010005030001000000000000", ["methods 0", "associate 0.0.0.0 0 "], ""],
    [
      "a login before the request",
      `05020002${"0103616e6e09"}70c3a47373776f7264050100030161 0050`,
      ["methods 0,2", "login ann pässword", "connect a 80 "],
      "",
    ],
    ["an empty login", "050102010000050100030161 0050", ["methods 2", "login  ", "connect a 80 "], ""],
    ["no method at all", "0500", ["methods "], ""],
    ["version 4 after the greeting", "050100040100", ["methods 0", "version is 4 instead of 5"], undefined],
    ["version 6", "06", ["version is 6 instead of 4 or 5"], undefined],
    ["HTTP", "474554202f", ["version is 71 instead of 4 or 5"], undefined],
    ["UDP ASSOCIATE in version 4", "0403", ["command 3 is none of 1 to 2"], undefined],
    ["command 0", "0501000500", ["methods 0", "command 0 is none of 1 to 3"], undefined],
    ["command 4", "0501000504", ["methods 0", "command 4 is none of 1 to 3"], undefined],
    ["a reserved byte that is not 0", "050100050101", ["methods 0", "reserved byte is 1 instead of 0"], undefined],
    ["another address type", "05010005010002", ["methods 0", "address type 2 is none of 1, 3 and 4"], undefined],
    ["an empty name", "0501000501000300 0050", ["methods 0", '"" is no host name'], undefined],
    ["a NUL in a name", "05010005010003036100620050", ["methods 0", '"a\\u0000b" is no host name'], undefined],
    ["a blank in a name", "0501000501000303612062 0050", ["methods 0", '"a b" is no host name'], undefined],
    ["an empty name in 4a", "04010050000000010000", ['"" is no host name'], undefined],
    ["a line end in a name in 4a", "040100500000000100610a00", ['"a\\n" is no host name'], undefined],
    ["a login of version 2", "05010202", ["methods 2", "version of the login is 2 instead of 1"], undefined],
    [
      "a user id of 256 bytes",
      `04010050c0000201${"61".repeat(256)}`,
      ["its user id is longer than 255 bytes"],
      undefined,
    ],
    [
      "a name of 256 bytes",
      `0401005000000001 00${"61".repeat(256)}`,
      ["its host name is longer than 255 bytes"],
      undefined,
    ],
  ] as const) {
    test(name, () => {
      const outcome = feedThreeWays(
        () => new ServerReader(),
        bytesOf(hex),
        (reader) => ({ events: reader.events, rest: reader.rest() }),
      );
      assert.deepEqual(outcome.events, events);
      if (rest !== undefined) assert.equal(outcome.rest, rest);
    });
  }

  test("is answered by its own version", () => {
    for (const [hex, success, failure] of [
      ["04010050c000020100", "005a0050c0000201", "005b000000000000"],
      ["05010005010001c00002010050", "05000001c00002010050", "05050001000000000000"],
    ] as const) {
      const server = new SocksServerConnection();
      server.push(bytesOf(hex));
      if (server.next()?.type === "greeting") {
        server.chooseMethod(0);
        server.next();
      }
      assert.equal(hexOf(server.reply({ code: 0, address: { host: "192.0.2.1", port: 80 } })), success);
      assert.equal(hexOf(server.reply({ code: 5, address: { host: "0.0.0.0", port: 0 } })), failure);
    }
  });

  test("a fault where a request is due has an answer, at another time it has none", () => {
    for (const [hex, answer] of [
      ["0501000504", "05070001000000000000"],
      ["05010005010009", "05080001000000000000"],
      ["0501000501000300 0050", "05010001000000000000"],
      ["06", ""],
    ] as const) {
      const server = new SocksServerConnection();
      server.push(bytesOf(hex));
      try {
        if (server.next() !== undefined) server.chooseMethod(0);
        server.next();
        assert.fail("there is a fault in it");
      } catch (error) {
        assert.ok(error instanceof RemoteSocksError);
        assert.equal(hexOf(server.refusal(error)), answer);
      }
    }
  });

  test("nothing comes before the last event is answered, or after a refusal", () => {
    const server = new SocksServerConnection();
    server.push(bytesOf("0501000501000301610050"));
    assert.equal(server.next()?.type, "greeting");
    assert.equal(server.next(), undefined);
    assert.equal(hexOf(server.chooseMethod(255)), "05ff");
    assert.equal(server.next(), undefined);
  });
});

describe("what a client hears", () => {
  for (const [name, request, login, hex, events] of [
    ["version 4", { version: 4 }, undefined, "005affffc0000201", ["reply 0 192.0.2.1 65535"]],
    ["version 4 refusing", { version: 4 }, undefined, "005b000000000000", ["Proxy refused: rejected or failed (91)"]],
    ["another byte in version 4", { version: 4 }, undefined, "045a", ["version of the reply is 4 instead of 0"]],
    ["another reply in version 4", { version: 4 }, undefined, "005e", ["reply 94 is none of 90 to 93"]],
    [
      "no login",
      {},
      undefined,
      "050005000001c0000201ffff",
      ["send 050100030b6578616d706c652e6f72670050", "reply 0 192.0.2.1 65535"],
    ],
    [
      "a name in the reply",
      {},
      undefined,
      "0500050000030161ffff",
      ["send 050100030b6578616d706c652e6f72670050", "reply 0 a 65535"],
    ],
    [
      "a login",
      {},
      LOGIN,
      "0502010005000001c0000201ffff",
      ["send 0103616e6e0970c3a47373776f7264", "send 050100030b6578616d706c652e6f72670050", "reply 0 192.0.2.1 65535"],
    ],
    [
      "an answer to the login of version 5",
      {},
      LOGIN,
      "05020500",
      ["send 0103616e6e0970c3a47373776f7264", "send 050100030b6578616d706c652e6f72670050"],
    ],
    [
      "a wrong login",
      {},
      LOGIN,
      "05020101",
      ["send 0103616e6e0970c3a47373776f7264", "Proxy refused: it does not know this username with this password"],
    ],
    [
      "a login that is wanted",
      {},
      undefined,
      "05ff",
      ["Proxy refused: it wants another kind of login; give it a username and a password"],
    ],
    ["another login that is wanted", {}, LOGIN, "05ff", ["Proxy refused: it wants another kind of login"]],
    ["a method that was not offered", {}, undefined, "0502", ["method 2 was not offered"]],
    ["HTTP", {}, undefined, "485454502f", ["version is 72 instead of 5"]],
    [
      "rules",
      {},
      undefined,
      "050005020001000000000000",
      ["send 050100030b6578616d706c652e6f72670050", "Proxy refused: its rules do not allow it (2)"],
    ],
    [
      "an unknown reply",
      {},
      undefined,
      "0500052a0001000000000000",
      ["send 050100030b6578616d706c652e6f72670050", "Proxy refused: reply 42"],
    ],
  ] as const) {
    test(name, () => {
      const make = (): ClientReader => new ClientReader({ ...REQUEST, ...request }, login);
      assert.deepEqual(
        feedThreeWays(make, bytesOf(hex), (reader) => reader.events),
        events,
      );
    });
  }

  test("a refusal has its number", () => {
    const client = new SocksClientConnection(REQUEST);
    client.push(bytesOf("050005050001000000000000"));
    client.next();
    assert.throws(
      () => client.next(),
      (error) => error instanceof SocksRefusedError && error.reply === 5,
    );
  });

  for (const [name, request, login, problem] of [
    ["a name of 256 characters", { host: "a".repeat(256) }, undefined, /is not 1 to 255 characters of visible ASCII/],
    ["a name with a NUL", { host: "a\0b" }, undefined, /"a\\u0000b" is not/],
    ["no name", { host: "" }, undefined, /"" is not/],
    ["a port that is none", { port: 65_536 }, undefined, /port 65536 is no integer/],
    ["IPv6 in version 4", { version: 4, host: "::1" }, undefined, /no IPv6 address such as "::1"/],
    ["UDP in version 4", { version: 4, command: "associate" }, undefined, /version 4 has no UDP/],
    ["a NUL in a user id", { version: 4, userId: "a\0" }, undefined, /visible ASCII/],
    ["an empty password", {}, { username: "ann", password: "" }, /the password has 0 bytes/],
    ["a username of 256 bytes", {}, { username: "é".repeat(128), password: "x" }, /the username has 256 bytes/],
  ] as const) {
    test(`${name} is refused before anything is sent`, () => {
      const client = new SocksClientConnection({ ...REQUEST, ...request }, login);
      assert.throws(
        () => client.begin(),
        (error) => error instanceof LocalSocksError && problem.test(error.message),
      );
    });
  }
});

test("the two sides understand each other, whatever is asked and however it is cut", () => {
  fc.assert(
    fc.property(
      MESSAGE,
      fc.option(SOME_LOGIN, { nil: undefined }),
      ADDRESS,
      fc.nat(),
      (request, login, address, seed) => {
        const client = new SocksClientConnection(request, login);
        const server = new ServerReader();
        const outcome: string[] = [];
        let toServer = client.begin();
        while (toServer.length > 0) {
          for (const piece of cutUp(toServer, { seed })) server.receive(piece);
          toServer = new Uint8Array(0);
          for (const piece of cutUp(server.takeAnswers(address), { seed })) {
            client.push(piece);
            for (let event = client.next(); event !== undefined; event = client.next()) {
              if (event.type === "send") toServer = event.data;
              else outcome.push(`reply ${event.code} ${event.address.host} ${event.address.port}`);
            }
          }
        }
        const { command, host, port, userId } = request;
        assert.equal(server.events.at(-1), `${command} ${host} ${port} ${userId}`);
        const shown = request.version === 4 && !/^\d+(\.\d+){3}$/.test(address.host) ? "0.0.0.0" : address.host;
        assert.deepEqual(outcome, [`reply 0 ${shown} ${address.port}`]);
      },
    ),
    { numRuns: 1_000 },
  );
});

describe("datagrams", () => {
  test("are read back as they were written", () => {
    fc.assert(
      fc.property(ADDRESS, fc.uint8Array({ maxLength: 50 }), (address, data) => {
        assert.deepEqual(readDatagram(encodeDatagram({ ...address, data })), { ...address, data });
      }),
    );
  });

  for (const [name, hex, problem] of [
    ["fragments", "00000101c00002010050", /fragment is 1 instead of 0/],
    ["reserved bytes that are not 0", "00010001c00002010050", /reserved byte is 1/],
    ["less than an address", "00000001c000020100", /ends within its address/],
    ["nothing", "", /ends within its address/],
    ["another address type", "00000005c00002010050", /address type 5/],
  ] as const) {
    test(`${name} are refused`, () => {
      assert.throws(() => readDatagram(bytesOf(hex)), problem);
    });
  }
});

test("version 4 says 0.0.0.0 for an address that it has no words for", () => {
  assert.equal(hexOf(encodeReply(4, { code: 0, address: { host: "::1", port: 80 } })), "005a005000000000");
  assert.equal(
    hexOf(encodeRequest({ ...REQUEST, version: 4, userId: "u" })),
    "0401005000000001" + "7500" + "6578616d706c652e6f726700",
  );
});

/** Answers the greeting with login if it is offered, takes every login, and notes all. */
class ServerReader {
  readonly events: string[] = [];
  readonly #server: SocksServerConnection = new SocksServerConnection();
  #answers: number[] = [];
  #isAnswerable = false;
  #isBroken = false;

  receive(data: Uint8Array): void {
    if (this.#isBroken) return;
    this.#server.push(data);
    try {
      for (let event = this.#server.next(); event !== undefined; event = this.#server.next()) {
        if (event.type === "greeting") {
          this.events.push(`methods ${event.methods}`);
          this.#answers.push(...this.#server.chooseMethod(event.methods.includes(2) ? 2 : 0));
        } else if (event.type === "login") {
          this.events.push(`login ${event.username} ${event.password}`);
          this.#answers.push(...this.#server.judgeLogin(true));
        } else {
          this.events.push(`${event.command} ${event.host} ${event.port} ${event.userId}`);
          this.#isAnswerable = true;
        }
      }
    } catch (error) {
      assert.ok(error instanceof RemoteSocksError);
      this.#isBroken = true;
      this.events.push(error.problem);
    }
  }

  takeAnswers(address: { host: string; port: number }): Uint8Array {
    const answers = this.#answers;
    if (this.#isAnswerable) answers.push(...this.#server.reply({ code: 0, address }));
    this.#answers = [];
    this.#isAnswerable = false;
    return Uint8Array.from(answers);
  }

  rest(): string {
    return this.#isBroken ? "" : Buffer.from(this.#server.takeRest()).toString("latin1");
  }
}

class ClientReader {
  readonly events: string[] = [];
  readonly #client: SocksClientConnection;
  #isBroken = false;

  constructor(request: SocksMessage, login: SocksLogin | undefined) {
    this.#client = new SocksClientConnection(request, login);
  }

  receive(data: Uint8Array): void {
    if (this.#isBroken) return;
    this.#client.push(data);
    try {
      for (let event = this.#client.next(); event !== undefined; event = this.#client.next()) {
        if (event.type === "send") this.events.push(`send ${hexOf(event.data)}`);
        else this.events.push(`reply ${event.code} ${event.address.host} ${event.address.port}`);
      }
    } catch (error) {
      this.#isBroken = true;
      this.events.push(error instanceof RemoteSocksError ? error.problem : (error as Error).message);
    }
  }
}

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex.replaceAll(" ", ""), "hex"));
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

const REQUEST: SocksMessage = { version: 5, command: "connect", host: "example.org", port: 80, userId: "" };
const NAME = fc
  .string({ unit: fc.constantFrom("a", "Z", "0", "-", ".", "_"), minLength: 1, maxLength: 255 })
  .map((name) => `n${name}`.slice(0, 255));
const ADDRESS = fc
  .tuple(fc.oneof(fc.ipV4(), fc.constantFrom("::1", "::", "2001:db8::1"), NAME), fc.nat(65_535))
  .map(([host, port]) => ({ host, port }));
const MESSAGE: fc.Arbitrary<SocksMessage> = fc.oneof(
  fc
    .tuple(fc.constantFrom("connect" as const, "bind" as const, "associate" as const), ADDRESS)
    .map(([command, address]) => ({ version: 5 as const, command, ...address, userId: "" })),
  fc
    .tuple(
      fc.constantFrom("connect" as const, "bind" as const),
      fc.oneof(
        fc.ipV4().filter((host) => !host.startsWith("0.")),
        NAME,
      ),
      fc.nat(65_535),
      NAME,
    )
    .map(([command, host, port, userId]) => ({ version: 4 as const, command, host, port, userId })),
);
const SOME_LOGIN = fc
  .tuple(fc.string({ minLength: 1, maxLength: 60 }), fc.string({ minLength: 1, maxLength: 60 }))
  .map(([username, password]) => ({ username, password }));
