import type { Factory } from "ropewalk";
import { LineProtocol } from "ropewalk/line";

/** Everybody who is here, by name. One room can be served on many endpoints at once. */
export class Room implements Factory<Member> {
  readonly members: Map<string, Member> = new Map();

  buildProtocol(): Member {
    return new Member(this);
  }

  tell(line: string, except?: Member): void {
    for (const member of this.members.values()) if (member !== except) member.sendLine(line);
  }

  close(): void {
    this.tell("* The room closes. Goodbye!");
    for (const member of this.members.values()) member.transport.loseConnection();
  }
}

/** One person at the end of one connection. The first line is the name; what follows is said to the others. */
export class Member extends LineProtocol {
  override acceptBareNewline: boolean = true;
  override maxLength: number = 1_000;
  readonly #room: Room;
  #name: string | undefined;

  constructor(room: Room) {
    super();
    this.#room = room;
  }

  override connectionMade(): void {
    this.sendLine("Welcome to the ropewalk. What is your name?");
  }

  override lineReceived(received: string): void {
    const line = received.replaceAll(/\p{Cc}/gu, "").trim();
    if (this.#name === undefined) this.#enter(line);
    else if (line === "/who") this.sendLine(`* Here: ${[...this.#room.members.keys()].join(", ")}`);
    else if (line === "/quit") this.#quit();
    else if (line !== "") this.#room.tell(`<${this.#name}> ${line}`, this);
  }

  override connectionLost(_reason: Error): void {
    if (this.#name === undefined) return;
    this.#room.members.delete(this.#name);
    this.#room.tell(`* ${this.#name} left`);
  }

  /** Somebody who does not read holds up memory, not the room. */
  override writingPaused(): void {
    this.transport.abortConnection();
  }

  #enter(name: string): void {
    const { members } = this.#room;
    if (name === "" || name.length > 20) {
      this.sendLine("A name has 1 to 20 characters. What is your name?");
    } else if (members.has(name)) {
      this.sendLine(`${name} is here already. What is your name?`);
    } else {
      this.#name = name;
      this.sendLine(`Hello, ${name}. Here: ${[...members.keys()].join(", ") || "nobody else"}. Try /who and /quit.`);
      this.#room.tell(`* ${name} came`);
      members.set(name, this);
    }
  }

  #quit(): void {
    this.sendLine("Goodbye!");
    this.transport.loseConnection();
  }
}
