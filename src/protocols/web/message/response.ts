import { HeaderMap } from "../../../wire/header-map.ts";
import { Body, type BodyInit, readInit, TEXT_TYPE } from "./body.ts";
import { Headers, type HeadersInit } from "./headers.ts";

/** What an answer is made of besides its body, as for the platform's own. */
export interface ResponseInit {
  /** 200 to 599; default 200. */
  readonly status?: number | undefined;
  readonly statusText?: string | undefined;
  readonly headers?: HeadersInit | HeaderMap | globalThis.Headers | undefined;
  /** Of an answer that came from somewhere: the URL that gave it. */
  readonly url?: string | undefined;
  /** Whether that URL is not the one that was asked for. */
  readonly redirected?: boolean | undefined;
}

/**
 * An answer with the interface of the platform's `Response`, at a fraction of its cost. Bodies may also be async iterables of
 * bytes, which are sent as fast as the client takes them.
 *
 * @example
 * ```ts
 * import { Response } from "ropewalk/web";
 *
 * const response = Response.json({ knots: 3 }, { status: 201 });
 * console.log(response.status, response.headers.get("content-type"), await response.text()); // 201 application/json {"knots":3}
 * ```
 */
export class Response extends Body implements globalThis.Response {
  readonly status: number;
  readonly statusText: string;
  /** Where the answer came from, after redirects; "" for one that was made here. */
  readonly url: string;
  readonly redirected: boolean;
  /** What the body is by itself; until somebody asks for the headers. */
  #type: string | undefined;
  #headers: Headers | undefined;

  /** @throws RangeError if the status is none; TypeError if a header is none, or if the status has no body and this has one. */
  constructor(body?: BodyInit, init?: ResponseInit) {
    const { source, type } = readInit(body);
    super(source);
    const status = init?.status ?? 200;
    // What came from somewhere is as it came.
    if (status !== 200 && init?.url === undefined) checkStatus(status, source !== null);
    const headers = init?.headers;
    this.status = status;
    this.statusText = init?.statusText ?? "";
    this.url = init?.url ?? "";
    this.redirected = init?.redirected ?? false;
    this.#type = type;
    this.#headers = headers === undefined ? undefined : new Headers(headers);
  }

  static json(value: unknown, init?: ResponseInit): Response {
    const text = JSON.stringify(value) as string | undefined;
    if (text === undefined) throw new TypeError(`Cannot make JSON of ${typeof value}`);
    const response = new Response(text, init);
    response.#type = JSON_TYPE;
    return response;
  }

  /** @throws RangeError for a status that is no redirection. */
  static redirect(url: string | URL, status = 302): Response {
    if (!REDIRECTIONS.has(status)) throw new RangeError(`Cannot redirect with the status ${status}`);
    return new Response(null, { status, headers: { Location: String(url) } });
  }

  static error(): Response {
    return new Response(null, { status: 500 });
  }

  get headers(): Headers {
    this.#headers ??= new Headers();
    if (this.#type !== undefined) {
      if (!this.#headers.has("content-type")) this.#headers.set("Content-Type", this.#type);
      this.#type = undefined;
    }
    return this.#headers;
  }

  /** For who sends it: the fields as they go on the wire, not to be changed. */
  get fields(): HeaderMap {
    if (this.#headers === undefined) {
      if (this.#type === undefined) return NO_FIELDS;
      if (this.#type === TEXT_TYPE) return TEXT_FIELDS;
      if (this.#type === JSON_TYPE) return JSON_FIELDS;
    }
    return this.headers.map;
  }

  get ok(): boolean {
    return this.status >= 200 && this.status < 300;
  }

  get type(): "default" {
    return "default";
  }

  clone(): Response {
    const { status, statusText, url, redirected, headers } = this;
    const clone = new Response(this.tee(), { status, statusText, url, redirected, headers });
    clone.#type = undefined;
    return clone;
  }
}

function checkStatus(status: number, hasBody: boolean): void {
  const isSwitch = status === 101;
  if (!Number.isInteger(status) || (status < 200 && !isSwitch) || status > 599) {
    throw new RangeError(`Cannot make a response with the status ${status}: it is a whole number from 200 to 599`);
  }
  if (hasBody && (isSwitch || status === 204 || status === 205 || status === 304)) {
    throw new TypeError(`Cannot make a response with the status ${status} and a body: it has none`);
  }
}

const REDIRECTIONS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
const NO_FIELDS = new HeaderMap();
const JSON_TYPE = "application/json";
const JSON_FIELDS = new HeaderMap({ "Content-Type": JSON_TYPE });
const TEXT_FIELDS = new HeaderMap({ "Content-Type": TEXT_TYPE });
