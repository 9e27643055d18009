import { Headers } from "./headers.ts";
import { PLATFORM } from "./platform.ts";
import { Request } from "./request.ts";
import { Response } from "./response.ts";

/**
 * Puts the light `Request`, `Response` and `Headers` in the place of the platform's, for frameworks that make theirs by the
 * global names: then a mounted Hono or h3 application costs about half, and its `new Request(request, …)` understands what it
 * was given. `instanceof` goes on to know the platform's own, such as those of `fetch`; what `fetch` takes must be one of
 * them. A program decides this for all of itself, a library should not. Disposing it puts the platform's back.
 *
 * @example
 * ```ts
 * import { useLightGlobals } from "ropewalk/web";
 *
 * const platform = new Response("knots");
 * using light = useLightGlobals();
 * console.log(new Response("knots").constructor === platform.constructor, platform instanceof Response); // false true
 * ```
 */
export function useLightGlobals(): Disposable {
  const names = ["Request", "Response", "Headers"] as const;
  if (uses === 0) before = names.map((name) => Object.getOwnPropertyDescriptor(globalThis, name));
  uses++;
  let isInUse = true;
  const light = { Request: GlobalRequest, Response: GlobalResponse, Headers: GlobalHeaders };
  for (const name of names) {
    Object.defineProperty(globalThis, name, { configurable: true, writable: true, value: light[name] });
  }
  return {
    [Symbol.dispose]() {
      if (!isInUse) return;
      isInUse = false;
      uses--;
      if (uses > 0) return;
      names.forEach((name, at) => {
        Object.defineProperty(globalThis, name, before[at] as PropertyDescriptor);
      });
    },
  };
}

class GlobalRequest extends Request {
  static override [Symbol.hasInstance](value: unknown): boolean {
    return isOf(Request.prototype, value) || isOf(PLATFORM.Request.prototype, value);
  }
}

class GlobalResponse extends Response {
  static override [Symbol.hasInstance](value: unknown): boolean {
    return isOf(Response.prototype, value) || isOf(PLATFORM.Response.prototype, value);
  }
}

class GlobalHeaders extends Headers {
  static override [Symbol.hasInstance](value: unknown): boolean {
    return isOf(Headers.prototype, value) || isOf(PLATFORM.Headers.prototype, value);
  }
}

function isOf(prototype: object, value: unknown): boolean {
  return typeof value === "object" && value !== null && Object.prototype.isPrototypeOf.call(prototype, value);
}

/** Whoever comes first finds the platform's, and whoever goes last puts them back. */
let uses = 0;
let before: (PropertyDescriptor | undefined)[] = [];
