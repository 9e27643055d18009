/** A request as a caller wants it, before it is an exchange: redirects make a plan of a plan. */
import { HeaderMap } from "../../../wire/header-map.ts";
import { TEXT } from "../../../wire/text.ts";
import { TOKEN } from "../../http1/codec/token.ts";
import { type BodySource, readInit } from "../message/body.ts";
import { Headers } from "../message/headers.ts";
import { Request } from "../message/request.ts";
import type { Response } from "../message/response.ts";
import type { Destination, Destinations } from "./destination.ts";
import { type Patience, WHOLE_BYTES } from "./exchange.ts";
import { FileBody } from "./file-body.ts";
import {
  type Authenticator,
  DEFAULTS,
  encodeFields,
  type FieldsInit,
  type Login,
  type RequestOptions,
} from "./options.ts";
import { hostOf } from "./place.ts";
import { BODY_FIELDS, CREDENTIAL_FIELDS, type Redirect } from "./redirect.ts";

export interface Plan {
  readonly method: string;
  readonly to: Destination;
  /** What the caller said, and what the body is; undefined if that is nothing. */
  readonly headers: HeaderMap | undefined;
  readonly body: BodySource;
  readonly redirects: number;
  /** Who answers challenges. */
  readonly login: Authenticator | undefined;
  /** How many challenges were answered. */
  readonly logins: number;
  /** The server was asked beforehand, and did not understand (417). */
  readonly isUnannounced: boolean;
  readonly successor: ((response: Response) => unknown) | undefined;
}

/** @throws TypeError for what is no URL, no method, no field, or more than one body. */
export function planOf(method: string, url: string | URL, options: RequestOptions, destinations: Destinations): Plan {
  let to = destinations.of(url);
  if (options.query !== undefined) to = destinations.of(withQuery(to.url, options.query));
  if (!TOKEN.test(method)) throw new TypeError(`Cannot use ${JSON.stringify(method)} as a method: it is no token`);
  const { source, type } = bodyOf(options);
  const { auth } = options;
  const authenticator = auth !== undefined && "challenged" in auth ? auth : undefined;
  const login = auth === undefined || "challenged" in auth ? loginOf(to.url) : auth;
  const isPlain = options.headers === undefined && type === undefined && login === undefined;
  const headers = isPlain ? undefined : headersOf(options, type, login);
  return {
    method,
    to,
    headers,
    body: source,
    redirects: 0,
    login: authenticator,
    logins: 0,
    isUnannounced: false,
    successor: undefined,
  };
}

/** What a Request asks for; its body is used up. */
export function planOfRequest(request: Request | globalThis.Request, destinations: Destinations): Plan {
  const { method, url, headers } = request;
  const body = request instanceof Request ? request.takeBody() : (request.body as BodySource);
  const map = new HeaderMap(request instanceof Request ? request.headers.map : [...headers]);
  const to = destinations.of(url);
  const rest = { redirects: 0, login: undefined, logins: 0, isUnannounced: false, successor: undefined };
  return { method, to, headers: map, body, ...rest };
}

export function redirected(plan: Plan, redirect: Redirect, destinations: Destinations): Plan {
  const { url, method, keepsBody, keepsCredentials } = redirect;
  const headers = plan.headers === undefined ? undefined : new HeaderMap(plan.headers);
  if (!keepsBody) for (const name of BODY_FIELDS) headers?.delete(name);
  if (!keepsCredentials) for (const name of CREDENTIAL_FIELDS) headers?.delete(name);
  const login = keepsCredentials ? plan.login : undefined;
  const body = keepsBody ? plan.body : null;
  return { ...plan, method, to: destinations.of(url), headers, body, login, redirects: plan.redirects + 1 };
}

/** The fields as they are sent, the ones that routers look at first. */
export function fieldsOf(plan: Plan, accepted: string, isHeldBack: boolean): HeaderMap {
  const { headers, body } = plan;
  const fields = new HeaderMap();
  if (headers?.has("host") !== true) fields.append("Host", hostOf(plan.to.url));
  if (headers?.has("user-agent") !== true) fields.append("User-Agent", USER_AGENT);
  if (headers?.has("accept") !== true) fields.append("Accept", "*/*");
  // A part of something encoded is nothing that could be decoded.
  if (headers === undefined) fields.append("Accept-Encoding", accepted);
  else if (!headers.has("accept-encoding"))
    fields.append("Accept-Encoding", headers.has("range") ? "identity" : accepted);
  if (headers !== undefined)
    for (let line = 0; line < headers.size; line++) fields.append(headers.nameAt(line), headers.valueAt(line));
  if (isHeldBack && body !== null) fields.append("Expect", "100-continue");
  frame(fields, body, isHeldBack);
  return fields;
}

/** What holds for all exchanges of a call. */
export function patienceOf(options: RequestOptions): Patience {
  const { expectContinue = false, decompress = true } = options;
  return {
    queueTimeoutMs: options.queueTimeoutMs ?? DEFAULTS.queueTimeoutMs,
    connectTimeoutMs: options.connectTimeoutMs ?? DEFAULTS.connectTimeoutMs,
    answerTimeoutMs: options.answerTimeoutMs ?? DEFAULTS.answerTimeoutMs,
    silenceTimeoutMs: options.silenceTimeoutMs ?? DEFAULTS.silenceTimeoutMs,
    continueTimeoutMs:
      expectContinue === true ? DEFAULTS.continueTimeoutMs : expectContinue === false ? -1 : expectContinue,
    maxCollectedBytes: options.maxCollectedBytes ?? DEFAULTS.maxCollectedBytes,
    maxExpansion: decompress ? (options.maxExpansion ?? DEFAULTS.maxExpansion) : 0,
    informed: options.informed,
  };
}

/** How the body is delimited: by its length where that is known. */
function frame(fields: HeaderMap, body: BodySource, isHeldBack: boolean): void {
  if (body === null) return;
  if (typeof body === "string" || body instanceof Uint8Array) {
    if (body.length <= WHOLE_BYTES && !isHeldBack) return;
    const length = typeof body === "string" ? TEXT.utf8Length(body) : body.length;
    if (!fields.has("content-length")) fields.append("Content-Length", String(length));
  } else if (body instanceof FileBody) {
    if (!fields.has("content-length")) fields.append("Content-Length", String(body.bytes));
  } else if (!fields.has("content-length") && !fields.has("transfer-encoding")) {
    fields.append("Transfer-Encoding", "chunked");
  }
}

function bodyOf({ body, json, form, file }: RequestOptions): {
  readonly source: BodySource;
  readonly type: string | undefined;
} {
  if (body === undefined && json === undefined && form === undefined && file === undefined) return NO_BODY;
  const given = [body, json, form, file].filter((one) => one !== undefined);
  if (given.length > 1) throw new TypeError("Cannot send more than one body: give one of body, json, form and file");
  if (json !== undefined) return { source: JSON.stringify(json), type: "application/json" };
  if (form !== undefined) return { source: encodeFields(form), type: "application/x-www-form-urlencoded" };
  return file === undefined ? readInit(body) : NO_BODY;
}

function headersOf(options: RequestOptions, type: string | undefined, login: Login | undefined): HeaderMap {
  const headers = new Headers(options.headers);
  const map = options.headers instanceof Headers ? new HeaderMap(headers.map) : headers.map;
  if (type !== undefined && !map.has("content-type")) map.append("Content-Type", type);
  if (login !== undefined && !map.has("authorization")) map.append("Authorization", basic(login));
  return map;
}

/** The login that stands in a URL: `http://user:password@host/`. */
function loginOf({ username, password }: URL): Login | undefined {
  if (username === "" && password === "") return undefined;
  return [decodeURIComponent(username), decodeURIComponent(password)];
}

/** RFC 7617, in UTF-8. @throws TypeError for a user with a colon. */
export function basic([user, password]: Login): string {
  if (user.includes(":")) {
    throw new TypeError(`Cannot log in as ${JSON.stringify(user)}: with Basic, a name must have no colon`);
  }
  const bytes = TEXT.encodeUtf8(`${user}:${password}`);
  return `Basic ${btoa(TEXT.decodeLatin1(bytes, 0, bytes.length))}`;
}

function withQuery(url: URL, query: FieldsInit): URL {
  const more = encodeFields(query);
  if (more === "") return url;
  const whole = new URL(url);
  whole.search = whole.search === "" ? more : `${whole.search}&${more}`;
  return whole;
}

const NO_BODY = { source: null, type: undefined } as const;
/** Kept equal to package.json by a test. */
export const USER_AGENT = "ropewalk/0.1.0";
