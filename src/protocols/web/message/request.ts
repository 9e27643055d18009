import type { Address } from "../../../core/address.ts";
import { Deferred } from "../../../core/deferred/deferred.ts";
import { TOKEN } from "../../http1/codec/token.ts";
import type { Http1Request } from "../../http1/events.ts";
import { Body, type BodyInit, type BodySource, readInit } from "./body.ts";
import { Headers, type HeadersInit } from "./headers.ts";
import { HttpError } from "./http-error.ts";
import type { IncomingBody } from "./incoming-body.ts";
import { PLATFORM } from "./platform.ts";

/** What a request is made of, as for the platform's own. */
export interface RequestInit {
  readonly method?: string | undefined;
  readonly headers?: HeadersInit | globalThis.Headers | undefined;
  readonly body?: BodyInit | undefined;
  readonly signal?: AbortSignal | null | undefined;
  /** Who makes a request for a test says whom it comes from. */
  readonly peer?: Address | undefined;
  readonly duplex?: "half" | undefined;
}

/** A request as a server hears it. */
export interface ReceivedRequest {
  readonly head: Http1Request;
  readonly body: IncomingBody | null;
  readonly peer: Address;
  readonly local: Address;
  readonly isSecure: boolean;
  /** Aborts when the connection goes before the answer is complete. */
  signal(): AbortSignal;
  notifyFinish(): Deferred<void>;
  sendInformational(status: number, headers: { readonly [name: string]: string }): void;
}

/**
 * A request with the interface of the platform's `Request`. What a server hears costs next to nothing until it is asked for.
 * It is not an instance of the platform's class: `toPlatform()` gives one, where `new Request(request)` is needed.
 *
 * @example
 * ```ts
 * import { Request } from "ropewalk/web";
 *
 * const request = new Request("http://example.org/ropes?length=7", { method: "POST", body: "hemp" });
 * console.log(request.path, request.query.get("length"), await request.text()); // /ropes 7 hemp
 * ```
 */
export class Request extends Body implements globalThis.Request {
  readonly method: string;
  /** Where it came from; undefined for one that was not received. */
  readonly peer: Address | undefined;
  readonly #received: ReceivedRequest | undefined;
  #url: string | undefined;
  #headers: Headers | undefined;
  #signal: AbortSignal | undefined;
  #query: URLSearchParams | undefined;

  /** @throws TypeError if the URL, the method or a header is none, or if a GET or HEAD has a body. */
  constructor(input: string | URL | globalThis.Request | ReceivedRequest, init?: RequestInit | globalThis.RequestInit) {
    if (isReceived(input)) {
      super(input.body);
      this.method = input.head.method;
      this.peer = input.peer;
      this.#received = input;
      this.#url = undefined;
      this.#headers = undefined;
      this.#signal = undefined;
      this.#query = undefined;
      return;
    }
    const made = parts(input, (init ?? {}) as RequestInit);
    super(made.source);
    this.method = made.method;
    this.peer = made.peer;
    this.#received = undefined;
    this.#url = made.url;
    this.#headers = made.headers;
    this.#signal = made.signal;
    this.#query = undefined;
  }

  /** The whole of it: scheme, host, path, query. @throws HttpError 400 if the client asked for something that is no URL. */
  get url(): string {
    this.#url ??= urlOf(this.#received as ReceivedRequest);
    return this.#url;
  }

  get headers(): Headers {
    this.#headers ??= new Headers((this.#received as ReceivedRequest).head.headers);
    return this.#headers;
  }

  get signal(): AbortSignal {
    this.#signal ??= this.#received?.signal() ?? new AbortController().signal;
    return this.#signal;
  }

  /** The path, with "." and ".." resolved as URLs have it, and still percent-encoded. */
  get path(): string {
    const target = this.#received?.head.target;
    if (target === undefined) return new URL(this.url).pathname;
    const end = target.indexOf("?");
    const path = end === -1 ? target : target.slice(0, end);
    return PLAIN_PATH.test(path) ? path : new URL(this.url).pathname;
  }

  /** What stands behind the question mark. */
  get query(): URLSearchParams {
    this.#query ??= new URL(this.url).searchParams;
    return this.#query;
  }

  /** The end of this connection that is ours; undefined for one that was not received. */
  get local(): Address | undefined {
    return this.#received?.local;
  }

  /** It came over TLS. */
  get isSecure(): boolean {
    return this.#received?.isSecure ?? this.url.startsWith("https:");
  }

  /** The head as it was on the wire; undefined for one that was not received. */
  get head(): Http1Request | undefined {
    return this.#received?.head;
  }

  /** Fires when the answer is complete, fails when the connection goes before that. Of one that was not received: never. */
  notifyFinish(): Deferred<void> {
    return this.#received?.notifyFinish() ?? new Deferred();
  }

  /**
   * Says something before the answer, such as 103 with Link fields (RFC 8297). Clients of HTTP/1.0 are not bothered with it.
   *
   * @throws LocalProtocolError if the status is not from 102 to 199, or a header is none.
   */
  sendInformational(status: number, headers: { readonly [name: string]: string } = {}): void {
    this.#received?.sendInformational(status, headers);
  }

  clone(): Request {
    return new Request(this.url, {
      method: this.method,
      headers: this.headers,
      body: this.tee(),
      signal: this.signal,
      peer: this.peer,
    });
  }

  /** The same as an instance of the platform's class; the body goes with it. */
  toPlatform(): globalThis.Request {
    const { body } = this;
    const init = { method: this.method, headers: [...this.headers], signal: this.signal };
    return new PLATFORM.Request(this.url, body === null ? init : { ...init, body, duplex: "half" });
  }

  /** The platform would take the text of this for a URL, and lose the method, the headers and the body without a word. */
  [Symbol.toPrimitive](): never {
    throw new TypeError(
      "Cannot make a Request of this one: pass request.toPlatform(), or mount with platformRequests()",
    );
  }

  get cache(): "default" {
    return "default";
  }
  get credentials(): "same-origin" {
    return "same-origin";
  }
  get destination(): "" {
    return "";
  }
  get duplex(): "half" {
    return "half";
  }
  get integrity(): string {
    return "";
  }
  get keepalive(): boolean {
    return false;
  }
  get mode(): "cors" {
    return "cors";
  }
  get redirect(): "follow" {
    return "follow";
  }
  get referrer(): string {
    return "about:client";
  }
  get referrerPolicy(): "" {
    return "";
  }
  get [Symbol.toStringTag](): string {
    return "Request";
  }
}

function isReceived(input: string | URL | globalThis.Request | ReceivedRequest): input is ReceivedRequest {
  return typeof input === "object" && "head" in input && !("url" in input);
}

interface Parts {
  readonly source: BodySource;
  readonly method: string;
  readonly peer: Address | undefined;
  readonly url: string;
  readonly headers: Headers;
  readonly signal: AbortSignal | undefined;
}

function parts(input: string | URL | globalThis.Request, init: RequestInit): Parts {
  const from = typeof input === "object" && "method" in input ? (input as globalThis.Request) : undefined;
  if (from?.bodyUsed === true && init.body === undefined) {
    throw new TypeError("Cannot make a request of one whose body was read: no body can be read twice");
  }
  const method = methodOf(init.method ?? from?.method ?? "GET");
  const { source, type } = readInit(init.body ?? (init.body === undefined ? (from?.body as BodyInit) : null));
  if (source !== null && (method === "GET" || method === "HEAD")) {
    throw new TypeError(`Cannot make a ${method} request with a body: it has none`);
  }
  const headers = new Headers(init.headers ?? from?.headers);
  if (type !== undefined && !headers.has("content-type")) headers.set("Content-Type", type);
  const signal = init.signal === undefined ? from?.signal : (init.signal ?? undefined);
  const url = from === undefined ? new URL(String(input)).href : from.url;
  return { source, method, peer: init.peer, url, headers, signal };
}

/** The methods that Fetch spells in upper case, whatever the caller does. */
function methodOf(method: string): string {
  if (!TOKEN.test(method)) throw new TypeError(`Cannot use ${JSON.stringify(method)} as a method: it is no token`);
  const upper = method.toUpperCase();
  return NORMALISED.has(upper) ? upper : method;
}

function urlOf({ head, local, isSecure }: ReceivedRequest): string {
  const { target, authority } = head;
  const scheme = isSecure ? "https" : "http";
  if (PLAIN_TARGET.test(target) && PLAIN_HOST.test(authority)) return `${scheme}://${authority}${target}`;
  const host = authority === "" ? hostOf(local) : authority;
  const isWhole = /^[a-z][a-z0-9+.-]*:\/\//i.test(target);
  const path = head.method === "CONNECT" || target === "*" ? "/" : target;
  const url = isWhole ? target : `${scheme}://${host}${path}`;
  if (!URL.canParse(url))
    throw new HttpError(400, `Cannot understand the target ${JSON.stringify(target)}: it is no URL`);
  return new URL(url).href;
}

/** RFC 9112 §3.3: without a Host, the address that was dialled. */
function hostOf(local: Address): string {
  if (local.kind !== "tcp") return "localhost";
  return local.host.includes(":") ? `[${local.host}]:${local.port}` : `${local.host}:${local.port}`;
}

const NORMALISED: ReadonlySet<string> = new Set(["DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT"]);
/**
 * What `new URL` would leave as it is: no dot after a slash, however it is spelled, nothing that it would encode. A slash must
 * stand between two segments in both of these: were it optional, a long segment would take them exponential time.
 */
const PLAIN_PATH =
  /^\/(?:[\w~!$&'()*+,;=:@-][\w~!$&'()*+,;=:@%.-]*(?:\/[\w~!$&'()*+,;=:@-][\w~!$&'()*+,;=:@%.-]*)*\/?)?$/;
const PLAIN_TARGET =
  /^\/(?:[\w~!$&'()*+,;=:@-][\w~!$&'()*+,;=:@.-]*(?:\/[\w~!$&'()*+,;=:@-][\w~!$&'()*+,;=:@.-]*)*\/?)?(?:\?[\w~!$&()*+,;=:@%./?-]*)?$/;
/** A name in lower case, with a port that no URL leaves out; digits alone might be an address in another spelling. */
const PLAIN_HOST = /^(?:[a-z][a-z0-9-]*(?:\.[a-z][a-z0-9-]*)*|127\.0\.0\.1)(?::(?!80$|443$)[1-9]\d{0,3})?$/;
