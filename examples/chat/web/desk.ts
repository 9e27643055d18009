/** What an admin can do, and sees: what the login gives (the avatar of a cred Portal). */
import type { Reactor } from "ropewalk";
import type { Room } from "ropewalk/chat";
import { tidy } from "ropewalk/chat";
import { EventChannel } from "ropewalk/web";
import { type BannerFile, tidyBanner } from "../banner.ts";
import type { Entry, Ledger, Presence, Sample } from "../ledger.ts";

/** All that a desk shows and changes. */
export interface House {
  readonly reactor: Reactor;
  readonly room: Room;
  readonly ledger: Ledger;
  readonly banner: BannerFile;
}

/** What the page draws before it listens to what is new. */
export interface Overview extends Pulse {
  readonly banner: string;
  readonly startedMs: number;
  readonly entries: readonly Entry[];
  readonly samples: readonly Sample[];
}

/** What it is told each second. */
export interface Pulse {
  readonly nowMs: number;
  readonly people: readonly Presence[];
  readonly messages: number;
}

/** One admin's, from login to logout. */
export class Desk {
  /** Events named "pulse" (a second has passed) and "entry" (something happened); ends with the desk. */
  readonly events: EventChannel;
  readonly #house: House;
  readonly #watching: Disposable;

  constructor(house: House) {
    this.#house = house;
    this.events = new EventChannel({ clock: house.reactor, retryMs: RETRY_MS });
    this.#watching = house.room.watch(() => {
      this.events.send({ event: "entry", data: JSON.stringify(house.ledger.entries.at(-1)) });
    });
  }

  overview(): Overview {
    const { room, ledger } = this.#house;
    const { startedMs, entries, samples } = ledger;
    return { ...this.#pulse(), banner: room.banner, startedMs, entries, samples };
  }

  /** Tells of the second that has passed. */
  beat(sample: Sample): void {
    if (this.events.size > 0) this.events.send({ event: "pulse", data: JSON.stringify({ ...this.#pulse(), sample }) });
  }

  announce(text: string): void {
    this.#house.room.announce(tidy(text));
  }

  kick(name: string, reason: string): boolean {
    return this.#house.room.kick(name, tidy(reason));
  }

  /** Hangs it up once it is kept; fails, and changes nothing, if it cannot be. */
  async setBanner(text: string): Promise<string> {
    const banner = tidyBanner(text);
    await this.#house.banner.save(banner);
    this.#house.room.hang(banner);
    return banner;
  }

  close(): void {
    this.#watching[Symbol.dispose]();
    this.events.close();
  }

  #pulse(): Pulse {
    const { ledger, reactor } = this.#house;
    return { nowMs: reactor.wallTimeMs(), people: ledger.people, messages: ledger.messages };
  }
}

const RETRY_MS = 2_000;
