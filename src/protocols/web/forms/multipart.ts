/** multipart/form-data (RFC 7578), part by part. The parsing is @fastify/busboy's; this is its way to backpressure and back. */
import { Busboy } from "@fastify/busboy";
import { toError } from "../../../core/errors.ts";
import { asBytes, type Parts } from "../message/body.ts";
import { HttpError } from "../message/http-error.ts";
import type { FormLimits } from "./limits.ts";
import { UploadedFile } from "./uploaded-file.ts";

/** A field of a form. */
export interface FormField {
  readonly kind: "field";
  readonly name: string;
  readonly value: string;
}

/** What a form has: fields, and files on their way. */
export type FormPart = FormField | UploadedFile;

export class MultipartReader implements AsyncIterableIterator<FormPart> {
  readonly #body: AsyncIterator<Uint8Array | string>;
  readonly #limits: FormLimits;
  readonly #boy: ReturnType<typeof Busboy>;
  readonly #ready: FormPart[] = [];
  #isStarted = false;
  #isOver = false;
  #error: Error | undefined = undefined;
  /** The file whose bytes come now. */
  #coming: UploadedFile | undefined = undefined;
  #given: FormPart | undefined = undefined;
  /** Who waits for a part, and who waits for room for more. */
  #wake: (() => void) | undefined = undefined;
  #taken: (() => void) | undefined = undefined;

  /** @throws HttpError 400 for a type without a boundary. */
  constructor(body: Parts, contentType: string, limits: FormLimits) {
    this.#limits = limits;
    try {
      this.#boy = new Busboy({
        headers: { "content-type": contentType },
        fileHwm: FILE_BYTES,
        limits: {
          parts: limits.maxParts,
          fields: limits.maxFields,
          fieldSize: limits.maxFieldBytes,
          files: limits.maxFiles,
          fileSize: limits.maxFileBytes,
          headerSize: limits.maxHeaderBytes,
        },
      });
    } catch (cause) {
      throw new HttpError(400, `Cannot read the form: ${toError(cause).message}`, { cause });
    }
    this.#body = body[Symbol.asyncIterator]();
    this.#listen();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<FormPart>> {
    if (!this.#isStarted) {
      this.#isStarted = true;
      void this.#pump();
    }
    if (this.#given instanceof UploadedFile) this.#given.skip();
    while (this.#ready.length === 0 && !this.#isOver) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    if (this.#error !== undefined) throw this.#error;
    const part = this.#ready.shift();
    this.#given = part;
    if (this.#ready.length === 0) this.#taken?.();
    return part === undefined ? DONE : { done: false, value: part };
  }

  async return(): Promise<IteratorResult<FormPart>> {
    this.#end(new Error("Cannot read a file of a form that was given up"));
    this.#error = undefined;
    await this.#body.return?.();
    return DONE;
  }

  #listen(): void {
    const boy = this.#boy;
    const { maxParts, maxFields, maxFieldBytes, maxFiles, maxFileBytes } = this.#limits;
    boy.on("field", (name, value, _isNameCut, isCut) => {
      if (isCut) this.#refuse(413, `a field has more than ${maxFieldBytes} bytes`);
      else this.#partReceived({ kind: "field", name: unquoted(name), value });
    });
    boy.on("file", (name, stream, filename, _encoding, type) => {
      const file = new UploadedFile(stream, unquoted(name), unquoted(filename ?? ""), type);
      this.#coming = file;
      stream.on("limit", () => this.#refuse(413, `a file has more than ${maxFileBytes} bytes`));
      this.#partReceived(file);
    });
    boy.on("partsLimit", () => this.#refuse(413, `it has more than ${maxParts} parts`));
    boy.on("fieldsLimit", () => this.#refuse(413, `it has more than ${maxFields} fields`));
    boy.on("filesLimit", () => this.#refuse(413, `it has more than ${maxFiles} files`));
    boy.on("error", (error) => this.#refuse(400, toError(error).message));
    boy.on("finish", () => this.#end(undefined));
  }

  #partReceived(part: FormPart): void {
    // The library says so when a part has none; its types do not.
    if ((part.name as string | undefined) === undefined) {
      this.#refuse(400, "a part has no name");
      return;
    }
    this.#ready.push(part);
    this.#wake?.();
  }

  /** Parts are read no faster than somebody takes them: the library's callback waits while a file is not read. */
  async #pump(): Promise<void> {
    try {
      for (let read = await this.#body.next(); read.done !== true; read = await this.#body.next()) {
        if (this.#isOver) return;
        const bytes = asBytes(read.value);
        await new Promise<void>((resolve) => {
          this.#boy.write(bytes, () => resolve());
        });
        if (this.#ready.length > 0 && !this.#isOver) {
          await new Promise<void>((resolve) => {
            this.#taken = resolve;
          });
        }
        if (this.#isOver) return;
      }
      this.#boy.end();
    } catch (error) {
      this.#end(toError(error));
    }
  }

  #refuse(status: number, seen: string): void {
    this.#end(new HttpError(status, `Cannot read the form: ${seen}`));
    this.#body.return?.().then(undefined, () => undefined);
  }

  #end(error: Error | undefined): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#error = error;
    if (error !== undefined) this.#coming?.fail(error);
    this.#wake?.();
    this.#taken?.();
  }
}

/** The one escape that browsers write and the library does not read (WHATWG HTML, multipart/form-data); line ends stay as they are. */
function unquoted(name: string): string {
  return (name as string | undefined)?.replaceAll("%22", '"') as string;
}

const FILE_BYTES = 65_536;
const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined };
