import { fromAsync } from "../../../core/deferred/from-async.ts";
import type { FileStatus, OpenFile } from "../../../core/files.ts";
import type { Reactor } from "../../../core/reactor.ts";
import { joinBytes } from "../../../wire/join-bytes.ts";
import { TEXT } from "../../../wire/text.ts";
import { type ContentCoding, rankCodings } from "../message/accept-encoding.ts";
import type { Parts } from "../message/body.ts";
import { HttpError } from "../message/http-error.ts";
import type { Request } from "../message/request.ts";
import { Response } from "../message/response.ts";
import type { Answer, Responder } from "../server/site.ts";
import type { Pieces } from "./byte-ranges.ts";
import { isResting } from "./entity-tag.ts";
import { FileBody } from "./file-body.ts";
import { KeptFiles } from "./kept-files.ts";
import { LISTING_POLICY, listingPage } from "./listing.ts";
import { type Found, Lookup, type Sight, type Trail } from "./lookup/server.ts";
import { contentTypeOf } from "./media-type.ts";
import { isHidden, namesOf, pathBehind, pathOf } from "./path.ts";
import { planAnswer, type Shown } from "./plan.ts";

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
  /**
   * Bytes of memory for small files that were asked for lately; default 8 MiB, 0 for none. They are looked at before each
   * answer, as one call of the system for all who ask at the same time: nobody gets what is not on the disk any more.
   */
  readonly cacheBytes?: number | undefined;
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
  readonly #maxKeptBytes: number;
  readonly #kept: KeptFiles<Kept>;

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
    this.#maxKeptBytes = options.cacheBytes ?? MAX_KEPT_BYTES;
    this.#kept = new KeptFiles(this.#maxKeptBytes);
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
        return (await this.#serve(new Ask(request, names, this.#codings, signal))) ?? (await this.#nothing(request));
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

  /** Undefined if there is nothing of these names. */
  async #serve(ask: Ask): Promise<Response | undefined> {
    const kept = this.#kept.get(ask.key);
    if (kept !== undefined) {
      if (await this.#isCurrent(kept)) return this.#answer(ask, kept, (pieces) => wholeBody(kept.bytes, pieces));
      this.#kept.delete(ask.key);
    }
    const { names, signal, trail } = ask;
    if (names.at(-1) === "") return await this.#folder(ask, names.slice(0, -1));
    const found = await this.#lookup.open(names, signal, trail);
    if (found?.status.kind === "file") return await this.#file(ask, names, found);
    found?.file.close();
    return found && redirect(ask.request, `${this.#mount.slice(0, -1)}${pathOf(names)}/`);
  }

  async #isCurrent({ sights }: Kept): Promise<boolean> {
    for (const sight of sights) if (!(await this.#lookup.holds(sight))) return false;
    return true;
  }

  async #folder(ask: Ask, names: readonly string[]): Promise<Response | undefined> {
    for (const index of this.#index) {
      const path = [...names, index];
      const found = await this.#lookup.open(path, ask.signal, ask.trail);
      if (found?.status.kind === "file") return await this.#file(ask, path, found);
      found?.file.close();
    }
    return this.#options.listing === true ? await this.#listing(names, ask.signal) : undefined;
  }

  /** Takes the plain file over, and closes it. */
  async #file(ask: Ask, names: readonly string[], plain: Found): Promise<Response> {
    let { file, status } = plain;
    let coding: ContentCoding = "identity";
    let body: Body | undefined;
    try {
      for (const each of ask.codings) {
        const path = [...names.slice(0, -1), `${names.at(-1)}.${EXTENSIONS[each]}`];
        const found = await this.#lookup.open(path, ask.signal, ask.trail);
        if (found?.status.kind !== "file") {
          found?.file.close();
          continue;
        }
        ({ file, status } = found);
        coding = each;
        break;
      }
      const shown = { names, status, type: contentTypeOf(names.at(-1) as string, this.#types), coding };
      const bytes = await this.#smallBytes(ask, file, shown);
      ask.signal.throwIfAborted();
      return this.#answer(ask, shown, (pieces) => {
        body = bytes === undefined ? streamed(file, status, pieces, ask.request) : wholeBody(bytes, pieces);
        return body;
      });
    } finally {
      if (file !== plain.file) plain.file.close();
      if (!(body instanceof FileBody)) file.close();
    }
  }

  /** All of a file that is small enough to be sent in one piece with its head; undefined of others, or if none is wanted. */
  async #smallBytes(ask: Ask, file: OpenFile, shown: Shown): Promise<Uint8Array | undefined> {
    const { size } = shown.status;
    if (size > WHOLE_BYTES || ask.request.method === "HEAD") return undefined;
    // With room for one byte that should not be there.
    const bytes = await file.read(0, size + 1);
    if (bytes.length !== size) throw new HttpError(503, "The file is being changed", { headers: RETRY });
    const sights = ask.trail.filter((sight) => sight !== undefined);
    const isSure = sights.length === ask.trail.length && isResting(shown.status, this.#reactor.wallTimeMs());
    if (isSure && this.#maxKeptBytes > 0) this.#kept.put(ask.key, { ...shown, bytes, sights });
    return bytes;
  }

  #answer({ request }: Ask, shown: Shown, bodyOf: (pieces: Pieces) => Body): Response {
    const reactor = this.#reactor;
    const { status, fields, pieces } = planAnswer(request, shown, {
      nowMs: reactor.wallTimeMs(),
      varies: this.#codings.length > 0,
      cacheControl: this.#options.cacheControl,
      boundary: () => Buffer.from(reactor.randomBytes(16)).toString("hex"),
    });
    if (pieces === undefined) return new Response(null, { status, headers: fields });
    return new Response(request.method === "HEAD" ? NOTHING : bodyOf(pieces), { status, headers: fields });
  }

  async #listing(names: readonly string[], signal: AbortSignal): Promise<Response | undefined> {
    const isShown = (name: string): boolean =>
      namesOf(pathOf([name])) !== undefined && (this.#options.dotfiles === true || !isHidden(name, -1));
    const list = await this.#lookup.list(names, isShown, MOST_LISTED, signal);
    if (list === undefined) return undefined;
    const path = `${this.#mount}${names.map((name) => `${name}/`).join("")}`;
    const page = listingPage(path, list.entries, { hasParent: names.length > 0, leftOut: list.leftOut });
    return new Response(page, { headers: LISTING_FIELDS });
  }
}

/** A request, with what it is about. */
class Ask {
  readonly request: Request;
  /** The last is empty for a folder. */
  readonly names: readonly string[];
  /** What the client likes at least as much as the plain file, best first. */
  readonly codings: readonly ContentCoding[];
  readonly signal: AbortSignal;
  /** The same for all that have the same answer, as long as no file changes. */
  readonly key: string;
  readonly trail: Trail = [];

  constructor(request: Request, names: readonly string[], available: readonly ContentCoding[], signal: AbortSignal) {
    this.request = request;
    this.names = names;
    this.codings = available.length === 0 ? available : rankCodings(request.headers.get("accept-encoding"), available);
    this.signal = signal;
    this.key = `${this.codings.join()}/${names.join("/")}`;
  }
}

/** A small file in memory, and all that must be as it was for this to be what it is. */
interface Kept extends Shown {
  readonly bytes: Uint8Array;
  readonly sights: readonly Sight[];
}

type Body = Uint8Array | Parts;

/** A copy of what is in memory: whoever changes the bytes of an answer changes nobody else's. */
function wholeBody(bytes: Uint8Array, pieces: Pieces): Uint8Array {
  const [only] = pieces;
  if (pieces.length === 1 && typeof only === "object") return bytes.slice(only.start, only.end);
  return joinBytes(
    pieces.map((piece) =>
      typeof piece === "string" ? TEXT.encodeUtf8(piece) : bytes.subarray(piece.start, piece.end),
    ),
  );
}

/** Whoever drops the answer unread leaves the file open: it is closed with the request. */
function streamed(file: OpenFile, status: FileStatus, pieces: Pieces, request: Request): FileBody {
  const body = new FileBody(file, status, pieces);
  request.notifyFinish().addBoth(() => body.close());
  return body;
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
const EXTENSIONS: Readonly<Record<ContentCoding, string>> = { identity: "", br: "br", gzip: "gz", zstd: "zst" };
/** As much as a connection buffers without complaint: one read and one write. */
const WHOLE_BYTES = 65_536;
/** Some hundred of the files that make up a site. */
const MAX_KEPT_BYTES = 8_388_608;
/** Each costs a call of the system; more than that nobody reads. */
const MOST_LISTED = 2_000;
