/** Who is here since when, and how much is said: what the dashboard shows. */
import { formatAddress, type Reactor } from "ropewalk";
import type { News, Room } from "ropewalk/chat";

/** Somebody who is here. Times are on the wall's clock. */
export interface Presence {
  readonly name: string;
  readonly peer: string;
  readonly sinceMs: number;
  readonly messages: number;
  readonly idleMs: number;
}

/** One second. */
export interface Sample {
  readonly messages: number;
  readonly people: number;
  readonly connections: number;
}

/** News with its number, from 1. */
export interface Entry {
  readonly id: number;
  readonly atMs: number;
  readonly news: News;
}

/** Watches a room from its making on. Call `sample` each second. */
export class Ledger {
  /** The last ones, oldest first. */
  readonly entries: Entry[] = [];
  readonly samples: Sample[] = [];
  /** Since the room was opened. */
  messages = 0;
  readonly startedMs: number;
  readonly #room: Room;
  readonly #clock: Pick<Reactor, "wallTimeMs">;
  readonly #presences = new Map<string, { sinceMs: number; saidMs: number; messages: number }>();
  #count = 0;
  #messagesNow = 0;

  constructor(room: Room, clock: Pick<Reactor, "wallTimeMs">) {
    this.#room = room;
    this.#clock = clock;
    this.startedMs = clock.wallTimeMs();
    room.watch((news) => this.#write(news));
  }

  get people(): Presence[] {
    const nowMs = this.#clock.wallTimeMs();
    return [...this.#room.members.values()].map(({ name, transport }) => {
      const { sinceMs = nowMs, saidMs = nowMs, messages = 0 } = this.#presences.get(name) ?? {};
      return { name, peer: formatAddress(transport.peer), sinceMs, messages, idleMs: Math.max(0, nowMs - saidMs) };
    });
  }

  /** Ends a second. */
  sample(): Sample {
    const { members, connections } = this.#room;
    const sample = { messages: this.#messagesNow, people: members.size, connections };
    this.#messagesNow = 0;
    keep(this.samples, sample, MAX_SAMPLES);
    return sample;
  }

  #write(news: News): void {
    const atMs = this.#clock.wallTimeMs();
    this.#count += 1;
    keep(this.entries, { id: this.#count, atMs, news }, MAX_ENTRIES);
    if (news.kind === "came") {
      this.#presences.set(news.name, { sinceMs: atMs, saidMs: atMs, messages: 0 });
    } else if (news.kind === "left" || news.kind === "kicked") {
      this.#presences.delete(news.name);
    } else if (news.kind === "said") {
      this.messages += 1;
      this.#messagesNow += 1;
      const presence = this.#presences.get(news.name);
      if (presence !== undefined) Object.assign(presence, { saidMs: atMs, messages: presence.messages + 1 });
    }
  }
}

function keep<T>(list: T[], item: T, most: number): void {
  list.push(item);
  if (list.length > most) list.shift();
}

/** Two minutes: what a chart on a phone can show. */
const MAX_SAMPLES = 120;
/** Some screens of a log. */
const MAX_ENTRIES = 200;
