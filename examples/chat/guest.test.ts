import assert from "node:assert/strict";
import { test } from "node:test";
import { listen, type Reactor } from "ropewalk";
import { Simulation } from "ropewalk/sim";
import { Guest } from "./guest.ts";
import { RememberingRoom } from "./resume.ts";

/** Ann, a room on a machine of its own, and what she hears. */
function scene(): { sim: Simulation; ann: Guest; heard: string[]; room: () => RememberingRoom } {
  const sim = new Simulation({ seed: 1 });
  let room = new RememberingRoom("none");
  let lives = 0;
  const serve = (reactor: Reactor): unknown => {
    lives += 1;
    room = new RememberingRoom(`life${lives}`);
    return listen(reactor, "tcp:1400", room);
  };
  sim.host("server", { program: serve });
  const ann = new Guest(sim.host("ann").reactor, "tcp:server:1400", "Ann");
  const heard: string[] = [];
  ann.heard = (number, line) => heard.push(`${ann.life} ${number} ${line}`);
  ann.start();
  return { sim, ann, heard, room: () => room };
}

test("a guest says nothing before it is in the room, and hears its own lines afterwards", async () => {
  const { sim, ann, heard } = scene();
  assert.equal(ann.say("hello?"), false);
  await sim.advance(10_000);
  assert.equal(ann.say("hello!"), true);
  await sim.advance(1_000);
  assert.deepEqual(heard, ["life1 2 <Ann> hello!"]);
});

test("a guest whose connection is lost without a word comes back, though its name is taken, and misses nothing", async () => {
  const { sim, ann, heard, room } = scene();
  await sim.advance(10_000);
  const cut = sim.rule(({ from, to }) => (from.name === "ann" || to?.name === "ann" ? { lose: "cut" } : undefined));
  room().announce("is she there?");
  await sim.advance(20_000);
  assert.equal(ann.connection, undefined);
  assert.ok(room().members.has("Ann"));
  cut[Symbol.dispose]();
  await sim.until(() => ann.connection !== undefined);
  await sim.advance(100);
  assert.deepEqual(heard, ["life1 2 * The house: is she there?", "life1 3 * Ann left", "life1 4 * Ann came"]);
});

test("a guest follows the room into its next life", async () => {
  const { sim, ann, heard, room } = scene();
  await sim.advance(10_000);
  sim.host("server").kill();
  await sim.advance(10_000);
  room().announce("a new start");
  await sim.advance(1_000);
  assert.deepEqual([ann.life, heard], ["life2", ["life2 2 * The house: a new start"]]);
});

test("a guest that has stopped leaves nothing behind", async () => {
  const { sim, ann, room } = scene();
  await sim.advance(10_000);
  await sim.until(ann.stop());
  await sim.advance(10);
  assert.deepEqual([room().listeners.size, room().members.size], [0, 0]);
  const { eventCount } = sim;
  await sim.advance(3_600_000);
  assert.equal(sim.eventCount, eventCount);
});
