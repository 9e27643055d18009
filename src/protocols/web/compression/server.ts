import { Deferred } from "../../../core/deferred/deferred.ts";
import { outsideWork } from "../../../core/outside-work.ts";
import { TEXT } from "../../../wire/text.ts";
import { rankCodings } from "../message/accept-encoding.ts";
import type { BodySource, Parts } from "../message/body.ts";
import { Headers } from "../message/headers.ts";
import { PartReader } from "../message/part-reader.ts";
import { platformBody } from "../message/platform-body.ts";
import { isPromiseLike } from "../message/promise-like.ts";
import type { Request } from "../message/request.ts";
import { Response } from "../message/response.ts";
import type { Answer, Responder } from "../server/site.ts";
import { CompressedBody } from "./compressed-body.ts";
import { availableCodings, type CompressionCoding, Compressor } from "./compressor.ts";
import { addVary, markCoded, mayBeCoded } from "./eligible.ts";

/** What is compressed, and how. */
export interface CompressOptions {
  /** Codings to choose from, of equally welcome ones the first; default br, zstd where Node has it (22.15), and gzip. */
  readonly codings?: readonly CompressionCoding[] | undefined;
  /** Bodies known to have fewer bytes are left alone; default 1 024. */
  readonly minBytes?: number | undefined;
  /** Says false of answers that are to stay as they are: those with a secret in them. Default: none. */
  readonly filter?: ((request: Request, answer: Answer) => boolean) | undefined;
}

/**
 * Compresses the answers of `responder` for clients that say they can unpack them: text and the like, of 1 KiB or more, that
 * are whole (no ranges), in no coding yet, and not marked `no-transform`. Tags become weak ones. Each part of a body that comes
 * in parts is sent as soon as it is there, which server-sent events live from.
 *
 * The length of a compressed answer tells something of what is in it. Where an answer has a secret and also repeats what the
 * request says, somebody who can make a victim's browser ask again and again finds the secret out letter by letter (BREACH).
 * Do not compress such answers: `filter` says which, or `Cache-Control: no-transform` on the answer itself.
 *
 * @throws RangeError if a coding is none that there is.
 *
 * @example
 * ```ts
 * import { compress, Request, Response } from "ropewalk/web";
 *
 * const ropes = compress({}, () => new Response("hemp ".repeat(1_000)));
 * const response = await ropes(new Request("http://rope.example/", { headers: { "Accept-Encoding": "gzip" } }));
 * console.log(response.headers.get("content-encoding"), (await response.arrayBuffer()).byteLength < 100); // gzip true
 * ```
 */
export function compress(options: CompressOptions, responder: Responder): Responder {
  const known = availableCodings();
  const { codings = known, minBytes = MIN_BYTES, filter } = options;
  for (const coding of codings) {
    if (known.includes(coding)) continue;
    throw new RangeError(`Cannot compress by "${coding}": this version of Node knows ${known.join(", ")}`);
  }
  return (request) => {
    const coded = (answer: Answer): Answer | PromiseLike<Answer> => {
      if (answer.status === 304) return withVary(answer);
      if (!mayBeCoded(answer.status, answer.headers) || filter?.(request, answer) === false) return answer;
      const [coding] = rankCodings(request.headers.get("accept-encoding"), codings);
      if (coding === undefined || coding === "identity") return withVary(answer);
      return code(request, answer, coding, minBytes);
    };
    const answer = responder(request);
    if (answer instanceof Deferred) return (answer as Deferred<Answer>).addCallback(coded);
    return isPromiseLike(answer) ? answer.then(coded) : coded(answer);
  };
}

function code(
  request: Request,
  answer: Answer,
  coding: CompressionCoding,
  minBytes: number,
): Answer | PromiseLike<Answer> {
  const headers = new Headers(answer.headers);
  const said = headers.get("content-length");
  if (said !== null && Number(said) < minBytes) return answer;
  const source = sourceOf(answer);
  const bytes = typeof source === "string" ? TEXT.encodeUtf8(source) : source;
  if (bytes === null || (bytes instanceof Uint8Array && bytes.length < minBytes)) return again(answer, headers, source);
  const plain = new Headers(headers);
  addVary(plain);
  markCoded(headers, coding);
  if (request.method === "HEAD") {
    if (!(bytes instanceof Uint8Array)) new PartReader(bytes).cancel(undefined);
    return again(answer, headers, UNKNOWN);
  }
  if (!(bytes instanceof Uint8Array)) return again(answer, headers, new CompressedBody(bytes, coding, outsideWork));
  return outsideWork(() => compressed(bytes, coding)).addCallback((smaller) =>
    smaller.length < bytes.length ? again(answer, headers, smaller) : again(answer, plain, source),
  );
}

async function compressed(bytes: Uint8Array, coding: CompressionCoding): Promise<Uint8Array> {
  const compressor = new Compressor(coding);
  try {
    return await compressor.end(bytes);
  } finally {
    compressor.close();
  }
}

function withVary(answer: Answer): Answer {
  if (answer instanceof Response) {
    addVary(answer.headers);
    return answer;
  }
  // What came from a fetch does not let its headers be changed.
  const headers = new Headers(answer.headers);
  addVary(headers);
  return again(answer, headers, sourceOf(answer));
}

function again({ status, statusText }: Answer, headers: Headers, body: BodySource): Response {
  return new Response(body, { status, statusText, headers });
}

function sourceOf(answer: Answer): BodySource {
  return answer instanceof Response ? answer.takeBody() : platformBody(answer);
}

/** What fits into one packet with its head gains nothing by being smaller. */
const MIN_BYTES = 1_024;
/** A body whose length nobody knows yet; of an answer to HEAD nobody reads it. */
const UNKNOWN: Parts = {
  async *[Symbol.asyncIterator]() {},
};
