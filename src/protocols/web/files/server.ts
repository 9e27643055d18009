import { fromAsync } from "../../../core/deferred/from-async.ts";
import type { Reactor } from "../../../core/reactor.ts";
import { HeaderMap } from "../../../wire/header-map.ts";
import { type ContentCoding, chooseCoding } from "../message/accept-encoding.ts";
import type { Parts } from "../message/body.ts";
import { formatHttpDate } from "../message/http-date.ts";
import { HttpError } from "../message/http-error.ts";
import type { Request } from "../message/request.ts";
import { Response } from "../message/response.ts";
import type { Answer, Responder } from "../server/site.ts";
import { contentRange, lengthOf, multipartPieces, type Pieces } from "./byte-ranges.ts";
import { doesRangeApply, judgeConditions } from "./conditions.ts";
import { entityTagOf } from "./entity-tag.ts";
import { FileBody } from "./file-body.ts";
import { LISTING_POLICY, listingPage } from "./listing.ts";
import { type Found, Lookup } from "./lookup/server.ts";
import { contentTypeOf } from "./media-type.ts";
import { isHidden, namesOf, pathBehind, pathOf } from "./path.ts";
import { type ByteRange, readRanges } from "./ranges.ts";

/** How a folder is served. */
export interface StaticFilesOptions {
  /** The path at which it is mounted: `/static/` serves its `a.css` as `/static/a.css`. Default `/`. */
  readonly at?: string | undefined;
  /** What is shown for a folder, the first that there is; default `index.html`. */
  readonly index?: readonly string[] | undefined;
  /** Shows what is in a folder that has no index. Default false. */
  readonly listing?: boolean | undefined;
  /** Serves names that begin with a dot. Default false: there they are 404, but for `/.well-known/`. */
  readonly dotfiles?: boolean | undefined;
  /** Where symbolic links may lead: "inside" the folder, which is the default, or "anywhere". */
  readonly links?: "inside" | "anywhere" | undefined;
  /**
   * Codings in which files may lie beside the plain ones, as `a.css.br`, `a.css.zst` or `a.css.gz`, best first; default none.
   * Whoever makes them sees to it that they are up to date.
   */
  readonly precompressed?: readonly ("br" | "zstd" | "gzip")[] | undefined;
  /** The value of Cache-Control, or what gives it for a path behind `at`; default none, and caches guess. */
  readonly cacheControl?: string | ((path: string) => string | undefined) | undefined;
  /** Content types by extension (`{ rope: "text/plain; charset=utf-8" }`), before those that are known. */
  readonly types?: Readonly<Record<string, string>> | undefined;
  /** Answers where there is no file, and whatever is neither GET nor HEAD; default 404 and 405. */
  readonly otherwise?: Responder | undefined;
}

/**
 * Serves the files of a folder: with validators and conditions, ranges, types, and none that is not below the folder. Files
 * are read as fast as the client takes them. One that changes while it is sent ends the connection, since a client could not
 * see otherwise that it has a mixture.
 *
 * Fails with HttpError 404, 405, 403 (the system's permissions), 412, 416, or 503 if descriptors run out.
 *
 * @throws RangeError if `at` does not begin and end with a slash.
 *
 * @example
 * ```ts
 * import { Request, staticFiles } from "ropewalk/web";
 * import { MemoryReactor } from "ropewalk/testing";
 *
 * const reactor = new MemoryReactor();
 * await reactor.files.makeDirectory("/site");
 * await reactor.files.write("/site/index.html", "<p>Hemp");
 * const files = staticFiles(reactor, "/site");
 * const response = await files(new Request("http://127.0.0.1/"));
 * console.log(response.headers.get("content-type"), await response.text()); // text/html; charset=utf-8 <p>Hemp
 * ```
 */
export function staticFiles(reactor: Reactor, root: string, options: StaticFilesOptions = {}): Responder {
  const folder = new StaticFiles(reactor, root, options);
  return (request) => folder.answer(request);
}

class StaticFiles {
  readonly #reactor: Reactor;
  readonly #options: StaticFilesOptions;
  readonly #lookup: Lookup;
  readonly #mount: string;
  readonly #index: readonly string[];
  readonly #types: Readonly<Record<string, string>>;
  readonly #codings: readonly ContentCoding[];

  constructor(reactor: Reactor, root: string, options: StaticFilesOptions) {
    const mount = options.at ?? "/";
    if (!/^\/(?:.*\/)?$/.test(mount)) {
      throw new RangeError(`Cannot serve files at ${JSON.stringify(mount)}: it begins and ends with a slash`);
    }
    this.#reactor = reactor;
    this.#options = options;
    this.#lookup = new Lookup(reactor, root, options.links === "anywhere");
    this.#mount = mount;
    this.#index = options.index ?? ["index.html"];
    this.#types = options.types ?? {};
    this.#codings = options.precompressed ?? [];
  }

  answer(request: Request): Answer | PromiseLike<Answer> {
    const { otherwise } = this.#options;
    if (request.method !== "GET" && request.method !== "HEAD") {
      if (otherwise !== undefined) return otherwise(request);
      throw new HttpError(405, `Cannot ${request.method} a file: it takes GET and HEAD`, { headers: ALLOW });
    }
    const names = this.#namesIn(request.path);
    if (names === undefined) return this.#nothing(request);
    return fromAsync(async (signal) => {
      try {
        return (await this.#serve(request, names, signal)) ?? (await this.#nothing(request));
      } catch (error) {
        // Nobody hears any more what went wrong for a client that has gone.
        signal.throwIfAborted();
        throw error;
      }
    });
  }

  /** Undefined where no file can be. */
  #namesIn(path: string): readonly string[] | undefined {
    const rest = pathBehind(path, this.#mount);
    const names = rest === undefined ? undefined : namesOf(rest);
    return this.#options.dotfiles !== true && names?.some(isHidden) === true ? undefined : names;
  }

  #nothing(request: Request): Answer | PromiseLike<Answer> {
    if (this.#options.otherwise !== undefined) return this.#options.otherwise(request);
    throw new HttpError(404, "There is no such file");
  }

  /** Undefined if there is nothing of these names; the last of them is empty for a folder. */
  async #serve(request: Request, names: readonly string[], signal: AbortSignal): Promise<Response | undefined> {
    const isFolder = names.at(-1) === "";
    const found = await this.#lookup.open(isFolder ? names.slice(0, -1) : names, signal);
    if (found === undefined) return undefined;
    if (found.status.kind === "file") {
      if (!isFolder) return await this.#file(request, names, found, signal);
      found.file.close();
      return undefined;
    }
    found.file.close();
    if (!isFolder) return redirect(request, `${this.#mount.slice(0, -1)}${pathOf(names)}/`);
    return await this.#folder(request, names.slice(0, -1), signal);
  }

  async #folder(request: Request, names: readonly string[], signal: AbortSignal): Promise<Response | undefined> {
    for (const index of this.#index) {
      const path = [...names, index];
      const found = await this.#lookup.open(path, signal);
      if (found?.status.kind === "file") return await this.#file(request, path, found, signal);
      found?.file.close();
    }
    return this.#options.listing === true ? await this.#listing(names) : undefined;
  }

  /** Takes the plain file over, and closes it. */
  async #file(request: Request, names: readonly string[], plain: Found, signal: AbortSignal): Promise<Response> {
    const type = contentTypeOf(names.at(-1) as string, this.#types);
    const coding = chooseCoding(request.headers.get("accept-encoding"), this.#codings);
    let it: Shown = { found: plain, type, coding: "identity" };
    let isKept = false;
    try {
      if (coding !== "identity") it = (await this.#coded(names, it, request, signal)) ?? it;
      const answer = this.#judge(request, names, it);
      if (answer instanceof Response) return answer;
      const body = await bodyOf(it.found, answer.pieces, request, signal);
      isKept = body instanceof FileBody;
      return new Response(body as Parts | Uint8Array, { status: answer.status, headers: answer.fields });
    } finally {
      if (it.found !== plain) plain.file.close();
      if (!isKept) it.found.file.close();
    }
  }

  /** The file in the coding that the client likes best of those in which it is there. */
  async #coded(
    names: readonly string[],
    plain: Shown,
    request: Request,
    signal: AbortSignal,
  ): Promise<Shown | undefined> {
    const accepted = request.headers.get("accept-encoding");
    let codings = this.#codings;
    for (
      let coding = chooseCoding(accepted, codings);
      coding !== "identity";
      coding = chooseCoding(accepted, codings)
    ) {
      const path = [...names.slice(0, -1), `${names.at(-1)}.${EXTENSIONS[coding]}`];
      const found = await this.#lookup.open(path, signal);
      if (found?.status.kind === "file") return { ...plain, found, coding };
      found?.file.close();
      const missing = coding;
      codings = codings.filter((each) => each !== missing);
    }
    return undefined;
  }

  /** The whole answer, if no byte of the file is needed for it, or what it is to be made of. */
  #judge(request: Request, names: readonly string[], { found, type, coding }: Shown): Response | Plan {
    const { size, modifiedMs } = found.status;
    const nowMs = this.#reactor.wallTimeMs();
    const it = { entityTag: entityTagOf(found.status, nowMs, coding), modifiedMs };
    const fields = this.#commonFields(names, it.entityTag, modifiedMs);
    const verdict = judgeConditions(request.headers, it, nowMs);
    if (verdict === "not-modified") return new Response(null, { status: 304, headers: fields });
    if (verdict === "failed") throw new HttpError(412, "The file is another one than you take it for");
    if (coding !== "identity") fields.append("Content-Encoding", coding);
    const range = request.method === "GET" ? request.headers.get("range") : null;
    const ranges = range !== null && doesRangeApply(request.headers, it, nowMs) ? readRanges(range, size) : undefined;
    if (ranges === undefined) {
      fields.append("Content-Type", type);
      return planned(200, [{ start: 0, end: size }], fields);
    }
    if (ranges.length > 1) {
      const boundary = Buffer.from(this.#reactor.randomBytes(16)).toString("hex");
      fields.append("Content-Type", `multipart/byteranges; boundary=${boundary}`);
      return planned(206, multipartPieces(ranges, size, type, boundary), fields);
    }
    const only = ranges[0];
    if (only === undefined) {
      const headers = { "Content-Range": `bytes */${size}`, "Accept-Ranges": "bytes" };
      throw new HttpError(416, `The file has ${size} bytes`, { headers });
    }
    fields.append("Content-Type", type);
    fields.append("Content-Range", contentRange(only, size));
    return planned(206, [only], fields);
  }

  /** What 200, 206 and 304 all have (RFC 9110 §15.4.5). */
  #commonFields(names: readonly string[], entityTag: string, modifiedMs: number): HeaderMap {
    const { cacheControl } = this.#options;
    const fields = new HeaderMap();
    fields.append("ETag", entityTag).append("Last-Modified", formatHttpDate(modifiedMs));
    fields.append("Accept-Ranges", "bytes").append("X-Content-Type-Options", "nosniff");
    if (this.#codings.length > 0) fields.append("Vary", "Accept-Encoding");
    const caching = typeof cacheControl === "function" ? cacheControl(pathOf(names)) : cacheControl;
    if (caching !== undefined) fields.append("Cache-Control", caching);
    return fields;
  }

  async #listing(names: readonly string[]): Promise<Response | undefined> {
    const isShown = (name: string): boolean =>
      namesOf(pathOf([name])) !== undefined && (this.#options.dotfiles === true || !isHidden(name, -1));
    const entries = await this.#lookup.list(names, isShown);
    if (entries === undefined) return undefined;
    const path = `${this.#mount}${names.map((name) => `${name}/`).join("")}`;
    return new Response(listingPage(path, entries, names.length > 0), { headers: LISTING_FIELDS });
  }
}

/** What is to be shown, and in which coding. */
interface Shown {
  readonly found: Found;
  readonly type: string;
  readonly coding: ContentCoding;
}

/** An answer that lacks its body. */
interface Plan {
  readonly status: number;
  readonly pieces: Pieces;
  readonly fields: HeaderMap;
}

function planned(status: number, pieces: Pieces, fields: HeaderMap): Plan {
  fields.append("Content-Length", String(lengthOf(pieces)));
  return { status, pieces, fields };
}

/** What is small goes with its head, in one piece; the rest is read as it is sent. A HEAD has a body that nobody reads. */
async function bodyOf(
  { file, status }: Found,
  pieces: Pieces,
  request: Request,
  signal: AbortSignal,
): Promise<Uint8Array | Parts> {
  signal.throwIfAborted();
  if (request.method === "HEAD") return NOTHING;
  const [only] = pieces as readonly [ByteRange];
  const bytes = only.end - only.start;
  if (pieces.length > 1 || bytes > WHOLE_BYTES) {
    const body = new FileBody(file, status, pieces);
    // Whoever drops the answer unread leaves the file open: it is closed with the request.
    request.notifyFinish().addBoth(() => body.close());
    return body;
  }
  // At the end with room for one byte that should not be there.
  const isToEnd = only.end === status.size;
  const read = await file.read(only.start, isToEnd ? bytes + 1 : bytes);
  signal.throwIfAborted();
  if (read.length !== bytes) throw new HttpError(503, "The file is being changed", { headers: RETRY });
  return read;
}

function redirect(request: Request, path: string): Response {
  const { search } = new URL(request.url);
  return new Response(null, { status: 301, headers: { Location: `${path}${search}` } });
}

const LISTING_FIELDS = {
  "Content-Type": "text/html; charset=utf-8",
  "Content-Security-Policy": LISTING_POLICY,
  "X-Content-Type-Options": "nosniff",
  "Cache-Control": "no-cache",
};
const ALLOW = { Allow: "GET, HEAD" };
const RETRY = { "Retry-After": "1" };
const NOTHING: Parts = {
  async *[Symbol.asyncIterator]() {},
};
const EXTENSIONS: Readonly<Record<Exclude<ContentCoding, "identity">, string>> = { br: "br", gzip: "gz", zstd: "zst" };
/** As much as a connection buffers without complaint: one read and one write. */
const WHOLE_BYTES = 65_536;
