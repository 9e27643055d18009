/** What a caller may ask for with a request, and what holds if nothing is asked. */
import type { BodyInit } from "../message/body.ts";
import type { HeadersInit } from "../message/headers.ts";
import type { Response } from "../message/response.ts";
import type { CookieJar } from "./cookies/jar.ts";

/** What a query or form is made of; a list as a value stands for a field each. */
export type FieldsInit =
  | URLSearchParams
  | Iterable<readonly [name: string, value: string]>
  | { readonly [name: string]: FieldValue | readonly FieldValue[] };

/** Numbers and booleans go as JavaScript writes them. */
export type FieldValue = string | number | bigint | boolean;

/** User and password, for Basic (RFC 7617). They go to the origin of the first URL only, whatever redirects say. */
export type Login = readonly [user: string, password: string];

/** Who answers a server's challenges: a `ClientLogin`. */
export interface Authenticator {
  /** The value of Authorization for a request; undefined if there is none yet. */
  authorization(method: string, target: string): string | undefined;
  /** Takes WWW-Authenticate of a 401; true if the request should be sent again. */
  challenged(value: string): boolean;
}

/** What a request waits for, each time in ms. */
export interface RequestTimeouts {
  /** For all of it, from the call to the last byte of the answer. Default: none. */
  readonly timeoutMs?: number | undefined;
  /** Waiting for a connection to become free: 30 000. */
  readonly queueTimeoutMs?: number | undefined;
  /** Lookup, connecting, the proxy's part and TLS together: 30 000. */
  readonly connectTimeoutMs?: number | undefined;
  /** From the request's last byte to the answer's first one: 60 000, as proxies have it. */
  readonly answerTimeoutMs?: number | undefined;
  /** Silence amid an answer, or a peer that takes nothing of an upload: 30 000. */
  readonly silenceTimeoutMs?: number | undefined;
}

/** What goes with a request, besides its method and URL. */
export interface RequestOptions extends RequestTimeouts {
  readonly headers?: HeadersInit | undefined;
  /** Added to the query of the URL. */
  readonly query?: FieldsInit | undefined;
  /** The body: text, bytes, a Blob, FormData, a stream or an async iterable (a Node stream is one), sent as the peer takes it. */
  readonly body?: BodyInit | undefined;
  /** The body: anything that has a form in JSON. */
  readonly json?: unknown;
  /** The body: fields as a form sends them (urlencoded). For files, give FormData as `body`. */
  readonly form?: FieldsInit | undefined;
  /** A file to send, some bytes at a time, as the body. */
  readonly file?: string | undefined;
  /** A login, which goes as Basic at once; or who answers challenges (401), such as a ClientLogin: never beyond the first origin. */
  readonly auth?: Login | Authenticator | undefined;
  /** Where cookies come from and go to. Default: none are kept. */
  readonly cookies?: CookieJar | undefined;
  /** Gives bodies in gzip, deflate, br (and zstd, from Node 22.15 on) as they were before, without the fields that spoke of it. Default true. */
  readonly decompress?: boolean | undefined;
  /** How many times its size a compressed body may have, if it is more than 4 MiB: 100. Text has 5 to 20, and bombs 1 000. */
  readonly maxExpansion?: number | undefined;
  /** Ends the request wherever it is, the reading of the answer's body included. A `Deadline` may stand for all options. */
  readonly signal?: AbortSignal | undefined;
  /** Bytes of an answer that `text`, `json` and the like keep in memory: 64 MiB. Reading in parts has no limit. */
  readonly maxCollectedBytes?: number | undefined;
  /** How many redirects to follow: 10; 0 or false gives them to the caller. */
  readonly followRedirects?: number | boolean | undefined;
  /** Lets an https URL redirect to an http one. Default false. */
  readonly allowDowngrade?: boolean | undefined;
  /** Fails with HttpError for an answer of 400 or more. Default false: see `response.ok`. */
  readonly check?: boolean | undefined;
  /**
   * Asks the server before the body is sent (`Expect: 100-continue`), for uploads that it might refuse: true, or how many ms
   * to wait for its word before the body goes anyway (1 000). Default false.
   */
  readonly expectContinue?: number | boolean | undefined;
  /** Answers before the final one, such as 103 with Link fields. */
  readonly informed?: ((status: number, headers: Response["headers"]) => void) | undefined;
}

export const DEFAULTS = {
  queueTimeoutMs: 30_000,
  connectTimeoutMs: 30_000,
  answerTimeoutMs: 60_000,
  silenceTimeoutMs: 30_000,
  /** As curl has it: servers that know 100 say it within a round trip. */
  continueTimeoutMs: 1_000,
  maxExpansion: 100,
  /** A page, an image, a large document: what programs take in one piece. */
  maxCollectedBytes: 67_108_864,
  /** As many as curl and requests have, less their patience: loops are seen sooner. */
  maxRedirects: 10,
} as const;

/** Fields as a query or a form has them. */
export function encodeFields(init: FieldsInit): string {
  if (init instanceof URLSearchParams) return init.toString();
  if (Symbol.iterator in init) return new URLSearchParams([...(init as Iterable<[string, string]>)]).toString();
  const fields = new URLSearchParams();
  for (const [name, value] of Object.entries(init)) {
    if (Array.isArray(value)) for (const each of value) fields.append(name, String(each));
    else fields.append(name, String(value));
  }
  return fields.toString();
}
