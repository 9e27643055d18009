import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Deferred } from "../../core/deferred/deferred.ts";
import { ConnectionDone } from "../../core/errors.ts";
import { Clock } from "../../testing/clock.ts";
import { feedThreeWays } from "../../testing/feed-three-ways.ts";
import { MemoryTransport } from "../../testing/memory-transport.ts";
import type { MemcacheCommands } from "./client.ts";
import type { Item, MetaReply } from "./events.ts";
import { MAX_TTL_MS } from "./expiry.ts";
import { type MemcacheOptions, MemcacheProtocol } from "./protocol.ts";

describe("a command", () => {
  const vectors: readonly [string, (cache: MemcacheCommands) => Deferred<unknown>, string, string, unknown][] = [
    ["get", (c) => c.get("a"), "get a\r\n", "VALUE a 7 2\r\nhi\r\nEND\r\n", "hi 7 undefined"],
    ["get of nothing", (c) => c.get("a"), "get a\r\n", "END\r\n", undefined],
    [
      "gets",
      (c) => c.gets("a"),
      "gets a\r\n",
      "VALUE a 7 2 18446744073709551615\r\nhi\r\nEND\r\n",
      "hi 7 18446744073709551615",
    ],
    ["gat", (c) => c.gat("a", { ttlMs: 1_001 }), "gat 2 a\r\n", "VALUE a 0 0\r\n\r\nEND\r\n", " 0 undefined"],
    ["gats", (c) => c.gats("a", {}), "gats 0 a\r\n", "VALUE a 0 0 1\r\n\r\nEND\r\n", " 0 1"],
    ["set", (c) => c.set("a", "hi"), "set a 0 0 2\r\nhi\r\n", "STORED\r\n", true],
    ["set of UTF-8", (c) => c.set("ü", "é"), "set \xc3\xbc 0 0 2\r\n\xc3\xa9\r\n", "STORED\r\n", true],
    ["set of bytes", (c) => c.set("a", Uint8Array.of(0, 255)), "set a 0 0 2\r\n\0\xff\r\n", "STORED\r\n", true],
    ["set with all", (c) => c.set("a", "", { flags: 9, ttlMs: 0 }), "set a 9 -1 0\r\n\r\n", "NOT_STORED\r\n", false],
    ["add", (c) => c.add("a", "hi", { ttlMs: MAX_TTL_MS }), "add a 0 2592000 2\r\nhi\r\n", "NOT_STORED\r\n", false],
    [
      "replace",
      (c) => c.replace("a", "", { expiresAtMs: 2e12 }),
      "replace a 0 2000000000 0\r\n\r\n",
      "STORED\r\n",
      true,
    ],
    ["append", (c) => c.append("a", "b"), "append a 0 0 1\r\nb\r\n", "STORED\r\n", true],
    ["prepend", (c) => c.prepend("a", "b"), "prepend a 0 0 1\r\nb\r\n", "NOT_STORED\r\n", false],
    ["cas", (c) => c.cas("a", "b", 5n), "cas a 0 0 1 5\r\nb\r\n", "STORED\r\n", "stored"],
    ["a late cas", (c) => c.cas("a", "b", 5n), "cas a 0 0 1 5\r\nb\r\n", "EXISTS\r\n", "exists"],
    ["cas of nothing", (c) => c.cas("a", "b", 5n), "cas a 0 0 1 5\r\nb\r\n", "NOT_FOUND\r\n", "not found"],
    ["incr", (c) => c.incr("a"), "incr a 1\r\n", "18446744073709551615\r\n", 18446744073709551615n],
    ["decr", (c) => c.decr("a", 5n), "decr a 5\r\n", "NOT_FOUND\r\n", undefined],
    ["delete", (c) => c.delete("a"), "delete a\r\n", "DELETED\r\n", true],
    ["delete of nothing", (c) => c.delete("a"), "delete a\r\n", "NOT_FOUND\r\n", false],
    ["touch", (c) => c.touch("a", { expiresAtMs: 5_000 }), "touch a -1\r\n", "TOUCHED\r\n", true],
    [
      "getMany",
      (c) => c.getMany(["a", "b", "a", "ü"]),
      "gets a b \xc3\xbc\r\n",
      "VALUE \xc3\xbc 0 1 3\r\nx\r\nEND\r\n",
      ["ü x 0 3"],
    ],
    ["getMany of no keys", (c) => c.getMany([]), "", "", []],
    ["mg", (c) => c.metaGet("a", ["v", "t", "Oxy"]), "mg a v t Oxy\r\n", "VA 2 t-1 Oxy\r\nhi\r\n", "VA hi t-1,Oxy"],
    ["mg of nothing", (c) => c.metaGet("a"), "mg a\r\n", "EN\r\n", "EN undefined "],
    ["ms", (c) => c.metaSet("a", "hi", ["T9", "c"]), "ms a 2 T9 c\r\nhi\r\n", "HD c44\r\n", "HD undefined c44"],
    ["md", (c) => c.metaDelete("a", ["C5"]), "md a C5\r\n", "EX\r\n", "EX undefined "],
    ["ma", (c) => c.metaArithmetic("a", ["v"]), "ma a v\r\n", "VA 1\r\n5\r\n", "VA 5 "],
  ];
  for (const [name, ask, request, reply, result] of vectors) {
    test(`${name} says what is due, and reads the answer however it is cut`, () => {
      let sent = "";
      const seen = feedThreeWays(
        () => {
          const asked = connected();
          asked.note(ask(asked.client.cache));
          sent = latin1(asked.transport.bytes());
          return asked;
        },
        Uint8Array.from(reply, (character) => character.charCodeAt(0)),
        ({ results, client }) => [...results, client.inFlight, client.transport.connected],
      );
      assert.equal(sent, request);
      assert.deepEqual(seen, [result, 0, true]);
    });
  }

  test("of the connection: version, stats, flush_all, mn", () => {
    const { client, note, results, transport } = connected();
    note(client.version());
    note(client.stats());
    note(client.stats("items"));
    note(client.flushAll());
    note(client.flushAll(1_500));
    note(client.metaNoop());
    assert.equal(transport.text(), "version\r\nstats\r\nstats items\r\nflush_all\r\nflush_all 2\r\nmn\r\n");
    transport.remote.write("VERSION 1.6.18\r\nSTAT pid 1\r\nSTAT note two words\r\nEND\r\nEND\r\nOK\r\nOK\r\nMN\r\n");
    const stats = ["pid=1", "note=two words"];
    assert.deepEqual(results, ["1.6.18", stats, [], undefined, undefined, undefined]);
  });

  test("of a large value sends the very bytes, and line and value leave in one turn", () => {
    const { client, transport } = connected();
    client.cache.set("a", new Uint8Array(100_000).fill(120));
    assert.equal(transport.text(), `set a 0 0 100000\r\n${"x".repeat(100_000)}\r\n`);
  });
});

describe("requests in a row", () => {
  test("leave in one write, and are answered in their order", () => {
    const { client, note, results, transport } = connected();
    for (const key of ["a", "b", "c"]) note(client.cache.get(key));
    assert.equal(transport.pieces().length, 1);
    transport.remote.write("VALUE a 0 1\r\n1\r\nEND\r\nEND\r\nVALUE c 0 1\r\n3\r\nEND\r\n");
    assert.deepEqual(results, ["1 0 undefined", undefined, "3 0 undefined"]);
  });

  test("survive that one is cancelled: its answer is dropped, and the others get theirs", () => {
    const { client, note, results, transport } = connected();
    note(client.cache.get("a"));
    const cancelled = client.cache.get("b");
    note(cancelled);
    note(client.cache.get("c"));
    cancelled.cancel();
    assert.deepEqual(results, ["AbortError: The Deferred was cancelled"]);
    assert.equal(client.inFlight, 3);
    transport.remote.write("END\r\nVALUE b 0 1\r\n2\r\nEND\r\nVALUE c 0 1\r\n3\r\nEND\r\n");
    assert.deepEqual(results.slice(1), [undefined, "3 0 undefined"]);
    assert.equal(transport.connected, true);
  });

  test("survive that one is refused", () => {
    const { client, note, results, transport } = connected();
    note(client.cache.incr("a"));
    note(client.cache.set("b", "x"));
    note(client.stats("nonsense"));
    note(client.cache.get("c"));
    const why = "cannot increment or decrement non-numeric value";
    transport.remote.write(`CLIENT_ERROR ${why}\r\nSERVER_ERROR out of memory storing object\r\nERROR\r\nEND\r\n`);
    assert.deepEqual(results, [
      `RemoteReplyError: Memcache server answered CLIENT_ERROR: ${why}`,
      "RemoteReplyError: Memcache server answered SERVER_ERROR: out of memory storing object",
      "RemoteReplyError: Memcache server answered ERROR",
      undefined,
    ]);
    assert.equal(transport.connected, true);
  });

  test("end with the connection if the server did not understand one with a value, which it may take for commands", () => {
    const { client, note, results, transport } = connected();
    note(client.cache.set("b", "flush_all\r\n"));
    note(client.cache.get("c"));
    transport.remote.write("ERROR\r\nOK\r\n");
    transport.settle();
    assert.equal(transport.connected, false);
    assert.deepEqual(results, Array(2).fill("RemoteReplyError: Memcache server answered ERROR"));
  });

  test("fail with its reason when the connection goes, and so does what comes later", () => {
    const { client, note, results, transport } = connected();
    note(client.cache.get("a"));
    note(client.cache.set("b", "x"));
    transport.remote.end();
    transport.settle();
    note(client.cache.get("c"));
    assert.deepEqual(results, Array(3).fill(`ConnectionDone: ${new ConnectionDone().message}`));
  });

  test("fail when the oldest has waited for timeoutMs, and the connection is aborted; answers in time put that off", () => {
    const { client, clock, note, results, transport } = connected({ timeoutMs: 1_000 });
    note(client.cache.get("a"));
    clock.advance(600);
    note(client.cache.get("b"));
    transport.remote.write("END\r\n");
    clock.advance(999);
    assert.equal(transport.connected, true);
    clock.advance(1);
    transport.settle();
    assert.equal(transport.connected, false);
    assert.deepEqual(results, [undefined, "TimeoutError: Memcache server did not answer within 1000 ms"]);
  });

  test("leave no timer behind when all is answered, or closed", () => {
    const { client, clock, transport } = connected({ timeoutMs: 1_000 });
    client.cache.get("a");
    transport.remote.write("END\r\n");
    clock.advance(5_000);
    assert.equal(transport.connected, true);
    client.cache.get("a").addErrback(() => {});
    transport.remote.end();
    transport.settle();
    clock.advance(5_000);
  });
});

describe("a server that breaks the rules is left, and who waits is told", () => {
  for (const [name, reply, problem] of [
    ["answers nothing that was asked", "END\r\nEND\r\n", /Peer replied "END" to nothing/],
    ["gives another key", "VALUE b 0 1\r\nx\r\nEND\r\n", /another request/],
    ["gives the key twice", "VALUE a 0 1\r\nx\r\nVALUE a 0 1\r\nx\r\nEND\r\n", /another request/],
    ["answers as to a set", "STORED\r\n", /Peer replied "STORED" to another request/],
    ["gives a cas that was not asked for", "VALUE a 0 1 5\r\nx\r\nEND\r\n", /another request/],
    ["gives flags that are none", "VALUE a x 1\r\nx\r\nEND\r\n", /another request/],
    ["gives a value above the limit", "VALUE a 0 1048577\r\n", /1048577 bytes, 1048576 are allowed/],
    ["sends a line above the limit", "x".repeat(9_000), /more than 8192 bytes/],
    ["speaks something else", "\x80\x01HTTP/1.1 200 OK\r\n", /Peer replied/],
  ] as const) {
    test(`if it ${name}`, () => {
      const refused: string[] = [];
      const { client, note, results, transport } = connected();
      client.replyRefused = ({ message }) => refused.push(message);
      note(client.cache.get("a"));
      transport.remote.write(Uint8Array.from(reply, (character) => character.charCodeAt(0)));
      transport.settle();
      assert.equal(transport.connected, false);
      assert.match(refused.join(), problem);
      if (!name.includes("nothing")) assert.equal(results[0], `RemoteMemcacheError: ${refused[0]}`);
    });
  }
});

describe("what cannot be sent fails, and nothing is sent:", () => {
  for (const [name, ask, message] of [
    ["a key with a space", (c) => c.get("a b"), /holds a space/],
    ["a key with a line's end", (c) => c.delete("a\r\nflush_all"), /holds a space or a control character/],
    ["a key with NUL", (c) => c.get("a\0"), /control character/],
    ["a key with DEL", (c) => c.get("a\x7f"), /control character/],
    ["an empty key", (c) => c.get(""), /empty key/],
    ["a key of 251 bytes", (c) => c.get(`${"é".repeat(125)}x`), /has 251 bytes, 250 are allowed/],
    ["half a character", (c) => c.get("\ud800"), /no Unicode text/],
    ["a bad key among many", (c) => c.getMany(["a", "b c"]), /"b c"/],
    ["a value that is too large", (c) => c.set("a", "x".repeat(1_048_577)), /1048577 bytes: 1048576 are allowed/],
    ["flags of 33 bits", (c) => c.set("a", "", { flags: 2 ** 32 }), /flags 4294967296/],
    ["flags with a fraction", (c) => c.set("a", "", { flags: 0.5 }), /flags 0.5/],
    ["a ttl of 31 days", (c) => c.touch("a", { ttlMs: MAX_TTL_MS + 1 }), /30 days/],
    ["a negative ttl", (c) => c.touch("a", { ttlMs: -1 }), /ttlMs -1/],
    ["two expiries", (c) => c.touch("a", { ttlMs: 1, expiresAtMs: 1 }), /not both/],
    ["an expiry that is no number", (c) => c.touch("a", { expiresAtMs: Number.NaN }), /expiresAtMs NaN/],
    ["a delta below 0", (c) => c.incr("a", -1), /delta -1/],
    ["a delta that is not exact", (c) => c.incr("a", 2 ** 53), /delta 9007199254740992/],
    ["a cas of 65 bits", (c) => c.cas("a", "", 2n ** 64n), /cas 18446744073709551616/],
    ["a meta flag with a space", (c) => c.metaGet("a", ["v q"]), /meta flag "v q"/],
    ["a meta flag with a line's end", (c) => c.metaGet("a", ["O\r\nflush_all"]), /meta flag/],
    ["the flag q", (c) => c.metaSet("a", "", ["q"]), /without an answer/],
    ["flags without end", (c) => c.metaGet("a", [`O${"x".repeat(1_000)}`]), /1002 bytes/],
  ] as readonly (readonly [string, (cache: MemcacheCommands) => Deferred<unknown>, RegExp])[]) {
    test(name, () => {
      const { client, note, results, transport } = connected();
      note(ask(client.cache));
      assert.match(String(results[0]), /^LocalMemcacheError: Cannot /);
      assert.match(String(results[0]), message);
      assert.equal(transport.text(), "");
      assert.equal(client.inFlight, 0);
    });
  }

  test("stats of two words, and a flush before now", () => {
    const { client, note, results, transport } = connected();
    note(client.stats("a\r\nb"));
    note(client.flushAll(-1));
    assert.match(results.join(), /no single word.*Cannot flush in -1 ms/);
    assert.equal(transport.text(), "");
  });

  test("more requests than the limit allows, or more bytes", () => {
    const few = connected({ limits: { maxInFlight: 2 } });
    for (const key of ["a", "b", "c"]) few.note(few.client.cache.get(key));
    assert.deepEqual(few.results, [
      "LocalMemcacheError: Cannot send: 2 requests are unanswered, as many as are allowed",
    ]);
    const deaf = connected({ limits: { maxUnsentBytes: 1_000 } });
    deaf.transport.remote.stopTaking();
    for (let i = 0; i < 3; i += 1) deaf.note(deaf.client.cache.set("a", "x".repeat(900)));
    assert.match(deaf.results.join(), /^LocalMemcacheError: Cannot send: more than 1000 bytes wait/);
  });

  test("anything before there is a connection", () => {
    const results: unknown[] = [];
    new MemcacheProtocol(new Clock()).cache.get("a").addErrback((error) => results.push(String(error)));
    assert.match(results.join(), /no connection yet/);
    assert.throws(() => new MemcacheProtocol(new Clock(), { timeoutMs: 0 }), /timeoutMs must be above 0/);
  });
});

test("a getMany of many keys asks in lines that any server takes, and gives one map", () => {
  const { client, note, results, transport } = connected();
  const keys = Array.from({ length: 100 }, (_, i) => `${i}-`.padEnd(100, "k"));
  note(client.cache.getMany(keys));
  const lines = transport.text().trimEnd().split("\r\n");
  assert.ok(lines.length > 1 && lines.every((line) => line.length <= 2_048));
  for (const line of lines) {
    const found = line
      .split(" ")
      .slice(1)
      .map((key) => `VALUE ${key} 0 1 1\r\nx\r\n`);
    transport.remote.write(`${found.join("")}END\r\n`);
  }
  assert.deepEqual(
    (results[0] as string[]).map((text) => text.split(" ")[0]),
    keys,
  );
});

function connected(options: MemcacheOptions = {}): {
  client: MemcacheProtocol;
  clock: Clock;
  transport: MemoryTransport;
  results: unknown[];
  note: (asked: Deferred<unknown>) => void;
  receive: (data: Uint8Array) => void;
} {
  const clock = new Clock();
  const client = new MemcacheProtocol(clock, options);
  const transport = new MemoryTransport();
  transport.attach(client);
  const results: unknown[] = [];
  const note = (asked: Deferred<unknown>): void => {
    asked.addCallbacks(
      (value) => void results.push(shown(value)),
      (error) => void results.push(String(error)),
    );
  };
  return { client, clock, transport, results, note, receive: (data) => transport.remote.write(data) };
}

function shown(value: unknown): unknown {
  if (value instanceof Map) {
    return [...value].map(([key, one]) => (typeof one === "string" ? `${key}=${one}` : `${key} ${shown(one)}`));
  }
  if (typeof value !== "object" || value === null) return value;
  const { value: bytes } = value as Item | MetaReply;
  const text = bytes === undefined ? "undefined" : latin1(bytes);
  if ("cas" in value) return `${text} ${(value as Item).flags} ${(value as Item).cas}`;
  const { code, flags } = value as MetaReply;
  return `${code} ${text} ${[...flags].map((pair) => pair.join("")).join()}`;
}

function latin1(data: Uint8Array): string {
  return Array.from(data, (byte) => String.fromCharCode(byte)).join("");
}
