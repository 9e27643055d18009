import { Deferred } from "../../../core/deferred/deferred.ts";
import type { Parts } from "../message/body.ts";
import { PLATFORM } from "../message/platform.ts";
import { isPromiseLike } from "../message/promise-like.ts";
import { Response } from "../message/response.ts";
import type { Answer } from "../server/site.ts";
import { Template } from "../templates/html.ts";
import { htmlResponse } from "../templates/render.ts";

/**
 * What a method of a resource gives. Text is sent as `text/plain`: what a client sent and the program says again shall not become
 * markup by accident. Pages are made by `html`. Plain objects and arrays are JSON, null is 204, and the parts of an async iterable are
 * sent as they come. Nothing else has a meaning: undefined is a forgotten `return`, and an object of a class might hold more
 * than the world should see.
 */
export type MethodValue =
  | Answer
  | Template
  | string
  | Uint8Array
  | Parts
  | ReadableStream
  | readonly unknown[]
  | { readonly [name: string]: unknown }
  | null;

/** The same, now or later; what an `async` method returns is a `Promise<MethodValue>`. A Deferred is cancelled when the client goes. */
export type MethodResult = MethodValue | PromiseLike<MethodValue>;

/** @throws TypeError (or fails with it) for what has no meaning. */
export function answerOf(result: MethodResult): Answer | PromiseLike<Answer> {
  if (result instanceof Response) return result;
  if (result instanceof Deferred) return (result as Deferred<MethodValue>).addCallback(answerOfValue);
  if (isPromiseLike(result)) return result.then(answerOfValue);
  return answerOfValue(result);
}

function answerOfValue(value: MethodValue): Answer {
  if (value instanceof Response || value instanceof PLATFORM.Response) return value;
  if (typeof value === "string" || value instanceof Uint8Array) return new Response(value);
  if (value instanceof Template) return htmlResponse(value);
  if (value === null) return new Response(null, { status: 204 });
  if (typeof value === "object") {
    if (Symbol.asyncIterator in value) return new Response(value as Parts);
    if (value instanceof ReadableStream) return new Response(value);
    if (Array.isArray(value) || isPlain(value)) return Response.json(value);
  }
  const seen = value === undefined ? "undefined" : typeof value === "object" ? value.constructor.name : typeof value;
  throw new TypeError(
    `Cannot answer with ${seen}: a method of a resource returns a Response, a template, text, bytes, a plain object or an array for JSON, an async iterable, or null for no content`,
  );
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
