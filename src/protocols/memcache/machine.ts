/** What may be said when: replies come in the order of the requests, and each request knows which replies are its own. Sans-IO. */
import { RemoteMemcacheError, RemoteReplyError, type ReplyErrorCode } from "./errors.ts";
import type { Frame } from "./events.ts";

/** Reads the replies to one request. */
export interface Answer<T> {
  /** The result, if this reply is the last one; MORE if others follow; UNEXPECTED if it is none to this request. */
  take(frame: Frame): T | typeof MORE | typeof UNEXPECTED;
}

/** Other replies follow. */
export const MORE: unique symbol = Symbol("more");
/** It is no reply to this request, unless it is an error. */
export const UNEXPECTED: unique symbol = Symbol("unexpected");

/** One request is through. */
export interface Outcome<W> {
  readonly waiter: W;
  readonly result: unknown;
  /** If the server refused it. */
  readonly error: RemoteReplyError | undefined;
  /** What was sent as a value may have been taken for commands: nothing that follows can be trusted. */
  readonly isFatal: boolean;
}

/** The requests that wait for their replies, first in, first out, each with what waits for it. */
export class Pipeline<W> {
  #pending: (Pending<W> | undefined)[] = [];
  #head = 0;

  /** How many wait. */
  get size(): number {
    return this.#pending.length - this.#head;
  }

  /** When the oldest was sent; undefined if none waits. */
  get oldestSentAtMs(): number | undefined {
    return this.#pending[this.#head]?.sentAtMs;
  }

  add(answer: Answer<unknown>, hasValue: boolean, sentAtMs: number, waiter: W): void {
    this.#pending.push({ answer, hasValue, sentAtMs, waiter });
  }

  /** Takes a reply; undefined if its request waits for more. */
  take(frame: Frame): Outcome<W> | RemoteMemcacheError | undefined {
    const oldest = this.#pending[this.#head];
    if (oldest === undefined) return unexpected(frame, "to nothing that was asked");
    const result = oldest.answer.take(frame);
    if (result === MORE) return undefined;
    if (result !== UNEXPECTED) {
      this.#shift();
      return { waiter: oldest.waiter, result, error: undefined, isFatal: false };
    }
    const error = errorOf(frame);
    if (error === undefined) return unexpected(frame, "to another request than the oldest one");
    this.#shift();
    const isFatal = oldest.hasValue && error.code !== "SERVER_ERROR";
    return { waiter: oldest.waiter, result: undefined, error, isFatal };
  }

  /** All that wait; none does any more. */
  takeAll(): readonly W[] {
    const waiters = this.#pending.slice(this.#head).map((pending) => (pending as Pending<W>).waiter);
    this.#pending = [];
    this.#head = 0;
    return waiters;
  }

  #shift(): void {
    this.#pending[this.#head] = undefined;
    this.#head += 1;
    if (this.#head === this.#pending.length) {
      this.#pending.length = 0;
      this.#head = 0;
    } else if (this.#head >= COMPACT_AFTER && 2 * this.#head >= this.#pending.length) {
      this.#pending = this.#pending.slice(this.#head);
      this.#head = 0;
    }
  }
}

interface Pending<W> {
  readonly answer: Answer<unknown>;
  readonly hasValue: boolean;
  readonly sentAtMs: number;
  readonly waiter: W;
}

function errorOf({ words }: Frame): RemoteReplyError | undefined {
  const [code = ""] = words;
  return ERRORS.has(code) ? new RemoteReplyError(code as ReplyErrorCode, words.slice(1).join(" ")) : undefined;
}

function unexpected({ words }: Frame, to: string): RemoteMemcacheError {
  return new RemoteMemcacheError(
    "reply",
    `Peer replied ${JSON.stringify(words.join(" ").slice(0, SHOWN_LENGTH))} ${to}`,
  );
}

const ERRORS: ReadonlySet<string> = new Set(["ERROR", "CLIENT_ERROR", "SERVER_ERROR"]);
/** A long queue that never runs empty is moved up when half of it is done. */
const COMPACT_AFTER = 1_024;
const SHOWN_LENGTH = 60;
