import { Deferred } from "../../../core/deferred/deferred.ts";
import { isPromiseLike } from "../message/promise-like.ts";
import { Response, type ResponseInit } from "../message/response.ts";
import type { Context } from "./contexts.ts";
import { escapeHtml, escapeUrl, Markup, Template } from "./html.ts";

/**
 * An answer that is this page. One that is ready is sent as a whole; one that waits for something is sent as far as it is ready,
 * and goes on when that is there. If it fails then, the answer is broken off: its head has left. Deferreds are cancelled when
 * the client goes.
 *
 * @throws TypeError for a value that has no meaning where it stands.
 *
 * @example
 * ```ts
 * import { html, htmlResponse } from "ropewalk/web";
 *
 * const slow = new Promise((resolve) => setTimeout(resolve, 10, "high"));
 * const response = htmlResponse(html`<!doctype html><title>Tides</title><p>${slow}`);
 * console.log(response.headers.get("content-type"), await response.text()); // text/html;charset=UTF-8 <!doctype html><title>Tides</title><p>high
 * ```
 */
export function htmlResponse(template: Template, init: ResponseInit = {}): Response {
  const rendering = new Rendering(template);
  const start = rendering.start();
  const response = new Response(rendering.isDone ? start : rendering, init);
  if (!hasType(init)) response.headers.set("Content-Type", "text/html;charset=UTF-8");
  return response;
}

/**
 * All of a page as text.
 *
 * @throws TypeError for a value that has no meaning where it stands; what a value fails with.
 *
 * @example
 * ```ts
 * import { html, htmlText } from "ropewalk/web";
 *
 * console.log(await htmlText(html`<a title="${'"quoted"'}">`)); // <a title="&quot;quoted&quot;">
 * ```
 */
export async function htmlText(template: Template): Promise<string> {
  const rendering = new Rendering(template);
  let text = rendering.start();
  if (rendering.isDone) return text;
  text = "";
  for await (const part of rendering) text += part;
  return text;
}

function hasType({ headers }: ResponseInit): boolean {
  return headers !== undefined && new Response(null, { headers }).headers.has("content-type");
}

/** What is rendered from left to right, and where that has come to: what is inside stands behind what it is in. */
class Rendering implements AsyncIterableIterator<string> {
  readonly #root: Template;
  readonly #stack: Frame[] = [];
  /** Ready, and not yet given. */
  #text = "";
  #waitsFor: Pending | undefined = undefined;
  readonly #deferreds = new Set<Deferred<unknown>>();
  readonly #promises = new Map<Deferred<unknown>, Promise<unknown>>();
  #isOver = false;

  constructor(root: Template) {
    this.#root = root;
    this.#stack.push(new TemplateFrame(root));
  }

  get isDone(): boolean {
    return this.#stack.length === 0 && this.#waitsFor === undefined;
  }

  /** What is ready at once. The iteration begins with it, too, if that is not all. */
  start(): string {
    try {
      this.#go(MAX_WHOLE);
    } finally {
      if (!this.isDone) this.#watch(this.#root);
    }
    return this.#text;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<string>> {
    try {
      while (this.#text === "" && !this.isDone && !this.#isOver) {
        if (this.#waitsFor !== undefined) await this.#wait(this.#waitsFor);
        this.#go(MAX_PART);
      }
    } catch (error) {
      await this.return();
      throw error;
    }
    if (this.#text === "" || this.#isOver) return DONE;
    const value = this.#text;
    this.#text = "";
    return { done: false, value };
  }

  return(): Promise<IteratorResult<string>> {
    this.#isOver = true;
    for (const deferred of this.#deferreds) if (!deferred.called) deferred.cancel();
    for (let frame = this.#stack.pop(); frame !== undefined; frame = this.#stack.pop()) frame.leave?.();
    return Promise.resolve(DONE);
  }

  /** Renders until something is not there yet, or until enough is ready to be sent. */
  #go(enough: number): void {
    while (this.#waitsFor === undefined && this.#text.length < enough) {
      const frame = this.#stack[this.#stack.length - 1];
      if (frame === undefined) return;
      if (!frame.step(this)) this.#stack.pop();
    }
  }

  async #wait({ value, context }: Pending): Promise<void> {
    const found = await (value instanceof Deferred ? (this.#promises.get(value) ?? this.#watchDeferred(value)) : value);
    this.#waitsFor = undefined;
    if (found === NOTHING_NEW) return;
    this.#watch(found);
    this.put(found, context);
  }

  waitFor(value: PromiseLike<unknown>, context: Context): void {
    this.#waitsFor = { value, context };
  }

  write(text: string): void {
    this.#text += text;
  }

  put(value: unknown, context: Context): void {
    if (typeof value === "string") this.#text += escapedFor(context, value);
    else if (typeof value === "number" || typeof value === "bigint" || value === true)
      this.#text += escapedFor(context, String(value));
    else if (value === null || value === undefined || value === false) return;
    else if (
      value instanceof Markup &&
      (value.context === context || (value.context === "text" && context !== "script"))
    ) {
      this.#text += value.text;
    } else if (value instanceof URL) this.#text += escapedFor(context, value.href);
    else if (value instanceof Template && context === "text") this.#stack.push(new TemplateFrame(value));
    else if (isPromiseLike(value)) this.waitFor(value, context);
    else if (isIterable(value)) this.#stack.push(new IteratorFrame(value[Symbol.iterator](), context));
    else if (isAsyncIterable(value)) this.#stack.push(new AsyncIteratorFrame(value[Symbol.asyncIterator](), context));
    else throw new TypeError(`Cannot put ${nameOf(value)} into ${NAMES[context]}`);
  }

  /** What fails before its turn has not failed unseen: its turn will come. */
  #watch(value: unknown): void {
    if (value instanceof Template) for (const each of value.values) this.#watch(each);
    else if (Array.isArray(value)) for (const each of value) this.#watch(each);
    else if (value instanceof Deferred) void this.#watchDeferred(value);
    else if (isPromiseLike(value)) value.then(undefined, () => undefined);
  }

  #watchDeferred(deferred: Deferred<unknown>): Promise<unknown> {
    const watched = this.#promises.get(deferred);
    if (watched !== undefined) return watched;
    const promise = new Promise<unknown>((resolve, reject) => {
      deferred.addCallbacks(resolve, reject);
    });
    promise.catch(() => undefined);
    this.#deferreds.add(deferred);
    this.#promises.set(deferred, promise);
    return promise;
  }
}

/** What the page waits for, and where it will stand. */
interface Pending {
  readonly value: PromiseLike<unknown>;
  readonly context: Context;
}

interface Frame {
  /** Renders a little more; false if there is no more. */
  step(rendering: Rendering): boolean;
  leave?(): void;
}

class TemplateFrame implements Frame {
  readonly #template: Template;
  #index = 0;

  constructor(template: Template) {
    this.#template = template;
  }

  step(rendering: Rendering): boolean {
    const { strings, contexts, values } = this.#template;
    const index = this.#index++;
    rendering.write(strings[index] as string);
    if (index === values.length) return false;
    rendering.put(values[index], contexts[index] as Context);
    return true;
  }
}

class IteratorFrame implements Frame {
  readonly #iterator: Iterator<unknown>;
  readonly #context: Context;

  constructor(iterator: Iterator<unknown>, context: Context) {
    this.#iterator = iterator;
    this.#context = context;
  }

  step(rendering: Rendering): boolean {
    const { done, value } = this.#iterator.next();
    if (done === true) return false;
    rendering.put(value, this.#context);
    return true;
  }

  leave(): void {
    this.#iterator.return?.();
  }
}

class AsyncIteratorFrame implements Frame {
  readonly #iterator: AsyncIterator<unknown>;
  readonly #context: Context;
  #hasEnded = false;

  constructor(iterator: AsyncIterator<unknown>, context: Context) {
    this.#iterator = iterator;
    this.#context = context;
  }

  step(rendering: Rendering): boolean {
    if (this.#hasEnded) return false;
    const next = this.#iterator.next().then(({ done, value }): unknown => {
      if (done === true) this.#hasEnded = true;
      return done === true ? NOTHING_NEW : value;
    });
    rendering.waitFor(next, this.#context);
    return true;
  }

  /** What goes wrong in its clean-up is nobody's to hear: the page was given up. */
  leave(): void {
    this.#iterator.return?.().then(undefined, () => undefined);
  }
}

function escapedFor(context: Context, text: string): string {
  if (context === "url") return escapeUrl(text);
  if (context === "text" || context === "attribute") return escapeHtml(text);
  if (text === "") return "";
  throw new TypeError(`Cannot put text into ${NAMES[context]}`);
}

function isIterable(value: unknown): value is Iterable<unknown> {
  return typeof value === "object" && value !== null && Symbol.iterator in value && !ArrayBuffer.isView(value);
}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === "object" && value !== null && Symbol.asyncIterator in value;
}

function nameOf(value: unknown): string {
  if (typeof value !== "object" || value === null) return `a ${typeof value}`;
  const made: unknown = Object.getPrototypeOf(value)?.constructor;
  return `an object of the class ${typeof made === "function" ? made.name : "null"}`;
}

const NOTHING_NEW = Symbol("nothing new");
const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined };
/** A read of the transport: more at once only waits. */
const MAX_PART = 16_384;
/** A page that has come to this length without waiting is sent in parts, however long it becomes. */
const MAX_WHOLE = 1_048_576;
const NAMES: Readonly<Record<Context, string>> = {
  text: "text",
  attribute: "an attribute: only text and numbers stand there",
  url: "an attribute: only text and numbers stand there",
  attributes: "a tag: only what attributes() makes stands there",
  script: "a script: only what scriptJson() makes stands there",
};
