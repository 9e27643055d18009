import assert from "node:assert/strict";
import { connectedPair } from "../../testing/connected-pair.ts";
import { feedThreeWays } from "../../testing/feed-three-ways.ts";
import { MemoryReactor } from "../../testing/memory-reactor.ts";
import { MemoryTransport } from "../../testing/memory-transport.ts";
import { describe, test } from "../../trial/test.ts";
import { MemcacheProtocol } from "./protocol.ts";
import { MemcacheServer, type MemcacheServerOptions } from "./server.ts";

const SET = "set a 5 0 2\r\nhi\r\n";

describe("the text commands", () => {
  const vectors: readonly [string, string, string][] = [
    ["get of nothing", "get a\r\n", "END\r\n"],
    ["set and get", `${SET}get a\r\n`, "STORED\r\nVALUE a 5 2\r\nhi\r\nEND\r\n"],
    ["set without an answer", "set a 5 0 2 noreply\r\nhi\r\nget a\r\n", "VALUE a 5 2\r\nhi\r\nEND\r\n"],
    [
      "gets of several",
      `${SET}set b 0 0 0\r\n\r\ngets a x b\r\n`,
      "STORED\r\nSTORED\r\nVALUE a 5 2 1\r\nhi\r\nVALUE b 0 0 2\r\n\r\nEND\r\n",
    ],
    [
      "a value that looks like commands",
      "set a 0 0 11\r\nflush_all\r\n\r\nget a\r\n",
      "STORED\r\nVALUE a 0 11\r\nflush_all\r\n\r\nEND\r\n",
    ],
    ["add of what is there", `${SET}add a 0 0 1\r\nx\r\nadd b 0 0 1\r\nx\r\n`, "STORED\r\nNOT_STORED\r\nSTORED\r\n"],
    ["replace of nothing", "replace a 0 0 1\r\nx\r\n", "NOT_STORED\r\n"],
    [
      "append and prepend",
      `${SET}append a 0 0 1\r\n!\r\nprepend a 9 9 1\r\n>\r\nget a\r\nappend b 0 0 1\r\nx\r\n`,
      "STORED\r\nSTORED\r\nSTORED\r\nVALUE a 5 4\r\n>hi!\r\nEND\r\nNOT_STORED\r\n",
    ],
    [
      "cas in time, and late",
      `${SET}cas a 0 0 1 1\r\nx\r\ncas a 0 0 1 1\r\ny\r\ncas b 0 0 1 1\r\ny\r\nget a\r\n`,
      "STORED\r\nSTORED\r\nEXISTS\r\nNOT_FOUND\r\nVALUE a 0 1\r\nx\r\nEND\r\n",
    ],
    [
      "incr and decr",
      "set n 5 0 2\r\n10\r\nincr n 5\r\ndecr n 20\r\ngets n\r\nincr x 1\r\n",
      "STORED\r\n15\r\n0\r\nVALUE n 5 2 3\r\n0 \r\nEND\r\nNOT_FOUND\r\n",
    ],
    ["incr beyond 64 bits", "set n 0 0 20\r\n18446744073709551615\r\nincr n 2\r\n", "STORED\r\n1\r\n"],
    [
      "incr of no number",
      `${SET}incr a 1\r\nincr a x\r\n`,
      "STORED\r\nCLIENT_ERROR cannot increment or decrement non-numeric value\r\nCLIENT_ERROR invalid numeric delta argument\r\n",
    ],
    [
      "delete",
      `${SET}delete a\r\ndelete a\r\ndelete a 0\r\ndelete a noreply\r\n`,
      "STORED\r\nDELETED\r\nNOT_FOUND\r\nNOT_FOUND\r\n",
    ],
    ["delete with a time", "delete a 5\r\n", "CLIENT_ERROR bad command line format\r\n"],
    [
      "touch and gat",
      `${SET}touch a 9\r\ntouch b 9\r\ngat 9 a b\r\ngats -1 a\r\nget a\r\n`,
      "STORED\r\nTOUCHED\r\nNOT_FOUND\r\nVALUE a 5 2\r\nhi\r\nEND\r\nVALUE a 5 2 1\r\nhi\r\nEND\r\nEND\r\n",
    ],
    ["flush_all", `${SET}flush_all\r\nget a\r\nflush_all noreply\r\nverbosity 1\r\n`, "STORED\r\nOK\r\nEND\r\nOK\r\n"],
    ["version", "version\r\n", "VERSION 1.6.0-ropewalk\r\n"],
    ["stats of what is not kept", "stats items\r\nstats reset\r\n", "END\r\nRESET\r\n"],
    ["an unknown word", "hello\r\n\r\nGET a\r\nget\r\n", "ERROR\r\nERROR\r\nERROR\r\nERROR\r\n"],
    [
      "a key that is too long",
      `get ${"k".repeat(251)}\r\nget ${"k".repeat(250)}\r\n`,
      "CLIENT_ERROR bad command line format\r\nEND\r\n",
    ],
    [
      "a key with a control character",
      "get a\x01b\r\nset a\tb 0 0 1\r\nx\r\nget a\r\n",
      "CLIENT_ERROR bad command line format\r\nCLIENT_ERROR bad command line format\r\nEND\r\n",
    ],
    [
      "flags and expiries that are none",
      "set a x 0 1\r\nx\r\nset a 4294967296 0 1\r\nx\r\nset a 0 z 1\r\nx\r\nget a\r\n",
      `${"CLIENT_ERROR bad command line format\r\n".repeat(3)}END\r\n`,
    ],
    ["words too many", "touch a 0 b c\r\nset a 0 0 1 x\r\nx\r\n", "CLIENT_ERROR bad command line format\r\n".repeat(2)],
    [
      "a value that is too large",
      `${SET}set a 0 0 101\r\n${"x".repeat(101)}\r\nget a\r\n`,
      "STORED\r\nSERVER_ERROR object too large for cache\r\nEND\r\n",
    ],
    [
      "append to what is too large",
      `set a 0 0 100\r\n${"x".repeat(100)}\r\nappend a 0 0 1\r\nx\r\nget b\r\n`,
      "STORED\r\nSERVER_ERROR object too large for cache\r\nEND\r\n",
    ],
    ["quit", "quit\r\nget a\r\n", ""],
  ];
  for (const [name, requests, replies] of vectors) {
    test(`${name}: answered as memcached does, however it is cut`, () => assert.equal(repliesTo(requests), replies));
  }
});

describe("the meta commands", () => {
  const vectors: readonly [string, string, string][] = [
    ["mn", "mn\r\n", "MN\r\n"],
    ["mg of nothing", "mg a v\r\nmg a v q k\r\nmn\r\n", "EN\r\nMN\r\n"],
    [
      "mg with what is asked",
      `${SET}mg a\r\nmg a s v t f c k Oabc\r\n`,
      "STORED\r\nHD\r\nVA 2 s2 t-1 f5 c1 ka Oabc\r\nhi\r\n",
    ],
    ["mg says whether it was asked for before", `${SET}mg a h l\r\nmg a h l\r\n`, "STORED\r\nHD h0 l0\r\nHD h1 l0\r\n"],
    ["mg with a new time", `${SET}mg a T30 t\r\n`, "STORED\r\nHD t30\r\n"],
    [
      "mg with a place holder: one wins",
      "mg a N30 v t\r\nmg a N30 v\r\nms a 2\r\nhi\r\nmg a v\r\n",
      "VA 0 t30 W\r\n\r\nVA 0 Z\r\n\r\nHD\r\nVA 2\r\nhi\r\n",
    ],
    [
      "mg before it expires: one wins",
      "set a 0 20 1\r\nx\r\nmg a R30\r\nmg a R30\r\nmg a R10\r\n",
      "STORED\r\nHD W\r\nHD Z\r\nHD Z\r\n",
    ],
    [
      "ms in its modes",
      "ms a 1 MA\r\nx\r\nms a 1 ME\r\nx\r\nms a 1 ME\r\ny\r\nms a 1 MA\r\ny\r\nms a 1 MP\r\nw\r\nms b 1 MR\r\nx\r\nmg a v\r\n",
      "NS\r\nHD\r\nNS\r\nHD\r\nHD\r\nNS\r\nVA 3\r\nwxy\r\n",
    ],
    ["ms that makes what it adds to", "ms a 1 MA N30\r\nx\r\nmg a v t\r\n", "HD\r\nVA 1 t30\r\nx\r\n"],
    [
      "ms with flags, time and a cas of its own",
      "ms a 1 F7 T30 E99 c k Oo\r\nx\r\nmg a f t c\r\n",
      "HD c99 ka Oo\r\nHD f7 t30 c99\r\n",
    ],
    [
      "ms with a cas",
      `${SET}ms a 1 C1\r\nx\r\nms a 1 C1\r\ny\r\nms b 1 C1\r\ny\r\nmg a v\r\n`,
      "STORED\r\nHD\r\nEX\r\nNF\r\nVA 1\r\nx\r\n",
    ],
    [
      "ms with an older cas, allowed",
      `set a 0 0 1\r\nv\r\n${SET}ms a 1 C1 I\r\nx\r\nmg a v\r\nmg a v\r\n`,
      "STORED\r\nSTORED\r\nHD\r\nVA 1 X W\r\nx\r\nVA 1 X Z\r\nx\r\n",
    ],
    ["ms in silence", "ms a 1 q\r\nx\r\nms a 1 q ME\r\nx\r\nmn\r\n", "HD\r\nNS\r\nMN\r\n".slice(4)],
    ["md", `${SET}md a k Oo\r\nmd a\r\nmd a q\r\nmn\r\n`, "STORED\r\nHD ka Oo\r\nNF\r\nNF\r\nMN\r\n"],
    ["md with a cas", `${SET}md a C5\r\nmd a C1\r\n`, "STORED\r\nEX\r\nHD\r\n"],
    [
      "md that only says out of date: one wins",
      `${SET}md a I T30\r\nmg a v t c\r\nmg a v\r\n`,
      "STORED\r\nHD\r\nVA 2 t30 c2 X W\r\nhi\r\nVA 2 X Z\r\nhi\r\n",
    ],
    ["md that leaves an empty item", `${SET}md a x\r\nmg a v f\r\n`, "STORED\r\nHD\r\nVA 0 f0\r\n\r\n"],
    [
      "ma",
      "ma n\r\nma n N0 J13 v\r\nma n v t\r\nma n MD D4 v\r\nma n M+ D2 c\r\nma n C1 v\r\n",
      "NF\r\nVA 2\r\n13\r\nVA 2 t-1\r\n14\r\nVA 2\r\n10\r\nHD c4\r\nEX\r\n",
    ],
    ["ma of no number", `${SET}ma a\r\n`, "STORED\r\nCLIENT_ERROR cannot increment or decrement non-numeric value\r\n"],
    ["keys in base64", "ms Zm9v 1 b\r\nx\r\nmg foo v\r\nmg Zm9v b k v\r\n", "HD\r\nVA 1\r\nx\r\nVA 1 b kZm9v\r\nx\r\n"],
    [
      "tokens that are none",
      `${SET}mg a Tx\r\nms a 1 Fx\r\ny\r\nms a 1 MX\r\ny\r\nmd a Cx\r\nma a Dx\r\nmg a v v\r\nmg a 1\r\nmg @ b\r\nmg\r\nmg a v\r\n`,
      `STORED\r\n${"CLIENT_ERROR bad token in command line format\r\n".repeat(5)}${"CLIENT_ERROR invalid or duplicate flag\r\n".repeat(3)}CLIENT_ERROR bad command line format\r\nVA 2\r\nhi\r\n`,
    ],
    [
      "a value that is too large",
      `ms a 101 q\r\n${"x".repeat(101)}\r\nmn\r\n`,
      "SERVER_ERROR object too large for cache\r\nMN\r\n",
    ],
  ];
  for (const [name, requests, replies] of vectors) {
    test(`${name}: answered as memcached does, however it is cut`, () => assert.equal(repliesTo(requests), replies));
  }
});

describe("a client that cannot be understood is answered and left, and nobody else is:", () => {
  for (const [name, requests, reply] of [
    ["no length", "set a 0 0\r\nflush_all\r\n", "bad command line format"],
    ["a length that is none", "set a 0 0 -1\r\nflush_all\r\n", "bad command line format"],
    ["a value with another end", "set a 0 0 1\r\nxflush_all\r\n", "bad data chunk"],
    ["a line without end", "x".repeat(70_000), "line too long"],
  ] as const) {
    test(name, () => {
      const server = new MemcacheServer(new MemoryReactor());
      const [bad, good] = [visit(server), visit(server)];
      good.remote.write(SET);
      bad.remote.write(requests);
      bad.settle();
      good.remote.write("get a\r\n");
      assert.equal(bad.text(), `CLIENT_ERROR ${reply}\r\n`);
      assert.deepEqual([bad.connected, good.connected], [false, true]);
      assert.equal(good.text(), "STORED\r\nVALUE a 5 2\r\nhi\r\nEND\r\n");
    });
  }
});

describe("time", () => {
  test("an item goes when its seconds are over, at its time of day, or with a flush that was put off", (t) => {
    const { reactor } = t;
    const guest = visit(new MemcacheServer(reactor));
    const at = Math.floor(reactor.wallTimeMs() / 1_000) + 3_000_000;
    guest.remote.write(`set s 0 10 1\r\nx\r\nset d 0 ${at} 1\r\nx\r\nset f 0 0 1\r\nx\r\nset gone 0 -1 1\r\nx\r\n`);
    const keysAfter = (ms: number): string => {
      reactor.advance(ms);
      guest.clear();
      guest.remote.write("get s d f gone\r\n");
      return guest.text().replaceAll(/VALUE (\w) 0 1\r\nx\r\n|END\r\n/g, "$1");
    };
    assert.equal(keysAfter(0), "sdf");
    assert.equal(keysAfter(9_999), "sdf");
    assert.equal(keysAfter(1), "df");
    assert.equal(keysAfter(2_999_990_000), "f");
    guest.remote.write("flush_all 10\r\n");
    assert.equal(keysAfter(9_999), "f");
    assert.equal(keysAfter(1), "");
  });
});

describe("room", () => {
  test("what was unused longest goes first, and stats tell", () => {
    const server = new MemcacheServer(new MemoryReactor(), { maxBytes: 350 });
    const guest = visit(server);
    for (const key of ["a", "b", "c"]) guest.remote.write(`set ${key} 0 0 10\r\n0123456789\r\n`);
    guest.remote.write("get a\r\nset d 0 0 10\r\n0123456789\r\n");
    guest.clear();
    guest.remote.write("get b\r\nget a\r\nget c\r\nget d\r\nstats\r\n");
    const [values = "", stats = ""] = [guest.text().split("STAT")[0], guest.text()];
    assert.deepEqual(
      [...values.matchAll(/VALUE (\w)/g)].map(([, key]) => key),
      ["a", "c", "d"],
    );
    for (const line of [
      "curr_items 3",
      "bytes 333",
      "evictions 1",
      "cmd_get 5",
      "get_hits 4",
      "get_misses 1",
      "cmd_set 4",
      "curr_connections 1",
      "limit_maxbytes 350",
    ]) {
      assert.ok(stats.includes(`STAT ${line}\r\n`), line);
    }
  });

  test("an item that is larger than all of it is refused, and pushes nobody out", () => {
    const guest = visit(new MemcacheServer(new MemoryReactor(), { maxBytes: 350 }));
    guest.remote.write(`${SET}set b 0 0 300\r\n${"x".repeat(300)}\r\nget a\r\n`);
    assert.match(guest.text(), /SERVER_ERROR object too large for cache\r\nVALUE a/);
  });

  test("what is stored keeps nothing alive but itself", () => {
    const server = new MemcacheServer(new MemoryReactor());
    visit(server).remote.write(SET + "x".repeat(1_000));
    assert.equal(server.store.peek("a", 0)?.value.buffer.byteLength, 2);
  });
});

test("a client that does not read is not served until it does", () => {
  const server = new MemcacheServer(new MemoryReactor());
  const client = new MemcacheProtocol(new MemoryReactor());
  const { transportA, transportB, flush } = connectedPair(client, server.buildProtocol());
  client.cache.set("a", new Uint8Array(100_000));
  flush();
  client.pauseReading();
  const answered: number[] = [];
  for (let i = 0; i < 100; i += 1) client.cache.get("a").addCallback(() => answered.push(i));
  flush();
  assert.ok(transportB.bufferedBytes < 1_000_000, `${transportB.bufferedBytes} bytes wait`);
  client.resumeReading();
  flush();
  assert.deepEqual([answered.length, transportA.connected], [100, true]);
});

function visit(server: MemcacheServer): MemoryTransport {
  const transport = new MemoryTransport();
  transport.attach(server.buildProtocol());
  return transport;
}

/** What a new server says to these requests, at any cut. */
function repliesTo(requests: string, options: MemcacheServerOptions = { maxValueBytes: 100 }): string {
  return feedThreeWays(
    () => {
      const transport = visit(new MemcacheServer(new MemoryReactor(), options));
      return { transport, receive: (data: Uint8Array) => transport.connected && transport.remote.write(data) };
    },
    Uint8Array.from(requests, (character) => character.charCodeAt(0)),
    ({ transport }) => transport.text(),
  );
}
