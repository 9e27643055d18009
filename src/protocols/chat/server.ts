import type { Address } from "../../core/address.ts";
import type { Factory } from "../../core/protocol.ts";
import type { Clock } from "../../core/time/clock.ts";
import { idleTimeout } from "../../policies/idle-timeout.ts";
import { LineProtocol } from "../line/protocol.ts";
import { lineOf, type News, tidy } from "./news.ts";

/** Somebody who can be in a room, whatever the connection speaks. */
export interface Person {
  readonly name: string;
  readonly transport: { readonly peer: Address };
  /** Told of all that happens in the room, what this person says included. */
  hear(news: News): void;
  /** Says a last line, and hangs up. */
  sendAway(line: string): void;
}

/**
 * Everybody who is here, by name. One room can be served on many endpoints at once; whoever comes some other way than as a
 * line of text is a {@link Person} of its own kind. `chatServer` makes a factory of it that notices who went without a word.
 *
 * @example
 * ```ts
 * import { listen } from "ropewalk";
 * import { Room } from "ropewalk/chat";
 * import { MemoryReactor } from "ropewalk/testing";
 *
 * const reactor = new MemoryReactor();
 * const room = new Room();
 * await listen(reactor, "tcp:1400", room);
 * const ann = reactor.dial(1400);
 * ann.remote.write("Ann\n");
 * room.announce("tea");
 * console.log(ann.text().split("\r\n").at(-2)); // * The house: tea
 * ```
 */
export class Room implements Factory<Member> {
  readonly members: Map<string, Person> = new Map();
  /** What newcomers read first: lines of text, or nothing. */
  banner = "";
  /** Open connections, also of those who have not said their name. */
  connections = 0;
  readonly #watchers = new Set<(news: News) => void>();

  buildProtocol(): Member {
    return new Member(this);
  }

  /** Calls `f` with all that happens, until disposed. */
  watch(f: (news: News) => void): Disposable {
    const watcher = (news: News): void => f(news);
    this.#watchers.add(watcher);
    return { [Symbol.dispose]: () => void this.#watchers.delete(watcher) };
  }

  tell(news: News): void {
    for (const person of [...this.members.values()]) person.hear(news);
    for (const watcher of this.#watchers) watcher(news);
  }

  /** Why nobody can enter under this name; undefined if somebody can. */
  refusal(name: string): string | undefined {
    if (name === "" || name.length > MAX_NAME_LENGTH) return `A name has 1 to ${MAX_NAME_LENGTH} characters.`;
    return this.members.has(name) ? `${name} is here already.` : undefined;
  }

  enter(person: Person): void {
    this.tell({ kind: "came", name: person.name });
    this.members.set(person.name, person);
  }

  /** Nothing happens for one who is not here. */
  leave(person: Person): void {
    if (!this.has(person)) return;
    this.members.delete(person.name);
    this.tell({ kind: "left", name: person.name });
  }

  has(person: Person): boolean {
    return this.members.get(person.name) === person;
  }

  say(person: Person, text: string): void {
    if (text !== "" && this.has(person)) this.tell({ kind: "said", name: person.name, text });
  }

  announce(text: string): void {
    this.tell({ kind: "announced", text });
  }

  hang(banner: string): void {
    this.banner = banner;
    this.tell({ kind: "banner", text: banner });
  }

  /** False if nobody of that name is here. */
  kick(name: string, reason: string): boolean {
    const person = this.members.get(name);
    if (person === undefined) return false;
    this.members.delete(name);
    this.tell({ kind: "kicked", name, reason });
    person.sendAway(`You were shown the door${reason === "" ? "" : `: ${reason}`}`);
    return true;
  }

  close(): void {
    this.tell({ kind: "closing" });
    for (const person of this.members.values()) person.sendAway("");
  }
}

/**
 * One person at the end of one connection. The first line is the name; what follows is said to the others, but for `/who` and
 * `/quit`.
 *
 * @example
 * ```ts
 * import { Room } from "ropewalk/chat";
 * import { MemoryTransport } from "ropewalk/testing";
 *
 * const room = new Room();
 * const transport = new MemoryTransport();
 * transport.attach(room.buildProtocol());
 * transport.remote.write("Ann\n/who\n");
 * console.log(transport.text().split("\r\n").at(-2)); // * Here: Ann
 * ```
 */
export class Member extends LineProtocol implements Person {
  override acceptBareNewline: boolean = true;
  override maxLength: number = 1_000;
  readonly #room: Room;
  #name: string | undefined;
  #isLeaving = false;

  constructor(room: Room) {
    super();
    this.#room = room;
  }

  get name(): string {
    return this.#name ?? "";
  }

  override connectionMade(): void {
    this.#room.connections += 1;
    if (this.#room.banner !== "") for (const line of this.#room.banner.split("\n")) this.sendLine(line);
    this.sendLine("Welcome to the ropewalk. What is your name?");
  }

  override lineReceived(received: string): void {
    if (this.#isLeaving) return;
    const line = tidy(received);
    if (this.#name === undefined) this.#enter(line);
    else if (line === "/who") this.sendLine(`* Here: ${[...this.#room.members.keys()].join(", ")}`);
    else if (line === "/quit") this.sendAway("Goodbye!");
    else this.#room.say(this, line);
  }

  override connectionLost(_reason: Error): void {
    this.#room.connections -= 1;
    this.#room.leave(this);
  }

  /** Somebody who does not read holds up memory, not the room. */
  override writingPaused(): void {
    this.transport.abortConnection();
  }

  hear(news: News): void {
    // A terminal shows what was typed.
    if (news.kind !== "said" || news.name !== this.#name) this.sendLine(lineOf(news));
  }

  sendAway(line: string): void {
    this.#isLeaving = true;
    if (line !== "") this.sendLine(line);
    this.transport.loseConnection();
  }

  #enter(name: string): void {
    const { members } = this.#room;
    const refusal = this.#room.refusal(name);
    if (refusal !== undefined) {
      this.sendLine(`${refusal} What is your name?`);
      return;
    }
    this.#name = name;
    this.sendLine(`Hello, ${name}. Here: ${[...members.keys()].join(", ") || "nobody else"}. Try /who and /quit.`);
    this.#room.enter(this);
  }
}

/**
 * The room as a factory that ends connections whose peer went without a word. What lies between two machines may forget a
 * connection that was silent for 2 h 4 min (RFC 5382 §5), and tells neither of them: after that, silence means nothing good.
 * Whatever is said in the room, by whomever, breaks the silence: nobody has to talk in order to listen. To a peer that is gone,
 * the kernel gives up within a quarter of an hour; that ends the connection, too.
 *
 * @example
 * ```ts
 * import { listen } from "ropewalk";
 * import { chatServer, Room } from "ropewalk/chat";
 * import { MemoryReactor } from "ropewalk/testing";
 *
 * const reactor = new MemoryReactor();
 * await listen(reactor, "tcp:1400", chatServer(new Room(), { clock: reactor }));
 * const ann = reactor.dial(1400);
 * reactor.advance(3 * 3_600_000);
 * console.log(ann.connected); // false
 * ```
 */
export function chatServer(room: Room, { clock, idleTimeoutMs = IDLE_MS }: ChatServerOptions): Factory {
  return idleTimeout(room, { clock, idleTimeoutMs });
}

/** How patient a room is. */
export interface ChatServerOptions {
  /** The reactor, or a test's Clock. */
  readonly clock: Clock;
  /** Default 7 500 000 ms. */
  readonly idleTimeoutMs?: number | undefined;
}

const MAX_NAME_LENGTH = 20;
const IDLE_MS = 7_500_000;
