/** Which answers may be compressed, and what their fields are then (RFC 9110 §8.4, §7.7). */
import type { Headers } from "../message/headers.ts";

/** Where fields are looked up. */
export interface Fields {
  get(name: string): string | null;
}

/**
 * Whether an answer may be sent in a coding: it has a body of a kind that gets smaller, is in no coding yet, is no part of
 * something, and nobody vouches for its bytes.
 */
export function mayBeCoded(status: number, fields: Fields): boolean {
  if (status < 200 || BARE.has(status)) return false;
  if (!isCompressible(fields.get("content-type"))) return false;
  if ((fields.get("content-encoding") ?? "identity").toLowerCase() !== "identity") return false;
  if (/(?:^|[\s,])no-transform(?:[\s,]|$)/i.test(fields.get("cache-control") ?? "")) return false;
  return UNTOUCHABLE.every((name) => fields.get(name) === null);
}

/** Text, and what is written in it; what is compressed by itself would only cost time. */
export function isCompressible(type: string | null): boolean {
  return type !== null && COMPRESSIBLE.test(type);
}

/** Says to caches that other clients may get another form. */
export function addVary(headers: Headers): void {
  const vary = headers.get("vary");
  if (vary !== null && /(?:^|[\s,])(?:\*|accept-encoding)(?:[\s,]|$)/i.test(vary)) return;
  headers.append("Vary", "Accept-Encoding");
}

/**
 * Fields of a body that is now in `coding`: its tag is weak, since the bytes are others than the tag was made for (§8.8.3.3), and
 * its length and ranges are those of something else.
 */
export function markCoded(headers: Headers, coding: string): void {
  headers.set("Content-Encoding", coding);
  headers.delete("Content-Length");
  headers.delete("Accept-Ranges");
  const tag = headers.get("etag");
  if (tag !== null && !tag.startsWith("W/")) headers.set("ETag", `W/${tag}`);
  addVary(headers);
}

/** Without a body, or with a part of one. */
const BARE: ReadonlySet<number> = new Set([204, 205, 206, 304]);
/** Digests are of the bytes that are sent (RFC 9530), and a Content-Range counts them. */
const UNTOUCHABLE: readonly string[] = ["content-range", "content-digest", "digest", "content-md5"];
const COMPRESSIBLE =
  /^(?:text\/[\w.+-]+|image\/(?:svg\+xml|bmp|x-icon|vnd\.microsoft\.icon)|font\/(?:ttf|otf|collection)|application\/(?:(?:[\w.-]+\+)?(?:json|xml|yaml)|(?:x-)?(?:javascript|ndjson)|json5|jsonl|wasm|rtf|toml|vnd\.ms-fontobject|x-www-form-urlencoded))[\t ]*(?:;|$)/i;
