/** What the room does for the house: banner, announcements, the door, the books. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { chatServer, Room } from "ropewalk/chat";
import { Clock, MemoryReactor, MemoryTransport } from "ropewalk/testing";
import { BannerFile, tidyBanner } from "./banner.ts";
import { Ledger } from "./ledger.ts";
import { readOptions } from "./options.ts";

/** Somebody at a terminal. */
function enter(room: Room, ...lines: string[]): { transport: MemoryTransport; heard: () => string[] } {
  const transport = new MemoryTransport();
  transport.attach(room.buildProtocol());
  for (const line of lines) transport.remote.write(`${line}\n`);
  const heard = () => {
    const text = transport.text();
    transport.clear();
    return text.split("\r\n").slice(0, -1);
  };
  return { transport, heard };
}

describe("the house", () => {
  test("announces to everybody", () => {
    const room = new Room();
    const people = [enter(room, "Ann"), enter(room, "Bob")];
    room.announce("tea");
    for (const { heard } of people) assert.equal(heard().at(-1), "* The house: tea");
  });

  test("greets newcomers with the banner's lines, and tells those who are here of a new one", () => {
    const room = new Room();
    const ann = enter(room, "Ann");
    room.hang("Tea at five\nin the long shed");
    assert.equal(ann.heard().at(-1), "* The banner now says: Tea at five / in the long shed");
    assert.deepEqual(enter(room).heard(), [
      "Tea at five",
      "in the long shed",
      "Welcome to the ropewalk. What is your name?",
    ]);
    room.hang("");
    assert.equal(ann.heard().at(-1), "* The banner was taken down");
    assert.deepEqual(enter(room).heard(), ["Welcome to the ropewalk. What is your name?"]);
  });

  test("shows somebody the door: they and the others hear why, they are gone, and their name is free", () => {
    const room = new Room();
    const [ann, bob] = [enter(room, "Ann"), enter(room, "Bob")];
    ann.heard();
    assert.equal(room.kick("Bob", "spam"), true);
    assert.deepEqual(ann.heard(), ["* Bob was shown the door: spam"]);
    assert.equal(bob.heard().at(-1), "You were shown the door: spam");
    assert.equal(bob.transport.connected, false);
    enter(room, "Bob");
    assert.deepEqual(ann.heard(), ["* Bob came"]);
    assert.equal(room.kick("Cid", ""), false);
  });

  test("does not hear what somebody says who was shown the door and is slow to go", () => {
    const room = new Room();
    const [ann, bob] = [enter(room, "Ann"), enter(room, "Bob")];
    bob.transport.remote.stopTaking();
    room.kick("Bob", "");
    ann.heard();
    bob.transport.remote.write("but I\n/who\n");
    assert.deepEqual(ann.heard(), []);
  });

  test("counts connections, of the nameless too", () => {
    const room = new Room();
    const [ann] = [enter(room, "Ann"), enter(room)];
    assert.equal(room.connections, 2);
    ann.transport.remote.reset();
    assert.equal(room.connections, 1);
  });
});

describe("the patience of the chat", () => {
  const [SILENCE_MS, PLACE] = [7_500_000, 1400];

  test("ends a connection after two hours and five minutes in which neither side said anything", async () => {
    const { reactor, room } = await open();
    const ann = reactor.dial(PLACE);
    ann.remote.write("Ann\n");
    reactor.advance(SILENCE_MS - 1);
    assert.deepEqual([ann.connected, room.members.size], [true, 1]);
    reactor.advance(1);
    assert.deepEqual([ann.connected, room.members.size, room.connections], [false, 0, 0]);
  });

  test("keeps somebody who only listens, while there is something to hear", async () => {
    const { reactor, room } = await open();
    const ann = reactor.dial(PLACE);
    ann.remote.write("Ann\n");
    for (let hour = 0; hour < 10; hour += 1) {
      reactor.advance(3_600_000);
      room.announce("the hour");
    }
    assert.equal(ann.connected, true);
  });

  async function open(): Promise<{ reactor: MemoryReactor; room: Room }> {
    const [reactor, room] = [new MemoryReactor(), new Room()];
    await reactor.listenTcp({ port: PLACE }, chatServer(room, { clock: reactor }));
    return { reactor, room };
  }
});

describe("a banner's file", () => {
  test("need not be there", async () => {
    assert.equal(await new BannerFile(new MemoryReactor().files, "/banner").load(), "");
  });

  test("gives back what was saved, and the last of several that are saved at once", async () => {
    const { files } = new MemoryReactor();
    const banner = new BannerFile(files, "/banner");
    await Promise.all([banner.save("one"), banner.save("two"), banner.save("Tea\nat five")]);
    assert.equal(await new BannerFile(files, "/banner").load(), "Tea\nat five");
  });

  test("that cannot be read is an error that names it", async () => {
    const { files } = new MemoryReactor();
    await files.makeDirectory("/banner");
    await assert.rejects(new BannerFile(files, "/banner").load(), {
      name: "BannerFileError",
      message: /^Cannot read banner "\/banner": .*EISDIR/,
    });
  });

  test("is tidied: no controls, ten lines of two hundred characters at most, nothing around them", () => {
    assert.equal(tidyBanner("\n\r\n a\u001b[2Jb\r\nc \n\n"), "a[2Jb\nc");
    assert.equal(tidyBanner("x\n".repeat(20)), "x\n".repeat(10).trim());
    assert.equal(tidyBanner("x".repeat(300)), "x".repeat(200));
  });
});

describe("the books", () => {
  test("say who is here, from where, since when, how much was said, and how long ago", () => {
    const { clock, room, ledger } = books();
    enter(room, "Ann");
    clock.advance(5_000);
    enter(room, "Bob", "hello", "hello?");
    clock.advance(1_000);
    const [ann, bob] = ledger.people;
    assert.equal(ann?.peer, "192.0.2.1:49152");
    assert.deepEqual([ann?.name, ann?.sinceMs, ann?.messages, ann?.idleMs], ["Ann", 0, 0, 6_000]);
    assert.deepEqual([bob?.name, bob?.sinceMs, bob?.messages, bob?.idleMs], ["Bob", 5_000, 2, 1_000]);
  });

  test("forget who has left, and who was shown the door", () => {
    const { room, ledger } = books();
    enter(room, "Ann", "hello").transport.remote.reset();
    enter(room, "Bob");
    room.kick("Bob", "");
    assert.deepEqual(ledger.people, []);
    enter(room, "Ann");
    assert.deepEqual(
      ledger.people.map(({ messages }) => messages),
      [0],
    );
  });

  test("count what is said in each second", () => {
    const { room, ledger } = books();
    enter(room, "Ann", "one", "two");
    enter(room);
    assert.deepEqual(ledger.sample(), { messages: 2, people: 1, connections: 2 });
    assert.deepEqual(ledger.sample(), { messages: 0, people: 1, connections: 2 });
    assert.equal(ledger.messages, 2);
  });

  test("do not grow without end", () => {
    const { room, ledger } = books();
    for (let count = 1; count <= 1_000; count += 1) {
      room.announce(String(count));
      ledger.sample();
    }
    assert.deepEqual([ledger.samples.length, ledger.entries.length, ledger.entries.at(-1)?.id], [120, 200, 1_000]);
  });

  function books(): { clock: Clock; room: Room; ledger: Ledger } {
    const [clock, room] = [new Clock(), new Room()];
    return { clock, room, ledger: new Ledger(room, { wallTimeMs: () => clock.now() }) };
  }
});

describe("the options", () => {
  test("are all optional", () => {
    const { listen, web, banner } = readOptions([]);
    assert.deepEqual([listen, web, banner], [["tcp:1400"], "tcp:8080:interface=127.0.0.1", "chat-banner.txt"]);
    assert.equal(readOptions(["--web", "none"]).web, undefined);
  });

  for (const [args, problem] of [
    [["--listen", "nonsense:1"], /^Cannot parse endpoint "nonsense:1"/],
    [["--web", "tcp:http"], /^Cannot parse endpoint "tcp:http"/],
    [["--banner", ""], /^Cannot keep the banner/],
    [["--colour"], /--colour/],
    [["1400"], /1400/],
  ] as const) {
    test(`are refused when wrong: ${args.join(" ")}`, () => {
      assert.throws(() => readOptions(args), { message: problem });
    });
  }
});
