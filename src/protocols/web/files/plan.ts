/** What an answer with a file is to be: its status, its fields, and which bytes of the file. */
import { HeaderMap } from "../../../wire/header-map.ts";
import type { ContentCoding } from "../message/accept-encoding.ts";
import { formatHttpDate } from "../message/http-date.ts";
import { HttpError } from "../message/http-error.ts";
import type { Request } from "../message/request.ts";
import { contentRange, lengthOf, multipartPieces, type Pieces } from "./byte-ranges.ts";
import { doesRangeApply, judgeConditions } from "./conditions.ts";
import { entityTagOf } from "./entity-tag.ts";
import type { FileState } from "./file-body.ts";
import { pathOf } from "./path.ts";
import { readRanges } from "./ranges.ts";

/** A file as it is shown, and in which coding. */
export interface Shown {
  readonly names: readonly string[];
  readonly status: FileState;
  readonly type: string;
  readonly coding: ContentCoding;
}

/** What all answers of a site have in common. */
export interface SiteContext {
  readonly nowMs: number;
  /** The answer depends on Accept-Encoding. */
  readonly varies: boolean;
  readonly cacheControl: string | ((path: string) => string | undefined) | undefined;
  /** What separates the parts of an answer; never twice the same. */
  boundary(): string;
}

/** An answer that lacks its body; no pieces for one that has none. */
export interface Plan {
  readonly status: number;
  readonly fields: HeaderMap;
  readonly pieces: Pieces | undefined;
}

/** @throws HttpError 412 if a condition fails, 416 if nothing of the file was asked for. */
export function planAnswer(request: Request, shown: Shown, site: SiteContext): Plan {
  const { status, type, coding } = shown;
  const { headers } = request;
  const it = { entityTag: entityTagOf(status, site.nowMs, coding), modifiedMs: status.modifiedMs };
  const fields = commonFields(shown, it.entityTag, site);
  const verdict = judgeConditions(headers, it, site.nowMs);
  if (verdict === "not-modified") return { status: 304, fields, pieces: undefined };
  if (verdict === "failed") throw new HttpError(412, "The file is another one than you take it for");
  if (coding !== "identity") fields.append("Content-Encoding", coding);
  const range = request.method === "GET" ? headers.get("range") : null;
  const applies = range !== null && doesRangeApply(headers, it, site.nowMs);
  const ranges = applies ? readRanges(range, status.size) : undefined;
  if (ranges === undefined) return planned(200, [{ start: 0, end: status.size }], type, fields);
  const [first] = ranges;
  if (first === undefined) {
    const told = { "Content-Range": `bytes */${status.size}`, "Accept-Ranges": "bytes" };
    throw new HttpError(416, `The file has ${status.size} bytes`, { headers: told });
  }
  if (ranges.length > 1) {
    const boundary = site.boundary();
    const pieces = multipartPieces(ranges, status.size, type, boundary);
    return planned(206, pieces, `multipart/byteranges; boundary=${boundary}`, fields);
  }
  fields.append("Content-Range", contentRange(first, status.size));
  return planned(206, ranges, type, fields);
}

/** What 200, 206 and 304 all have (RFC 9110 §15.4.5). */
function commonFields({ names, status }: Shown, entityTag: string, { varies, cacheControl }: SiteContext): HeaderMap {
  const fields = new HeaderMap();
  fields.append("ETag", entityTag).append("Last-Modified", formatHttpDate(status.modifiedMs));
  fields.append("Accept-Ranges", "bytes").append("X-Content-Type-Options", "nosniff");
  if (varies) fields.append("Vary", "Accept-Encoding");
  const caching = typeof cacheControl === "function" ? cacheControl(pathOf(names)) : cacheControl;
  if (caching !== undefined) fields.append("Cache-Control", caching);
  return fields;
}

function planned(status: number, pieces: Pieces, type: string, fields: HeaderMap): Plan {
  fields.append("Content-Type", type).append("Content-Length", String(lengthOf(pieces)));
  return { status, fields, pieces };
}
