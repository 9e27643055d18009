/**
 * The chat for those who may lose their connection and want to miss nothing: the room numbers what it tells, and whoever
 * says `/since LIFE NUMBER` before the name is told all that came after that. The speaker hears the line too, and so knows
 * that it was taken. Guest (guest.ts) does its part:
 *
 *   server: Welcome to the ropewalk. What is your name?
 *   client: /since 5ac0 17
 *   client: Ann
 *   server: Hello, Ann. Here: Bob. Try /who and /quit.
 *   server: # 5ac0 17              in this life of the room, after its line 17:
 *   server: 18 * Ann left
 *   server: 19 <Bob> where is she?
 *   server: 20 * Ann came
 */
import { lineOf, Member, type News, Room } from "ropewalk/chat";

/** A room that remembers all it told. */
export class RememberingRoom extends Room {
  /** Which run of the program this is: the numbers of another one mean nothing here. */
  readonly life: string;
  /** What was told: line 1 first. */
  readonly told: string[] = [];
  /** Those who are told the next line. */
  readonly listeners: Set<RememberingMember> = new Set();

  constructor(life: string) {
    super();
    this.life = life;
  }

  override buildProtocol(): RememberingMember {
    return new RememberingMember(this);
  }

  override tell(news: News): void {
    this.told.push(lineOf(news));
    super.tell(news);
    for (const listener of this.listeners) listener.catchUp();
  }
}

/** A member who may have been here before. One who does not read in time is not thrown out, but told later. */
export class RememberingMember extends Member {
  /** The number of the last line that this member knows; from the start, what is told from then on. */
  protected since: number = Number.POSITIVE_INFINITY;
  protected readonly room: RememberingRoom;
  #mayWrite = true;

  constructor(room: RememberingRoom) {
    super(room);
    this.room = room;
  }

  override lineReceived(line: string): void {
    const [asked, life, number] = /^\/since (\S+) (\d+)$/.exec(line) ?? [];
    if (asked === undefined) super.lineReceived(line);
    else if (life === this.room.life) this.since = Number(number);
    const { listeners } = this.room;
    if (!listeners.has(this) && this.room.has(this)) this.#listen();
  }

  /** Told by its number instead, with the others. */
  override hear(_news: News): void {}

  override connectionLost(reason: Error): void {
    this.room.listeners.delete(this);
    super.connectionLost(reason);
  }

  override writingPaused(): void {
    this.#mayWrite = false;
  }

  override writingResumed(): void {
    this.#mayWrite = true;
    this.catchUp();
  }

  catchUp(): void {
    const { told } = this.room;
    while (this.#mayWrite && this.since < told.length) {
      this.since += 1;
      this.sendLine(`${this.since} ${told[this.since - 1]}`);
    }
  }

  #listen(): void {
    const { life, told, listeners } = this.room;
    this.since = Math.min(this.since, told.length);
    this.sendLine(`# ${life} ${this.since}`);
    listeners.add(this);
    this.catchUp();
  }
}
