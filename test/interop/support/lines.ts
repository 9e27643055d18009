/** Ends of ours that speak lines. */
import { Deferred } from "ropewalk";
import { LineProtocol } from "ropewalk/line";
import { Transcript } from "./transcript.ts";

/** Remembers the lines that it gets, answers each, and leaves at "bye". */
export class Polite extends LineProtocol {
  override acceptBareNewline = true;
  readonly lines: string[] = [];

  override connectionMade(): void {
    this.sendLine("Who is it?");
  }

  override lineReceived(line: string): void {
    this.lines.push(line);
    this.sendLine(line === "bye" ? "Farewell" : `Hello, ${line}`);
    if (line === "bye") this.transport.loseConnection();
  }
}

/** Remembers the lines that it gets, each with `\n` after it, and how the connection ended. */
export class LineGuest extends LineProtocol {
  override maxLength = 1 << 20;
  readonly heard: Transcript = new Transcript("the peer");
  readonly lengths: number[] = [];
  /** Settles with the reason for which the connection ended. */
  readonly lost: Promise<Error>;
  readonly #lost: Deferred<Error> = new Deferred();

  constructor() {
    super();
    this.lost = Promise.resolve(this.#lost);
  }

  override lineReceived(line: string): void {
    this.lengths.push(line.length);
    this.heard.add(`${line}\n`);
  }

  override connectionLost(reason: Error): void {
    this.heard.end(`the connection ended with ${reason.name}: ${reason.message}`);
    this.#lost.callback(reason);
  }
}

/** Lets the peer end its direction and still be answered. */
export class HalfClosingLines extends LineGuest {
  /** Settles when the peer has said everything. */
  readonly ended: Promise<void>;
  readonly #ended: Deferred<void> = new Deferred();

  constructor() {
    super();
    this.ended = Promise.resolve(this.#ended);
  }

  override readConnectionLost(): void {
    this.#ended.callback();
  }
}
