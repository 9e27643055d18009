import { joinBytes } from "../../../wire/join-bytes.ts";
import { TEXT } from "../../../wire/text.ts";
import { IncomingBody } from "./incoming-body.ts";
import { PLATFORM } from "./platform.ts";

/** What a message can be made of. An iterable's parts are sent as they come, as fast as the peer takes them. */
export type BodyInit =
  | string
  | Uint8Array
  | ArrayBuffer
  | Blob
  | FormData
  | URLSearchParams
  | ReadableStream
  | AsyncIterable<Uint8Array | string>
  | null;

/** A body in the form in which it is kept until somebody asks. */
export type BodySource = string | Uint8Array | Parts | null;

/** A body that comes in parts; text among them is UTF-8. */
export type Parts = AsyncIterable<Uint8Array | string>;

/** What requests and answers have in common: a body that is read once, in one way or another. */
export abstract class Body {
  #source: BodySource;
  #stream: ReadableStream<Uint8Array> | undefined = undefined;
  #isUsed = false;

  constructor(source: BodySource) {
    this.#source = source;
  }

  abstract readonly headers: { get(name: string): string | null };

  /** The body as it is kept, which counts as read from then on: for who sends the message. @throws TypeError if it was read. */
  takeBody(): BodySource {
    if (this.#source !== null) this.#use();
    return this.#source;
  }

  get body(): ReadableStream | null {
    if (this.#source === null) return null;
    this.#stream ??= streamOf(this.#source, () => {
      this.#isUsed = true;
    });
    return this.#stream as ReadableStream;
  }

  get bodyUsed(): boolean {
    return this.#isUsed;
  }

  /** @throws TypeError (as a rejection, as all of these) if the body was read before; what it failed with. */
  async text(): Promise<string> {
    const source = this.takeBody();
    if (typeof source === "string") return source;
    const bytes = source instanceof Uint8Array ? source : await collect(source);
    return TEXT.decodeUtf8(bytes, hasMark(bytes) ? 3 : 0, bytes.length);
  }

  /** @throws SyntaxError (as a rejection) if it is no JSON. */
  async json(): Promise<unknown> {
    return JSON.parse(await this.text()) as unknown;
  }

  async bytes(): Promise<Uint8Array> {
    const source = this.takeBody();
    return typeof source === "string" ? TEXT.encodeUtf8(source) : await collect(source);
  }

  async arrayBuffer(): Promise<ArrayBuffer> {
    const bytes = await this.bytes();
    return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
  }

  async blob(): Promise<Blob> {
    const type = this.headers.get("content-type") ?? "";
    return new Blob([(await this.bytes()) as Uint8Array<ArrayBuffer>], { type });
  }

  /** Fields and files of a form, all in memory. */
  async formData(): Promise<FormData> {
    const type = this.headers.get("content-type") ?? "";
    const bytes = await this.bytes();
    return await new PLATFORM.Response(bytes, { headers: { "content-type": type } }).formData();
  }

  /** For `clone`: this body twice. */
  protected tee(): BodySource {
    if (this.#isUsed || this.#stream?.locked === true) {
      throw new TypeError("Cannot clone a message whose body was read");
    }
    if (this.#source === null || typeof this.#source === "string" || this.#source instanceof Uint8Array) {
      return this.#source;
    }
    const [ours, theirs] = (this.body as ReadableStream<Uint8Array>).tee();
    this.#source = ours;
    this.#stream = ours;
    this.#isUsed = false;
    return theirs;
  }

  #use(): void {
    if (this.#isUsed || this.#stream?.locked === true) {
      throw new TypeError("Cannot read this body: it was read before, and no body can be read twice");
    }
    this.#isUsed = true;
  }
}

/** A body as it is kept, and the type that it has by itself. */
export function readInit(body: BodyInit | undefined): {
  readonly source: BodySource;
  readonly type: string | undefined;
} {
  if (typeof body === "string") return { source: body, type: TEXT_TYPE };
  if (body === null || body === undefined) return { source: null, type: undefined };
  if (body instanceof Uint8Array) return { source: body, type: undefined };
  if (body instanceof ArrayBuffer) return { source: new Uint8Array(body), type: undefined };
  if (ArrayBuffer.isView(body)) {
    const { buffer, byteOffset, byteLength } = body as ArrayBufferView;
    return { source: new Uint8Array(buffer, byteOffset, byteLength), type: undefined };
  }
  if (body instanceof URLSearchParams) {
    return { source: body.toString(), type: "application/x-www-form-urlencoded;charset=UTF-8" };
  }
  if (body instanceof Blob || body instanceof FormData) {
    const platform = new PLATFORM.Response(body);
    const type = platform.headers.get("content-type") ?? undefined;
    return { source: platform.body as Parts | null, type };
  }
  if (typeof body === "object" && (body instanceof ReadableStream || Symbol.asyncIterator in body)) {
    return { source: body as Parts, type: undefined };
  }
  return { source: String(body), type: TEXT_TYPE };
}

/** All bytes of a body. */
async function collect(source: BodySource): Promise<Uint8Array> {
  if (source === null) return new Uint8Array(0);
  if (typeof source === "string") return TEXT.encodeUtf8(source);
  if (source instanceof Uint8Array) return source;
  if (source instanceof IncomingBody) return await source.collect();
  const parts: Uint8Array[] = [];
  for await (const part of source) parts.push(asBytes(part));
  return joinBytes(parts);
}

/** @throws TypeError for a part that is neither bytes nor text. */
export function asBytes(part: unknown): Uint8Array {
  if (part instanceof Uint8Array) return part;
  if (typeof part === "string") return TEXT.encodeUtf8(part);
  throw new TypeError(`Cannot send a part of a body that is ${typeof part}: parts are Uint8Arrays or strings`);
}

function streamOf(source: Exclude<BodySource, null>, onUse: () => void): ReadableStream<Uint8Array> {
  if (source instanceof ReadableStream) return source as ReadableStream<Uint8Array>;
  const parts = typeof source === "string" || source instanceof Uint8Array ? onePart(source) : source;
  let iterator: AsyncIterator<Uint8Array | string> | undefined;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        onUse();
        iterator ??= parts[Symbol.asyncIterator]();
        const { done, value } = await iterator.next();
        if (done === true) controller.close();
        else controller.enqueue(asBytes(value));
      },
      async cancel() {
        onUse();
        // An iterator of it that has not begun, or is amid a wait, would not tell it.
        if (parts instanceof IncomingBody) parts.cancel();
        iterator ??= parts[Symbol.asyncIterator]();
        await iterator.return?.();
      },
    },
    { highWaterMark: 0 },
  );
}

async function* onePart(part: Uint8Array | string): AsyncGenerator<Uint8Array | string> {
  yield part;
}

function hasMark(bytes: Uint8Array): boolean {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
}

/** What the Fetch standard has strings be. */
export const TEXT_TYPE = "text/plain;charset=UTF-8";
