/** What a server takes bytes for: requests, one behind the other, until it hears no more. */
import assert from "node:assert/strict";
import { connect } from "node:net";
import { Http1Connection, type Http1Event, RemoteProtocolError } from "ropewalk/http1";

export interface Heard {
  readonly method: string;
  /** Without scheme and authority: not every peer tells them. */
  readonly target: string;
  /** As Latin-1. */
  readonly body: string;
}

/** Reads one connection with `Http1Connection`: answers each request that is complete with 200. */
export class OwnReader {
  readonly connection: Http1Connection = new Http1Connection("server");
  readonly #heard: (request: Heard, head: ReadonlyMap<string, string>) => void;
  #request: Heard | undefined = undefined;
  #head: ReadonlyMap<string, string> = new Map();
  /** Why it hears no more. */
  refusal: string | undefined = undefined;

  constructor(heard: (request: Heard, head: ReadonlyMap<string, string>) => void) {
    this.#heard = heard;
  }

  /** What is to be sent back. */
  receive(data: Uint8Array): Uint8Array {
    const answers: Uint8Array[] = [];
    if (this.refusal !== undefined || this.connection.isOver) return new Uint8Array(0);
    this.connection.receive(data);
    try {
      for (let event = this.connection.next(); event !== undefined; event = this.connection.next()) {
        this.#note(event, answers);
      }
    } catch (error) {
      assert.ok(error instanceof RemoteProtocolError, String(error));
      this.refusal = error.problem;
      answers.push(this.connection.refusal(error));
    }
    return Buffer.concat(answers);
  }

  #note(event: Http1Event, answers: Uint8Array[]): void {
    if (event.type === "request") {
      this.#head = new Map([...event.headers].map(([name, value]) => [name.toLowerCase(), value]));
      this.#request = { method: event.method, target: pathOf(event.target), body: "" };
    } else if (event.type === "data") {
      const { method = "", target = "", body = "" } = this.#request ?? {};
      this.#request = { method, target, body: body + Buffer.from(event.data).toString("latin1") };
    } else if (event.type === "end" && this.#request !== undefined) {
      this.#heard(this.#request, this.#head);
      const status = this.#request.method === "CONNECT" ? 403 : 200;
      answers.push(this.connection.sendWhole({ type: "response", status }, "ok"));
    }
  }
}

/** What `Http1Connection` hears in these bytes, and why it hears no more. */
export function heardByUs(bytes: string): { readonly heard: readonly Heard[]; readonly refusal: string | undefined } {
  const heard: Heard[] = [];
  const reader = new OwnReader((request) => heard.push(request));
  reader.receive(Buffer.from(bytes, "latin1"));
  return { heard, refusal: reader.refusal };
}

/** "/x" of "http://host/x". */
export function pathOf(target: string): string {
  const [, path] = /^[a-z][\w+.-]*:\/\/[^/?]*(.*)$/i.exec(target) ?? ["", target];
  return path === "" || path?.startsWith("?") === true ? `/${path}` : (path ?? "");
}

export interface FeedOptions {
  /** How many final answers to wait for before the end is sent: some peers forget what they have not looked at when they see it. */
  readonly answers: number;
  /** The other side must end by itself: nothing but its end is waited for. */
  readonly neverEnds?: boolean;
  /** The address of this client: one of its own tells it from others, since ports are used again. */
  readonly from?: string;
}

/** Sends bytes and, when it is time, their end; settles with the statuses of the final answers when the other side is done, too. */
export function feed(port: number, bytes: string, options: FeedOptions): Promise<number[]> {
  const { answers, neverEnds = false, from = "127.0.0.1" } = options;
  return new Promise((resolve, reject) => {
    let answer = "";
    const statuses = (): number[] => Array.from(answer.matchAll(FINAL), ([, status]) => Number(status));
    const socket = connect({ port, host: "127.0.0.1", localAddress: from, allowHalfOpen: true }, () => {
      socket.write(Buffer.from(bytes, "latin1"));
      end();
    });
    const end = (): void => {
      if (!neverEnds && statuses().length >= answers) socket.end();
    };
    const patience = setTimeout(() => neverEnds || socket.end(), PATIENCE_MS);
    const limit = setTimeout(() => {
      socket.destroy();
      reject(
        new Error(`The server at port ${port} does not end what began with ${JSON.stringify(bytes.slice(0, 200))}`),
      );
    }, LIMIT_MS);
    socket.setEncoding("latin1").on("data", (text: string) => {
      answer += text;
      end();
    });
    // Who refuses does not always read what was sent: that it ends is what counts.
    socket.on("error", () => {});
    socket.on("end", () => socket.destroy());
    socket.on("close", () => {
      clearTimeout(patience);
      clearTimeout(limit);
      resolve(statuses());
    });
  });
}

/** An address of the loopback for each number below 2 ** 16. */
export function addressOf(index: number): string {
  return `127.1.${index >> 8}.${index & 255}`;
}

const FINAL = /HTTP\/1\.[01] ([2-5]\d\d) /g;
/** For peers that answer less than is expected, and go on waiting. */
const PATIENCE_MS = 2_000;
const LIMIT_MS = 10_000;
