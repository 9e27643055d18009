/** An end of a connection that says in the words of the corpus what it hears. */
import assert from "node:assert/strict";
import { type HeaderMap, Http1Connection, type Http1Event, RemoteProtocolError } from "ropewalk/http1";
import type { Http1Vector } from "./http1-vectors.ts";

export class Http1Listener {
  readonly #connection: Http1Connection;
  readonly #vector: Http1Vector;
  readonly #heard: string[] = [];
  /** The message that is not complete: its head, and what is said behind it. */
  #head: string | undefined = undefined;
  #flags = "";
  #body = "";
  #switchBy: "connect" | "upgrade" | undefined = undefined;
  #ending: string | undefined = undefined;
  #rest = "";

  constructor(vector: Http1Vector) {
    this.#vector = vector;
    this.#connection = new Http1Connection(vector.asked === undefined ? "server" : "client");
    for (const method of vector.asked ?? []) this.#ask(method);
  }

  receive(data: Uint8Array): void {
    if (this.#ending === "switched") this.#rest += latin1(data);
    if (this.#ending !== undefined) return;
    this.#connection.receive(data);
    this.#listen();
  }

  /** What was heard, and what becomes of the connection, of which the peer now closes its half. */
  verdict(): readonly string[] {
    if (this.#ending === "switched") return [...this.#heard, `switched "${this.#rest}"`];
    if (this.#ending !== undefined) return [...this.#heard, this.#ending];
    const isInside = this.#head !== undefined;
    this.#noteMessage(" unfinished");
    this.#connection.receiveEnd();
    this.#listen();
    return [...this.#heard, this.#meaningOfTheEnd(isInside)];
  }

  #meaningOfTheEnd(isInside: boolean): string {
    if (this.#ending?.startsWith("refused") === true) return "waits";
    if (this.#ending !== "closed") return `nothing: ${this.#ending}`;
    return isInside ? "until end" : "open";
  }

  #listen(): void {
    const connection = this.#connection;
    try {
      for (let event = connection.next(); event !== undefined; event = connection.next()) this.#note(event);
    } catch (error) {
      assert.ok(error instanceof RemoteProtocolError, String(error));
      this.#noteMessage(" unfinished");
      this.#ending = connection.role === "server" ? `refused ${error.status}` : "refused";
      const answer = latin1(connection.refusal(error));
      if (answer !== "")
        assert.match(answer, new RegExp(`^HTTP/1\\.1 ${error.status} [\\s\\S]*\r\nConnection: close\r\n\r\n`));
      assert.ok(connection.isOver);
      assert.throws(() => connection.next(), RemoteProtocolError);
    }
  }

  #note(event: Http1Event): void {
    switch (event.type) {
      case "request": {
        const { method, target, authority, expectsContinue, offersUpgrade } = event;
        const whom = authority === USUAL ? "" : ` for${authority === "" ? "" : ` ${authority}`}`;
        this.#head = `${method} ${target}${whom}`;
        this.#flags = `${expectsContinue ? " expects 100" : ""}${offersUpgrade ? " offers upgrade" : ""}`;
        this.#switchBy = method === "CONNECT" ? "connect" : offersUpgrade ? "upgrade" : undefined;
        if (this.#vector.answersEarly) this.#answer();
        return;
      }
      case "response":
        this.#head = `${event.status}`;
        return;
      case "informational":
        this.#heard.push(`info ${event.status}`);
        return;
      case "data":
        this.#body += latin1(event.data);
        return;
      case "end":
        this.#noteMessage(shown(event.trailers));
        if (this.#connection.role === "server" && !this.#vector.answersEarly) this.#answer();
        return;
      case "switched":
        this.#rest = latin1(event.rest);
        break;
      default:
    }
    this.#noteMessage(" unfinished");
    this.#ending = event.type;
  }

  #noteMessage(end: string): void {
    const body = this.#body === "" ? "" : ` "${this.#body}"`;
    if (this.#head !== undefined) this.#heard.push(this.#head + body + end + this.#flags);
    this.#head = undefined;
    this.#flags = "";
    this.#body = "";
  }

  #answer(): void {
    const connection = this.#connection;
    if (!this.#vector.grants) connection.sendWhole({ type: "response", status: 403 });
    else if (this.#switchBy === "connect") connection.sendWhole({ type: "response", status: 200 });
    else connection.send({ type: "informational", status: 101 });
  }

  #ask(method: string): void {
    const isUpgrade = method === "UPGRADE";
    const headers = { Host: USUAL, ...(isUpgrade && { Connection: "upgrade", Upgrade: "chat" }) };
    const target = method === "CONNECT" ? "a:1" : "/";
    this.#connection.sendWhole({ type: "request", method: isUpgrade ? "GET" : method, target, headers });
  }
}

function shown(trailers: HeaderMap): string {
  const fields = [...trailers].map(([name, value]) => `${name}: ${value}`);
  return fields.length === 0 ? "" : ` {${fields.join(", ")}}`;
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
}

/** The host that goes without saying. */
const USUAL = "a";
