/** What of a stream of Node's is needed here. */
export interface FileSource {
  on(event: "data", listener: (data: Uint8Array) => void): unknown;
  on(event: "end", listener: () => void): unknown;
  on(event: "error", listener: (error: Error) => void): unknown;
  pause(): unknown;
  resume(): unknown;
}

/**
 * A file of a form, on its way: its bytes come as fast as they are read, once, and before the next part of the form is asked
 * for. What is not read then is passed over.
 *
 * @example
 * ```ts
 * import { formParts, Request, type UploadedFile } from "ropewalk/web";
 *
 * async function sizeOf(file: UploadedFile): Promise<number> {
 *   let bytes = 0;
 *   for await (const part of file) bytes += part.length;
 *   return bytes;
 * }
 * const body = new FormData();
 * body.append("knot", new Blob(["bowline"]), "knot.txt");
 * for await (const part of formParts(new Request("http://example.org/", { method: "POST", body }))) {
 *   if (part.kind === "file") console.log(part.filename, await sizeOf(part)); // knot.txt 7
 * }
 * ```
 */
export class UploadedFile implements AsyncIterable<Uint8Array> {
  readonly kind = "file";
  /** Of the field. */
  readonly name: string;
  /** What the client calls it, without folders; "" if it was none. It may be anything: see `safeName`. */
  readonly filename: string;
  /** What the client takes it for, such as `image/png`. */
  readonly type: string;
  readonly #source: FileSource;
  readonly #parts: Uint8Array[] = [];
  #hasEnded = false;
  #isSkipped = false;
  #error: Error | undefined = undefined;
  #wake: (() => void) | undefined = undefined;

  constructor(source: FileSource, name: string, filename: string, type: string) {
    this.name = name;
    this.filename = filename;
    this.type = type;
    this.#source = source;
    source.on("data", (data) => this.#partReceived(data));
    source.on("end", () => {
      this.#hasEnded = true;
      this.#wake?.();
    });
    source.on("error", (error) => this.fail(error));
    source.pause();
  }

  /** The next bytes; undefined at the end. @throws HttpError 413 if the file is too long, 400 if it breaks off. */
  async read(): Promise<Uint8Array | undefined> {
    while (this.#parts.length === 0 && !this.#hasEnded && this.#error === undefined) {
      const woken = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#source.resume();
      await woken;
    }
    if (this.#error !== undefined) throw this.#error;
    return this.#parts.shift();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    for (let part = await this.read(); part !== undefined; part = await this.read()) yield part;
  }

  /** Nobody reads the rest. */
  skip(): void {
    if (this.#hasEnded || this.#isSkipped) return;
    this.#isSkipped = true;
    this.#parts.length = 0;
    this.#source.resume();
    this.#error ??= new Error(
      `Cannot read the file ${JSON.stringify(this.filename)}: the form has gone on to its next part`,
    );
    this.#wake?.();
  }

  /** Its bytes will never come. */
  fail(error: Error): void {
    if (this.#hasEnded) return;
    this.#error ??= error;
    this.#wake?.();
  }

  #partReceived(data: Uint8Array): void {
    if (this.#isSkipped) return;
    this.#source.pause();
    this.#parts.push(data);
    this.#wake?.();
  }
}
