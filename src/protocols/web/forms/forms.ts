import { joinBytes } from "../../../wire/join-bytes.ts";
import { TEXT } from "../../../wire/text.ts";
import { asBytes, type BodySource, type Parts } from "../message/body.ts";
import { HttpError } from "../message/http-error.ts";
import type { Request } from "../message/request.ts";
import { type FormLimits, formLimits, type SomeFormLimits } from "./limits.ts";
import { type FormPart, MultipartReader } from "./multipart.ts";

/** A form that is all there. */
export interface Form {
  /** The fields, in their order. */
  readonly fields: URLSearchParams;
  readonly files: readonly KeptFile[];
}

/** A file of a form that is all there. */
export interface KeptFile {
  /** Of the field. */
  readonly name: string;
  /** What the client calls it, without folders. It may be anything: see `safeName`. */
  readonly filename: string;
  /** What the client takes it for, such as `image/png`. */
  readonly type: string;
  readonly bytes: Uint8Array;
}

/**
 * What somebody has filled in: a form of either kind, urlencoded or multipart, all of it in memory. For uploads of more than a
 * few megabytes there is `formParts`.
 *
 * @throws HttpError (as a rejection): 415 if it is no form, 413 if it is over a limit, 400 if it breaks off or is none.
 *
 * @example
 * ```ts
 * import { readForm, Request } from "ropewalk/web";
 *
 * const body = new URLSearchParams({ knot: "bowline", length: "7 m" });
 * const { fields } = await readForm(new Request("http://example.org/", { method: "POST", body }));
 * console.log(fields.get("length")); // 7 m
 * ```
 */
export async function readForm(request: Request, limits: SomeFormLimits = {}): Promise<Form> {
  const { maxKeptBytes } = formLimits(limits);
  const fields = new URLSearchParams();
  const files: KeptFile[] = [];
  let keptBytes = 0;
  const keep = (bytes: number): void => {
    keptBytes += bytes;
    if (keptBytes > maxKeptBytes) throw tooLarge(`it has more than ${maxKeptBytes} bytes`);
  };
  for await (const part of formParts(request, limits)) {
    if (part.kind === "field") {
      keep(part.name.length + part.value.length);
      fields.append(part.name, part.value);
      continue;
    }
    const parts: Uint8Array[] = [];
    for await (const bytes of part) {
      keep(bytes.length);
      parts.push(bytes);
    }
    // A browser sends one without name and bytes where no file was chosen.
    const { name, filename, type } = part;
    if (filename !== "" || parts.length > 0) files.push({ name, filename, type, bytes: joinBytes(parts) });
  }
  return { fields, files };
}

/**
 * A form of either kind, part by part as it comes. A file is an async iterable of bytes, and the client waits while nobody reads
 * it; it must be read, or left, before the next part is asked for. Who ends the loop early gives the rest of the form up.
 *
 * @throws HttpError as `readForm` does.
 *
 * @example
 * ```ts
 * import { formParts, Request } from "ropewalk/web";
 *
 * const body = new FormData();
 * body.append("knots", new Blob(["a bowline"]), "knots.txt");
 * for await (const part of formParts(new Request("http://example.org/", { method: "POST", body }))) {
 *   if (part.kind === "file") for await (const bytes of part) console.log(part.filename, bytes.length); // knots.txt 9
 * }
 * ```
 */
export async function* formParts(
  request: Request,
  limits: SomeFormLimits = {},
): AsyncGenerator<FormPart, void, undefined> {
  const checked = formLimits(limits);
  const type = request.headers.get("content-type") ?? "";
  const source = request.takeBody();
  const parts =
    source === null || typeof source === "string" || source instanceof Uint8Array ? onePart(source) : source;
  if (/^multipart\/form-data *;/i.test(type)) yield* new MultipartReader(parts, type, checked);
  else if (/^application\/x-www-form-urlencoded *(?:;|$)/i.test(type)) yield* urlencodedFields(parts, checked);
  else throw new HttpError(415, `Cannot read a form from the type ${JSON.stringify(type)}`);
}

/**
 * A file's name that can be used in a folder: without folders of its own, controls, what shells, Windows or browsers take for
 * something else, and dots at its ends; at most 200 bytes of UTF-8, and "file" if nothing is left. Two files may have the same.
 *
 * @example
 * ```ts
 * import { safeName } from "ropewalk/web";
 *
 * console.log(safeName("../../etc/pass wd\0"), safeName("con.txt"), safeName("..")); // pass wd _con.txt file
 * ```
 */
export function safeName(filename: string): string {
  const start = Math.max(filename.lastIndexOf("/"), filename.lastIndexOf("\\")) + 1;
  const base = filename.slice(start, start + MAX_READ_CHARACTERS);
  const clean = base.normalize("NFC").replace(UNSAFE, "").replace(OUTER, "");
  let name = "";
  let bytes = 0;
  for (const character of RESERVED.test(clean) ? `_${clean}` : clean) {
    bytes += TEXT.utf8Length(character);
    if (bytes > MAX_NAME_BYTES) break;
    name += character;
  }
  return name.replace(OUTER, "") || "file";
}

async function* urlencodedFields(parts: Parts, limits: FormLimits): AsyncGenerator<FormPart, void, undefined> {
  const all: Uint8Array[] = [];
  let bytes = 0;
  let fields = 1;
  for await (const part of parts) {
    const data = asBytes(part);
    all.push(data);
    bytes += data.length;
    if (bytes > limits.maxKeptBytes) throw tooLarge(`it has more than ${limits.maxKeptBytes} bytes`);
    for (let at = TEXT.indexOfByte(data, AMPERSAND, 0); at !== -1; at = TEXT.indexOfByte(data, AMPERSAND, at + 1))
      fields++;
    if (fields > limits.maxFields) throw tooLarge(`it has more than ${limits.maxFields} fields`);
  }
  const text = joinBytes(all);
  for (const [name, value] of new URLSearchParams(TEXT.decodeUtf8(text, 0, text.length))) {
    if (TEXT.utf8Length(value) > limits.maxFieldBytes)
      throw tooLarge(`a field has more than ${limits.maxFieldBytes} bytes`);
    yield { kind: "field", name, value };
  }
}

function tooLarge(seen: string): HttpError {
  return new HttpError(413, `Cannot read the form: ${seen}`);
}

async function* onePart(source: Exclude<BodySource, Parts>): AsyncGenerator<Uint8Array> {
  if (source !== null) yield asBytes(source);
}

const AMPERSAND = 38;
const MAX_NAME_BYTES = 200;
/** More than enough to find that many, and short enough for patterns that look at each end. */
const MAX_READ_CHARACTERS = 1_000;
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}"*/:<>?\\|]/gu;
const OUTER = /^[\s.]+|[\s.]+$/g;
/** Devices of Windows, whatever stands behind a dot. */
const RESERVED = /^(?:aux|clock\$|com\d|con|lpt\d|nul|prn)(?:\.|$)/i;
