import { Writable } from "node:stream";
import { Response } from "../message/response.ts";
import { AnswerParts } from "./answer-parts.ts";
import { givenHeaders, type HeaderValue, NodeHeaders, nodeError } from "./node-headers.ts";
import type { NodeRequest, NodeSocket } from "./node-request.ts";

/**
 * An answer with the interface of Node's `ServerResponse`. It becomes a Response when its head is complete: with the whole body
 * if `end` comes first, or with parts that are taken as fast as the client takes them. All its methods are own properties, as
 * those of NodeRequest are.
 */
export class NodeResponse extends Writable {
  statusCode = 200;
  statusMessage: string | undefined = undefined;
  sendDate = true;
  readonly req: NodeRequest;
  readonly socket: NodeSocket;
  readonly connection: NodeSocket;
  readonly answer: NodeAnswer;
  declare readonly writeHead: (status: number, reason?: unknown, headers?: unknown) => this;
  // Only their names are in question, for whoever asks whether this is an answer of Node's.
  readonly _sent100 = false;
  readonly _removedConnection = false;
  readonly _removedContLen = false;
  readonly _removedTE = false;

  constructor(req: NodeRequest, answered: (response: Response) => void, failed: (error: Error) => void) {
    const answer = new NodeAnswer(answered, failed);
    super({
      write: (data: Uint8Array, _encoding, done) => answer.write(this, data, done),
      final: (done) => answer.finish(this, done),
      destroy: (error, done) => {
        answer.breakOff(error);
        done(error);
      },
    });
    this.req = req;
    this.socket = req.socket;
    this.connection = req.socket;
    this.answer = answer;
    Object.defineProperties(this, PROPERTIES);
  }
}

/** Where a NodeResponse has come to on its way to a Response. */
export class NodeAnswer {
  readonly headers: NodeHeaders = new NodeHeaders();
  readonly #answered: (response: Response) => void;
  readonly #failed: (error: Error) => void;
  /** Of `writeHead`; from then on nothing changes. */
  head: { readonly status: number; readonly statusText: string } | undefined = undefined;
  isWhole = false;
  #whole: Uint8Array | null = null;
  #parts: AnswerParts | undefined = undefined;
  #isSent = false;

  constructor(answered: (response: Response) => void, failed: (error: Error) => void) {
    this.#answered = answered;
    this.#failed = failed;
  }

  write(res: NodeResponse, data: Uint8Array, done: () => void): void {
    if (this.isWhole) {
      this.#whole = data;
      done();
      return;
    }
    this.begin(res);
    if (hasBody(res.req.method, res.statusCode)) this.#parts?.put(data, done);
    else done();
  }

  /** The head has left. */
  get hasBegun(): boolean {
    return this.#isSent;
  }

  /** Says the head, with a body that is still to come. */
  begin(res: NodeResponse): void {
    if (this.#isSent) return;
    const isTaken = hasBody(res.req.method, res.statusCode);
    this.#parts = new AnswerParts(() => isTaken && res.destroy());
    this.#send(res, this.#parts);
  }

  finish(res: NodeResponse, done: () => void): void {
    if (this.#isSent) this.#parts?.end();
    else if (res.req.method === "HEAD" && this.headers.has("content-length")) {
      // The length is that of what a GET would have had.
      this.begin(res);
      this.#parts?.end();
    } else this.#send(res, this.#whole);
    done();
  }

  breakOff(error: Error | null): void {
    const reason = error ?? new Error("Cannot go on with an answer: the application has destroyed it");
    if (this.#isSent) this.#parts?.fail(reason);
    else this.#failed(reason);
  }

  #send(res: NodeResponse, body: Uint8Array | AnswerParts | null): void {
    this.#isSent = true;
    if (this.head === undefined) res.writeHead(res.statusCode);
    const { status, statusText } = this.head as NonNullable<NodeAnswer["head"]>;
    const sent = status === 204 || status === 205 || status === 304 ? null : (body ?? "");
    try {
      const headers = [...this.headers.lines()];
      this.#answered(new Response(sent === "" ? new Uint8Array(0) : sent, { status, statusText, headers }));
    } catch (error) {
      this.#failed(error as Error);
    }
  }
}

function hasBody(method: string, status: number): boolean {
  return method !== "HEAD" && status !== 204 && status !== 205 && status !== 304;
}

function assertUnsent(res: NodeResponse, verb: string): void {
  if (res.answer.head === undefined) return;
  throw nodeError(new Error(`Cannot ${verb} headers after they are sent to the client`), "ERR_HTTP_HEADERS_SENT");
}

/** Those of ServerResponse and OutgoingMessage; `this` is the answer. */
const METHODS = {
  get headersSent(): boolean {
    return (this as unknown as NodeResponse).answer.head !== undefined;
  },
  get finished(): boolean {
    return (this as unknown as NodeResponse).writableEnded;
  },
  get shouldKeepAlive(): boolean {
    return true;
  },
  setHeader(this: NodeResponse, name: string, value: unknown): NodeResponse {
    assertUnsent(this, "set");
    this.answer.headers.set(name, value);
    return this;
  },
  setHeaders(this: NodeResponse, headers: Iterable<readonly [string, unknown]>): NodeResponse {
    assertUnsent(this, "set");
    for (const [name, value] of headers) this.answer.headers.set(name, value);
    return this;
  },
  appendHeader(this: NodeResponse, name: string, value: unknown): NodeResponse {
    assertUnsent(this, "append");
    this.answer.headers.append(name, value);
    return this;
  },
  getHeader(this: NodeResponse, name: string): HeaderValue | undefined {
    return this.answer.headers.get(name);
  },
  getHeaders(this: NodeResponse): { [name: string]: HeaderValue } {
    return this.answer.headers.all();
  },
  getHeaderNames(this: NodeResponse): string[] {
    return this.answer.headers.keys();
  },
  hasHeader(this: NodeResponse, name: string): boolean {
    return this.answer.headers.has(name);
  },
  removeHeader(this: NodeResponse, name: string): void {
    assertUnsent(this, "remove");
    this.answer.headers.delete(name);
  },
  writeHead(this: NodeResponse, status: number, reason?: unknown, headers?: unknown): NodeResponse {
    assertUnsent(this, "write");
    if (!Number.isInteger(status) || status < 200 || status > 599) {
      throw nodeError(new RangeError(`Cannot answer with the status ${status}`), "ERR_HTTP_INVALID_STATUS_CODE");
    }
    const given = typeof reason === "string" ? headers : reason;
    for (const [name, value] of givenHeaders(given)) this.answer.headers.set(name, value);
    if (typeof reason === "string") this.statusMessage = reason;
    this.statusCode = status;
    this.answer.head = { status, statusText: this.statusMessage ?? "" };
    return this;
  },
  /** What middleware that wants to know of the head puts itself in place of. */
  _implicitHeader(this: NodeResponse): void {
    this.writeHead(this.statusCode);
  },
  flushHeaders(this: NodeResponse): void {
    if (this.answer.head === undefined) this.writeHead(this.statusCode);
    this.answer.begin(this);
  },
  write(this: NodeResponse, ...given: Parameters<typeof writableWrite>): boolean {
    if (this.answer.head === undefined) this.writeHead(this.statusCode);
    return writableWrite.apply(this, given);
  },
  end(this: NodeResponse, ...given: unknown[]): NodeResponse {
    // Before the head: what listens for it may still write.
    if (this.answer.head === undefined && !this.writableEnded) this.writeHead(this.statusCode);
    this.answer.isWhole = this.writableLength === 0 && !this.answer.hasBegun;
    (writableEnd as (...all: unknown[]) => unknown).apply(this, given);
    return this;
  },
  writeContinue(): void {
    // The server says so itself as soon as the body is read.
  },
  writeProcessing(this: NodeResponse): void {
    this.req.webRequest.sendInformational(102);
  },
  writeEarlyHints(
    this: NodeResponse,
    hints: { readonly [name: string]: string | readonly string[] },
    done?: () => void,
  ): void {
    const lines = Object.entries(hints).map(([name, value]) => [name, [value].flat().join(", ")] as const);
    this.req.webRequest.sendInformational(103, Object.fromEntries(lines));
    done?.();
  },
  /** Trailers are not sent. */
  addTrailers(): void {},
  setTimeout(this: NodeResponse): NodeResponse {
    return this;
  },
  assignSocket(): void {},
  detachSocket(): void {},
};

const { write: writableWrite, end: writableEnd } = Writable.prototype;

/** What of Writable would be gone with its prototype, and ours. */
const PROPERTIES: PropertyDescriptorMap = {};
for (const from of [Writable.prototype, METHODS]) {
  for (const [name, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(from))) {
    if (name === "constructor" || name === "pipe" || name.startsWith("_") !== (name === "_implicitHeader")) continue;
    PROPERTIES[name] = { ...descriptor, enumerable: false, configurable: true };
  }
}
