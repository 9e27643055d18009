/** A request on its way through a proxy: what is said to the server behind, and what of its answer is said in front. */
import type { HeaderMap } from "../../../wire/header-map.ts";
import type { BodySource, Parts } from "../message/body.ts";
import { Headers } from "../message/headers.ts";
import { HttpError } from "../message/http-error.ts";
import { IncomingBody } from "../message/incoming-body.ts";
import type { Request } from "../message/request.ts";
import { Response } from "../message/response.ts";
import { addVia, cameThrough, endToEnd } from "./fields.ts";

/** What is sent on, but for whom it is sent to. */
export interface Onward {
  readonly method: string;
  /** Path and query, with dots resolved: what rules in front of the proxy have seen is what the server behind gets. */
  readonly target: string;
  readonly fields: HeaderMap;
  readonly body: BodySource;
  /** The client waits to be told to go on with its body (RFC 9110 §10.1.1), and so does the proxy. */
  readonly expectsContinue: boolean;
  /** The protocol that it offers to go on in, of those that may be passed through. */
  readonly upgrade: string | undefined;
}

/**
 * Takes the body of the request.
 *
 * @throws HttpError 508 if the request runs in a circle, 400 if it is none that can be sent on; TypeError if its body was read.
 */
export function onwardOf(request: Request, pseudonym: string, upgrades: readonly string[]): Onward {
  const { head, method } = request;
  const received = head?.headers ?? request.headers.map;
  if (cameThrough(received, pseudonym)) throw new HttpError(508, "This request came through here before");
  const fields = endToEnd(received);
  const upgrade = head?.offersUpgrade === true && head.bodyBytes === 0 ? upgradeIn(received, upgrades) : undefined;
  if (upgrade !== undefined) fields.append("Connection", "Upgrade").append("Upgrade", upgrade);
  const expectsContinue = head?.expectsContinue === true;
  if (!expectsContinue) fields.delete("expect");
  addVia(fields, head?.version ?? "1.1", pseudonym);
  passOn(fields, method);
  const body = request.takeBody();
  if (isStream(body) && !fields.has("content-length")) fields.append("Transfer-Encoding", "chunked");
  return { method, target: targetIn(request), fields, body, expectsContinue, upgrade };
}

/** The answer in front: the same, less what was for the connection behind. A `status` of 101 is not for here. */
export function answerOf(response: Response, method: string, pseudonym: string): Response {
  const { status, statusText } = response;
  const fields = answerFields(response.headers.map, pseudonym);
  // Neither may have a length where it has no body, and one that was announced is nobody's to keep.
  if (status === 204 || status === 304) fields.delete("content-length");
  const body = method === "HEAD" ? NOTHING : response.takeBody();
  return new Response(body, { status, statusText, headers: fields });
}

/** The fields of an informational answer, in front: it has no body, whatever it says of one (RFC 9112 §6.3). */
export function informedFields(received: Headers): { readonly [name: string]: string } {
  const fields = endToEnd(received.map);
  fields.delete("content-length");
  return Object.fromEntries(new Headers(fields));
}

export function answerFields(received: HeaderMap, pseudonym: string): HeaderMap {
  const fields = endToEnd(received);
  addVia(fields, "1.1", pseudonym);
  return fields;
}

/** RFC 9110 §7.6.2: counts the proxies that an OPTIONS may pass, or a TRACE where `methods` of the server has that. */
function passOn(fields: HeaderMap, method: string): void {
  const left = fields.get("max-forwards");
  if ((method !== "OPTIONS" && method !== "TRACE") || left === undefined || !/^\d{1,9}$/.test(left)) return;
  if (Number(left) === 0) throw new HttpError(400, "This proxy is as far as it may go");
  fields.set("Max-Forwards", String(Number(left) - 1));
}

function upgradeIn(received: HeaderMap, upgrades: readonly string[]): string | undefined {
  const offered = (received.get("upgrade") ?? "").split(",").map((protocol) => protocol.trim());
  return offered.find((protocol) => upgrades.includes(protocol.toLowerCase()));
}

function targetIn(request: Request): string {
  if (request.head?.target === "*") return "*";
  const { pathname, search } = new URL(request.url);
  return pathname + search;
}

function isStream(body: BodySource): body is Parts {
  return body !== null && typeof body !== "string" && !(body instanceof Uint8Array);
}

/** Whether nothing of the body has been taken yet, so that it can be sent to another server. */
export function isUntouched(body: BodySource): boolean {
  return !(body instanceof IncomingBody) || !body.isWanted;
}

const NOTHING: Parts = { [Symbol.asyncIterator]: () => ({ next: async () => ({ done: true, value: undefined }) }) };
