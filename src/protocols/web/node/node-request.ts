import { Readable, Stream } from "node:stream";
import { asBytes, type Parts } from "../message/body.ts";
import type { Request } from "../message/request.ts";

/**
 * A request with the interface of Node's `IncomingMessage`. What frameworks use are own properties: Express sets an object's
 * prototype to one of its own, and what a class of ours had would be gone.
 */
export class NodeRequest extends Readable {
  readonly method: string;
  url: string;
  readonly headers: { [name: string]: string | string[] };
  readonly rawHeaders: string[];
  readonly httpVersion: string;
  readonly httpVersionMajor = 1;
  readonly httpVersionMinor: number;
  readonly socket: NodeSocket;
  readonly connection: NodeSocket;
  readonly trailers: { [name: string]: string } = {};
  readonly rawTrailers: string[] = [];
  readonly upgrade = false;
  complete: boolean;
  aborted = false;
  /** Middleware for Connect that has no other way to our own things finds them here. */
  readonly webRequest: Request;

  constructor(request: Request) {
    const source = request.takeBody();
    const body = source === null ? undefined : partsOf(source)[Symbol.asyncIterator]();
    super({
      read: () => void readFrom(this, body),
      destroy: (error, done) => {
        body?.return?.().then(undefined, () => undefined);
        done(error);
      },
    });
    this.method = request.method;
    this.url = request.head?.target ?? request.path + new URL(request.url).search;
    this.rawHeaders = [...request.headers.map].flat();
    this.headers = headersOf(this.rawHeaders);
    this.httpVersion = request.head?.version ?? "1.1";
    this.httpVersionMinor = this.httpVersion === "1.0" ? 0 : 1;
    this.socket = new NodeSocket(request, (error) => this.destroy(error));
    this.connection = this.socket;
    this.complete = body === undefined;
    this.webRequest = request;
    Object.defineProperties(this, METHODS);
  }
}

/** What of a connection frameworks look at: where it comes from, and whether it is still there. */
export class NodeSocket extends Stream {
  readonly remoteAddress: string | undefined;
  readonly remotePort: number | undefined;
  readonly remoteFamily: string | undefined;
  readonly localAddress: string | undefined;
  readonly localPort: number | undefined;
  readonly encrypted: boolean;
  readonly readable = true;
  readonly writable = true;
  destroyed = false;
  readonly #onDestroy: (error: Error | undefined) => void;

  constructor({ peer, local, isSecure }: Request, onDestroy: (error: Error | undefined) => void) {
    super();
    this.remoteAddress = peer?.kind === "tcp" ? peer.host : undefined;
    this.remotePort = peer?.kind === "tcp" ? peer.port : undefined;
    this.remoteFamily = peer?.kind === "tcp" ? `IPv${peer.family}` : undefined;
    this.localAddress = local?.kind === "tcp" ? local.host : undefined;
    this.localPort = local?.kind === "tcp" ? local.port : undefined;
    this.encrypted = isSecure;
    this.#onDestroy = onDestroy;
  }

  address(): { readonly address: string | undefined; readonly port: number | undefined } {
    return { address: this.localAddress, port: this.localPort };
  }

  destroy(error?: Error): this {
    if (this.destroyed) return this;
    this.destroyed = true;
    this.#onDestroy(error);
    this.emit("close", error !== undefined);
    return this;
  }

  end(): this {
    return this.destroy();
  }

  /** The patience with a connection is the server's, not the application's: these change nothing. */
  setTimeout(): this {
    return this;
  }
  setNoDelay(): this {
    return this;
  }
  setKeepAlive(): this {
    return this;
  }
  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }
}

async function readFrom(request: NodeRequest, body: AsyncIterator<Uint8Array | string> | undefined): Promise<void> {
  try {
    const read = await body?.next();
    if (request.destroyed) return;
    if (read === undefined || read.done === true) request.complete = true;
    request.push(read === undefined || read.done === true ? null : asBytes(read.value));
  } catch (error) {
    request.destroy(error as Error);
  }
}

function partsOf(source: string | Uint8Array | Parts): Parts {
  return typeof source === "string" || source instanceof Uint8Array ? Readable.from([asBytes(source)]) : source;
}

/** As Node joins lines of one name: of some the first counts, cookies are joined by ";", the rest by ",". */
function headersOf(rawHeaders: readonly string[]): { [name: string]: string | string[] } {
  const headers: { [name: string]: string | string[] } = {};
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = (rawHeaders[at] as string).toLowerCase();
    const value = rawHeaders[at + 1] as string;
    const before = Object.hasOwn(headers, name) ? headers[name] : undefined;
    if (name === "set-cookie") headers[name] = [...((before as string[] | undefined) ?? []), value];
    else if (before === undefined) define(headers, name, value);
    else if (!SINGLE.has(name)) headers[name] = `${before as string}${name === "cookie" ? "; " : ", "}${value}`;
  }
  return headers;
}

/** A field may be called `__proto__`. */
function define(headers: object, name: string, value: string): void {
  Object.defineProperty(headers, name, { value, writable: true, enumerable: true, configurable: true });
}

const METHODS: PropertyDescriptorMap = {
  setTimeout: {
    value(this: NodeRequest): NodeRequest {
      return this;
    },
    writable: true,
    configurable: true,
  },
};
const SINGLE: ReadonlySet<string> = new Set([
  "age",
  "authorization",
  "content-length",
  "content-type",
  "etag",
  "expires",
  "from",
  "host",
  "if-modified-since",
  "if-unmodified-since",
  "last-modified",
  "location",
  "max-forwards",
  "proxy-authorization",
  "referer",
  "retry-after",
  "server",
  "user-agent",
]);
