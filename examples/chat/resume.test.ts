import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { MemoryTransport } from "ropewalk/testing";
import { RememberingRoom } from "./resume.ts";

/** A guest at `room` who says `lines`, and hears what comes back. */
function enter(room: RememberingRoom, ...lines: string[]): { transport: MemoryTransport; heard: () => string[] } {
  const transport = new MemoryTransport();
  transport.attach(room.buildProtocol());
  say(transport, ...lines);
  const heard = () => {
    const text = transport.text();
    transport.clear();
    return text.split("\r\n").slice(0, -1);
  };
  return { transport, heard };
}

function say(transport: MemoryTransport, ...lines: string[]): void {
  for (const line of lines) transport.remote.write(`${line}\r\n`);
}

describe("a room that remembers", () => {
  test("tells a newcomer where in its story it is, and from then on all lines with their numbers, one's own too", () => {
    const room = new RememberingRoom("x1");
    const ann = enter(room, "Ann");
    assert.deepEqual(ann.heard().slice(2), ["# x1 1"]);
    enter(room, "Bob", "hello");
    say(ann.transport, "hi");
    assert.deepEqual(ann.heard(), ["2 * Bob came", "3 <Bob> hello", "4 <Ann> hi"]);
  });

  test("tells who comes back what was missed, in order, and then what is new", () => {
    const room = new RememberingRoom("x1");
    const bob = enter(room, "Bob");
    const ann = enter(room, "Ann");
    ann.transport.remote.reset();
    say(bob.transport, "where is she?");
    const again = enter(room, "/since x1 2", "Ann");
    say(bob.transport, "there!");
    assert.deepEqual(again.heard().slice(2), [
      "# x1 2",
      "3 * Ann left",
      "4 <Bob> where is she?",
      "5 * Ann came",
      "6 <Bob> there!",
    ]);
  });

  test("does so after the name was taken at first, too", () => {
    const room = new RememberingRoom("x1");
    const bob = enter(room, "Bob");
    const ann = enter(room, "Ann");
    const again = enter(room, "/since x1 2", "Ann");
    say(bob.transport, "where is she?");
    ann.transport.remote.reset();
    say(again.transport, "Ann");
    assert.deepEqual(again.heard().slice(3), ["# x1 2", "3 <Bob> where is she?", "4 * Ann left", "5 * Ann came"]);
  });

  test("takes the numbers of another life for nothing", () => {
    const ann = enter(new RememberingRoom("x2"), "/since x1 17", "Ann");
    assert.deepEqual(ann.heard().slice(2), ["# x2 1"]);
  });

  test("takes a number that it has not reached for its last one", () => {
    const ann = enter(new RememberingRoom("x1"), "/since x1 17", "Ann");
    assert.deepEqual(ann.heard().slice(2), ["# x1 1"]);
  });

  test("waits for one who does not read, and misses no line", () => {
    const room = new RememberingRoom("x1");
    const slow = enter(room, "Slow");
    const bob = enter(room, "Bob");
    slow.transport.remote.stopTaking();
    const poem = "la".repeat(400);
    for (let count = 0; count < 200; count += 1) say(bob.transport, poem);
    assert.ok(slow.transport.connected);
    slow.transport.remote.startTaking();
    const numbers = slow.heard().flatMap((line) => /^\d+/.exec(line) ?? []);
    assert.deepEqual(
      numbers.map(Number),
      Array.from({ length: 201 }, (_, at) => at + 2),
    );
  });

  test("keeps nothing of those who have left", () => {
    const room = new RememberingRoom("x1");
    enter(room, "Ann").transport.remote.reset();
    enter(room, "Bob").transport.remote.end();
    assert.deepEqual([room.listeners.size, room.members.size], [0, 0]);
  });
});
