/** Somebody who came with a browser: a person of the room whose connection speaks JSON in WebSocket messages. */
import type { Reactor } from "ropewalk";
import type { Person, Room } from "ropewalk/chat";
import { type News, tidy } from "ropewalk/chat";
import { sameSecret } from "ropewalk/cred";
import { WebSocketProtocol } from "ropewalk/websocket";
import { Allowance } from "./allowance.ts";

/** What a browser may ask for. */
type Wish =
  /** `key`: of a connection under this name that this one takes the place of. */
  | { readonly type: "enter"; readonly name: string; readonly key?: string }
  | { readonly type: "say"; readonly text: string };

/** What it is told. */
type Word =
  | { readonly type: "banner"; readonly text: string }
  | { readonly type: "entered"; readonly name: string; readonly key: string; readonly here: readonly string[] }
  | { readonly type: "news"; readonly atMs: number; readonly news: News }
  | { readonly type: "refused"; readonly problem: string }
  /** The last word: do not come back by yourself. */
  | { readonly type: "out"; readonly problem: string };

export class Visitor extends WebSocketProtocol implements Person {
  readonly #room: Room;
  readonly #reactor: Reactor;
  readonly #allowance: Allowance;
  readonly #key: string;
  #name = "";

  constructor(room: Room, reactor: Reactor) {
    super();
    this.#room = room;
    this.#reactor = reactor;
    this.#allowance = new Allowance(reactor, { perSecond: 1, burst: 8 });
    this.#key = Buffer.from(reactor.randomBytes(16)).toString("base64url");
  }

  get name(): string {
    return this.#name;
  }

  override connectionMade(): void {
    this.#room.connections += 1;
    this.#tell({ type: "banner", text: this.#room.banner });
  }

  override messageReceived(data: string | Uint8Array): void {
    const wish = typeof data === "string" ? wishOf(data) : undefined;
    if (wish === undefined) this.close(BAD_MESSAGE, "This is no message of the chat");
    else if (this.#allowance.take()) this.#grant(wish);
    else if (this.#allowance.isAbused) this.close(TOO_MUCH, "Too many messages");
    else this.#tell({ type: "refused", problem: "That is too fast: wait a moment, and say it again." });
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
    if (news.kind === "banner") this.#tell({ type: "banner", text: news.text });
    this.#tell({ type: "news", atMs: this.#reactor.wallTimeMs(), news });
  }

  sendAway(line: string): void {
    if (line === "") {
      this.close(GOING_AWAY);
      return;
    }
    this.#tell({ type: "out", problem: line });
    this.close();
  }

  #grant(wish: Wish): void {
    if (wish.type === "enter") this.#enter(tidy(wish.name), wish.key);
    else if (wish.text.length > MAX_TEXT_LENGTH) {
      this.#tell({ type: "refused", problem: `A message has at most ${MAX_TEXT_LENGTH} characters.` });
    } else this.#room.say(this, tidy(wish.text));
  }

  #enter(name: string, key: string | undefined): void {
    if (this.#name !== "") return;
    // Whoever comes back need not wait until it is noticed that the last connection is gone.
    const before = this.#room.members.get(name);
    if (before instanceof Visitor && key !== undefined && sameSecret(before.#key, key)) {
      this.#room.leave(before);
      before.sendAway("You are here in another window.");
    }
    const problem = this.#room.refusal(name);
    if (problem !== undefined) {
      this.#tell({ type: "refused", problem });
      return;
    }
    this.#name = name;
    this.#tell({ type: "entered", name, key: this.#key, here: [...this.#room.members.keys()] });
    this.#room.enter(this);
  }

  #tell(word: Word): void {
    if (this.isOpen) this.sendMessage(JSON.stringify(word));
  }
}

function wishOf(text: string): Wish | undefined {
  let value: Record<string, unknown>;
  try {
    value = Object(JSON.parse(text));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  const { type, name, key, text: said } = value;
  if (type === "say" && typeof said === "string") return { type, text: said };
  if (type !== "enter" || typeof name !== "string") return undefined;
  return typeof key === "string" ? { type, name, key } : { type, name };
}

/** Below what a terminal may send as a line, in bytes. */
const MAX_TEXT_LENGTH = 500;
const GOING_AWAY = 1001;
const BAD_MESSAGE = 1008;
const TOO_MUCH = 1008;
