/**
 * The chat on a network that does its worst: `npx ropewalk sim examples/chat/chat.sim.ts --seeds 200`. It must keep what it
 * promises, and each bug of plants.ts must break that: `--plant lost-resume`, `split-line` or `leak`.
 */
import assert from "node:assert/strict";
import { LoopingCall, listen, type Reactor } from "ropewalk";
import { idleTimeout } from "ropewalk/policies";
import { type FaultMenuItem, longTail, type Simulation, scenario } from "ropewalk/sim";
import { Guest } from "./guest.ts";
import { LeakyRoom, LostResumeRoom, SplitLineGuest } from "./plants.ts";
import { RememberingRoom } from "./resume.ts";

const NAMES = ["Ann", "Bob", "Cid", "Dan"];
const DURATION_MS = 60_000;
/** Guests say something every five seconds. */
const SILENCE_MS = 15_000;

export default scenario<World>({
  name: "chat",
  plants: ["lost-resume", "split-line", "leak", "no-timeout"],
  setup(sim, { plant }) {
    const world = new World(sim);
    sim.host("server", { program: (reactor) => world.serve(reactor, plant) });
    for (const name of NAMES) {
      const Person = plant === "split-line" ? SplitLineGuest : Guest;
      const program = (reactor: Reactor): void => world.enter(new Person(reactor, "tcp:server:1400", name));
      sim.host(name, { groups: ["guests"], program });
    }
    sim.link("server", "guests", { latencyMs: longTail(20, 0.5), loss: 0.01 });
    return world;
  },
  durationMs: DURATION_MS,
  faults: {
    kinds: [
      ...NAMES.flatMap((name): FaultMenuItem[] => [
        { kind: "partition", between: ["server", name] },
        { kind: "one-way partition", from: "server", to: name },
        { kind: "one-way partition", from: name, to: "server" },
        { kind: "silent drop", between: ["server", name] },
        { kind: "half-open", host: name, peer: "server" },
        { kind: "reset", between: ["server", name] },
        { kind: "bad link", between: ["server", name] },
        { kind: "slow reader", host: name },
        { kind: "crash", host: name },
        { kind: "pause", host: name },
      ]),
      { kind: "partition", between: ["server", "guests"] },
      { kind: "silent drop", between: ["server", "guests"] },
      { kind: "kill", host: "server" },
      { kind: "crash", host: "server" },
      { kind: "pause", host: "server" },
      { kind: "refuse", host: "server" },
    ],
    count: [1, 5],
    longestMs: 40_000,
  },
  invariants: {
    "what is told reaches everybody who stays or comes back: whole, in order, once": ({ guests }) => {
      for (const { complaint } of guests.values()) assert.ok(complaint === undefined, complaint);
    },
    "nobody hears a name twice": ({ guests }) => {
      for (const { nameTwice } of guests.values()) assert.ok(nameTwice === undefined, nameTwice);
    },
    "the room keeps nobody who has left": ({ room }) => {
      assert.ok(
        room === undefined || room.listeners.size <= room.members.size,
        "there are listeners who are no members",
      );
    },
  },
  eventually: {
    "everybody hears everybody again": ({ guests }) => [...guests.values()].every((guest) => guest.hearsAll(NAMES)),
  },
  settleMs: 300_000,
});

/** What the conditions look at: the rooms there were, and who sits at the machines now. */
class World {
  readonly rooms: Map<string, RememberingRoom> = new Map();
  readonly guests: Map<string, Witness> = new Map();
  room: RememberingRoom | undefined;
  readonly #sim: Simulation;

  constructor(sim: Simulation) {
    this.#sim = sim;
  }

  serve(reactor: Reactor, plant: string | undefined): unknown {
    const Kind = plant === "lost-resume" ? LostResumeRoom : plant === "leak" ? LeakyRoom : RememberingRoom;
    this.room = new Kind(Buffer.from(reactor.randomBytes(4)).toString("hex"));
    this.rooms.set(this.room.life, this.room);
    // Else a room full of the half-open connections of those who ask to come back tells nobody anything, and never learns.
    const patient = idleTimeout(this.room, {
      clock: reactor,
      idleTimeoutMs: SILENCE_MS,
      activity: "reading",
      close: "abort",
    });
    return listen(reactor, "tcp:1400", plant === "no-timeout" ? this.room : patient);
  }

  enter(guest: Guest): void {
    this.guests.set(guest.name, new Witness(guest, this.rooms, () => this.#sim.nowMs));
    guest.start();
    let count = 0;
    const talk = (): void => {
      // Dan recites: a slow reader must feel it.
      const lines = guest.name === "Dan" ? Array.from({ length: 12 }, () => "tra la la ".repeat(90)) : ["hello"];
      for (const line of lines) if (guest.say(`${count} ${line}`)) count += 1;
    };
    new LoopingCall(guest.reactor, talk).start(1_000);
  }
}

/** Compares what one guest hears with what the room told. */
class Witness {
  /** What came that should not have come now. */
  complaint: string | undefined;
  nameTwice: string | undefined;
  readonly #guest: Guest;
  readonly #rooms: ReadonlyMap<string, RememberingRoom>;
  readonly #nowMs: () => number;
  readonly #heardMs = new Map<string, number>();
  readonly #isHere = new Map<string, boolean>();
  #life = "";
  #last = 0;

  constructor(guest: Guest, rooms: ReadonlyMap<string, RememberingRoom>, nowMs: () => number) {
    this.#guest = guest;
    this.#rooms = rooms;
    this.#nowMs = nowMs;
    guest.heard = (number, line) => this.#heard(number, line);
  }

  /** Since the faults ended. */
  hearsAll(names: readonly string[]): boolean {
    return names.every((name) => (this.#heardMs.get(name) ?? 0) > DURATION_MS);
  }

  #heard(number: number, line: string): void {
    const { name, life } = this.#guest;
    if (life !== this.#life) {
      this.#isHere.clear();
      this.#life = life;
      this.#last = number - 1;
    }
    const told = this.#rooms.get(life)?.told[number - 1];
    if (number !== this.#last + 1) this.complaint ??= `${name} heard line ${number} after line ${this.#last}`;
    if (line !== told) this.complaint ??= `${name} heard "${line}" as line ${number}, which was "${told}"`;
    this.#last = number;
    const [, speaker] = /^<(\w+)>/.exec(line) ?? [];
    if (speaker !== undefined) this.#heardMs.set(speaker, this.#nowMs());
    const [, mover = "", verb] = /^\* (\w+) (came|left)$/.exec(line) ?? [];
    if (verb === undefined) return;
    const isHere = verb === "came";
    if (this.#isHere.get(mover) === isHere) this.nameTwice ??= `${name} heard "${line}" twice`;
    this.#isHere.set(mover, isHere);
  }
}
