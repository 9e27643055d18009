import { GrowingBytes } from "../../../wire/growing-bytes.ts";
import { joinBytes } from "../../../wire/join-bytes.ts";
import { HttpError } from "./http-error.ts";

/** Where a body comes from, and what it is told. */
export interface BodySupplier {
  /** Somebody wants it now. Called once. */
  bodyWanted(): void;
  /** As much is held as may be; nothing must come before `resumeBody`. */
  pauseBody(): void;
  resumeBody(): void;
  /** Nobody wants the rest. */
  cancelBody(): void;
}

/**
 * A body that is on its way. Who supplies it pushes parts and says when it ends; who wants it reads part by part, or asks for
 * all at once. What nobody reads is held up to a limit, and then the peer has to wait.
 *
 * @example
 * ```ts
 * import { NodeReactor } from "ropewalk";
 * import { type IncomingBody, post, Response, serve } from "ropewalk/web";
 *
 * const reactor = new NodeReactor();
 * const port = await serve(reactor, "unix:body.sock", async (request) => {
 *   const body = request.takeBody() as IncomingBody;
 *   const first = await body.read();
 *   body.cancel();
 *   return new Response(`${body.announcedBytes} bytes were announced, ${first?.length} have come`);
 * });
 * const answer = await post(reactor, "http+unix://body.sock/", { body: "hemp" });
 * console.log(await answer.text()); // 4 bytes were announced, 4 have come
 * await port.stopListening();
 * ```
 */
export class IncomingBody implements AsyncIterable<Uint8Array> {
  readonly #supplier: BodySupplier;
  /** Bytes that `collect` takes at most: who keeps a whole body in memory says how much that may be. */
  readonly maxCollectedBytes: number;
  /** What the head said of its length; -1 if it did not. */
  readonly announcedBytes: number;
  #parts: Uint8Array[] = [];
  /** Small parts behind those. */
  #crumbs: GrowingBytes | undefined = undefined;
  #heldBytes = 0;
  #isPaused = false;
  #isWanted = false;
  #isCollecting = false;
  #state: "coming" | "complete" | "failed" | "cancelled" = "coming";
  #error: unknown = undefined;
  #settle: ((part: Uint8Array | undefined) => void) | undefined = undefined;
  #reject: ((error: unknown) => void) | undefined = undefined;

  constructor(supplier: BodySupplier, announcedBytes: number, maxCollectedBytes: number) {
    this.#supplier = supplier;
    this.announcedBytes = announcedBytes;
    this.maxCollectedBytes = maxCollectedBytes;
  }

  /** All of it came, or will never come, or nobody wants it. */
  get isSettled(): boolean {
    return this.#state !== "coming";
  }

  /** Somebody has begun to read it. */
  get isWanted(): boolean {
    return this.#isWanted;
  }

  push(part: Uint8Array): void {
    if (this.#state !== "coming") return;
    if (this.#settle !== undefined && !this.#isCollecting) {
      this.#answer(part);
      return;
    }
    this.#keep(part);
    this.#heldBytes += part.length;
    if (this.#isCollecting) this.#checkCollected();
    else if (this.#heldBytes >= MAX_HELD_BYTES && !this.#isPaused) {
      this.#isPaused = true;
      this.#supplier.pauseBody();
    }
  }

  end(): void {
    if (this.#state !== "coming") return;
    this.#state = "complete";
    if (this.#settle !== undefined) this.#answer(this.#isCollecting ? this.#takeAll() : undefined);
  }

  fail(error: unknown): void {
    if (this.#state !== "coming") return;
    this.#state = "failed";
    this.#error = error;
    this.#drop();
    const reject = this.#reject;
    this.#settle = undefined;
    this.#reject = undefined;
    reject?.(error);
  }

  /** The next part; undefined at the end. @throws what the body failed with. */
  read(): Promise<Uint8Array | undefined> {
    this.#want();
    if (this.#parts.length === 0) this.#sweep();
    const part = this.#parts.shift();
    if (part !== undefined) {
      this.#heldBytes -= part.length;
      this.#resumeIfRoom();
      return Promise.resolve(part);
    }
    if (this.#state === "failed") return Promise.reject(this.#error);
    if (this.#state !== "coming") return Promise.resolve(undefined);
    return this.#wait();
  }

  /**
   * All of it.
   *
   * @throws HttpError 413 if it is more than `maxCollectedBytes`; what the body failed with.
   */
  collect(): Promise<Uint8Array> {
    this.#want();
    this.#isCollecting = true;
    if (this.announcedBytes > this.maxCollectedBytes) this.#refuse();
    else this.#checkCollected();
    if (this.#state === "failed") return Promise.reject(this.#error);
    if (this.#state !== "coming") return Promise.resolve(this.#takeAll());
    this.#isPaused &&= this.#resume();
    return this.#wait() as Promise<Uint8Array>;
  }

  /** Nobody wants the rest. Who reads it nevertheless finds its end, or fails with `reason` if there is one. */
  cancel(reason?: Error): void {
    if (this.#state !== "coming") return;
    if (reason !== undefined) {
      this.fail(reason);
    } else {
      this.#state = "cancelled";
      this.#drop();
      if (this.#settle !== undefined) this.#answer(this.#isCollecting ? this.#takeAll() : undefined);
    }
    this.#supplier.cancelBody();
  }

  /** Leaving a loop over it, begun or not, is `cancel`. */
  [Symbol.asyncIterator](): AsyncIterableIterator<Uint8Array, void, undefined> {
    return {
      next: async () => {
        const value = await this.read();
        return value === undefined ? { done: true, value } : { done: false, value };
      },
      return: async () => {
        this.cancel();
        return { done: true, value: undefined };
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }

  #want(): void {
    if (this.#isWanted) return;
    this.#isWanted = true;
    if (this.#state === "coming") this.#supplier.bodyWanted();
  }

  #wait(): Promise<Uint8Array | undefined> {
    return new Promise((resolve, reject) => {
      this.#settle = resolve;
      this.#reject = reject;
    });
  }

  #answer(part: Uint8Array | undefined): void {
    const settle = this.#settle;
    this.#settle = undefined;
    this.#reject = undefined;
    settle?.(part);
  }

  #takeAll(): Uint8Array {
    this.#sweep();
    const parts = this.#parts;
    this.#drop();
    const [first] = parts;
    return first !== undefined && parts.length === 1 ? first : joinBytes(parts);
  }

  /** Crumbs are copied together: each would weigh a hundred bytes, and hold on to the chunk in which it came. */
  #keep(part: Uint8Array): void {
    if (part.length < MIN_PART_BYTES && this.#parts.length > 0) {
      this.#crumbs ??= new GrowingBytes();
      this.#crumbs.append(part, 0, part.length);
      if (this.#crumbs.length >= MIN_PART_BYTES) this.#sweep();
      return;
    }
    this.#sweep();
    this.#parts.push(part);
  }

  #sweep(): void {
    if (this.#crumbs !== undefined && this.#crumbs.length > 0) this.#parts.push(this.#crumbs.take());
  }

  #drop(): void {
    this.#parts = [];
    this.#crumbs = undefined;
    this.#heldBytes = 0;
  }

  #checkCollected(): void {
    if (this.#heldBytes > this.maxCollectedBytes) this.#refuse();
  }

  #refuse(): void {
    if (this.#state === "complete") this.#state = "coming";
    const limit = this.maxCollectedBytes;
    this.fail(new HttpError(413, `Cannot keep a body of more than ${limit} bytes: read it in parts, or allow more`));
    this.#supplier.cancelBody();
  }

  #resumeIfRoom(): void {
    if (this.#isPaused && this.#heldBytes < MAX_HELD_BYTES / 2) this.#isPaused = this.#resume();
  }

  #resume(): false {
    this.#supplier.resumeBody();
    return false;
  }
}

/** A read of the transport: what is held beyond it would only wait here instead of at the peer. */
const MAX_HELD_BYTES = 65_536;
/** Copying less than this costs no more than keeping it. */
const MIN_PART_BYTES = 1_024;
