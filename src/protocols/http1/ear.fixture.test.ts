/** Listens to a connection and notes what it hears, a line for each event; what belongs to one body is joined. */
import assert from "node:assert/strict";
import { TEXT } from "../../wire/text.ts";
import { Http1Connection, type Http1Options } from "./connection.ts";
import { RemoteProtocolError } from "./errors.ts";
import type { HeaderMap, Http1Event, Http1Sink } from "./index.ts";

export interface EarOptions extends Http1Options {
  /** Whether a server answers each request with 204 as soon as it is complete. */
  readonly answers?: boolean | undefined;
  /** The methods that a client has asked with. */
  readonly asked?: readonly string[] | undefined;
}

export class Ear {
  readonly connection: Http1Connection;
  readonly #answers: boolean;
  readonly #notes: string[] = [];
  #isOver = false;
  #hasSwitched = false;
  #error: RemoteProtocolError | undefined = undefined;

  constructor(role: "server" | "client", options: EarOptions = {}) {
    this.connection = new Http1Connection(role, options);
    this.#answers = options.answers ?? true;
    for (const method of options.asked ?? []) this.ask(method);
  }

  /** What was heard; "!status problem" is an error. */
  get notes(): readonly string[] {
    return this.#notes;
  }

  ask(method: string): void {
    const target = method === "CONNECT" ? "a:1" : "/";
    const upgrade = { Connection: "upgrade", Upgrade: "chat" };
    const headers = { Host: "a", ...(method === "UPGRADE" && upgrade) };
    this.connection.sendWhole({ type: "request", method, target, headers });
  }

  receive(data: Uint8Array): void {
    if (this.#hasSwitched) this.#notes[this.#notes.length - 1] += latin1(data);
    if (this.#isOver) return;
    this.connection.receive(data);
    this.listen();
  }

  end(): this {
    this.connection.receiveEnd();
    if (!this.#isOver) this.listen();
    return this;
  }

  /** What a server answers to its last error; asserts that the connection is over then. */
  refused(): string {
    assert.ok(this.#error, "nothing was refused");
    const answer = latin1(this.connection.refusal(this.#error));
    assert.ok(this.connection.isOver);
    return answer;
  }

  listen(): void {
    try {
      for (let event = this.connection.next(); event !== undefined; event = this.connection.next()) this.#note(event);
    } catch (error) {
      if (!(error instanceof RemoteProtocolError)) throw error;
      this.#isOver = true;
      this.#error = error;
      this.#notes.push(`!${error.status} ${error.problem}`);
    }
  }

  #note(event: Http1Event): void {
    switch (event.type) {
      case "request":
        this.#notes.push(
          `${event.method} ${event.target} ${event.version} for ${event.authority}${event.expectsContinue ? " expects" : ""}${event.offersUpgrade ? " upgrade" : ""}${shown(event.headers)}`,
        );
        break;
      case "response":
      case "informational":
        this.#notes.push(`${event.status} ${event.reason} ${event.version}${shown(event.headers)}`);
        break;
      case "data":
        this.#noteData(event.data, event.extensions);
        break;
      case "end":
        this.#notes.push(`end${shown(event.trailers)}`);
        if (this.#answers && this.connection.role === "server") this.#answer();
        break;
      case "switched":
        this.#isOver = true;
        this.#hasSwitched = true;
        this.#notes.push(`switched by ${event.by}: ${latin1(event.rest)}`);
        break;
      default:
        this.#notes.push(event.type);
    }
  }

  #noteData(data: Uint8Array, extensions: string): void {
    const last = this.#notes.at(-1);
    const text = `${extensions === "" ? "" : `<${extensions}>`}${latin1(data)}`;
    if (last?.startsWith("data ") === true) this.#notes[this.#notes.length - 1] = last + text;
    else this.#notes.push(`data ${text}`);
  }

  #answer(): void {
    if (this.connection.waitsFor !== undefined || this.connection.unanswered === 0) return;
    this.connection.sendWhole({ type: "response", status: 204 });
  }
}

/** What was sent, as text. */
export class Sent implements Http1Sink {
  text = "";

  write(data: Uint8Array): void {
    this.text += latin1(data);
  }

  writeLatin1(text: string): void {
    this.text += text;
  }
}

export function latin1(bytes: Uint8Array): string {
  return TEXT.decodeLatin1(bytes, 0, bytes.length);
}

export function bytesOf(text: string): Uint8Array {
  return TEXT.encodeLatin1(text);
}

/** Fields, without Host, which nearly all vectors have. */
function shown(headers: HeaderMap): string {
  const fields = [...headers].filter(([name]) => name !== "Host").map(([name, value]) => `${name}=${value}`);
  return fields.length === 0 ? "" : ` {${fields.join("|")}}`;
}
