/**
 * Throw it where a request cannot be served: it becomes an answer of that status, whose text is `message`.
 *
 * @example
 * ```ts
 * import { HttpError } from "ropewalk/web";
 *
 * const error = new HttpError(404, "No such knot");
 * console.log(error.status, error.message); // 404 No such knot
 * ```
 */
export class HttpError extends Error {
  override readonly name: string = "HttpError";
  /** 400 to 599. */
  readonly status: number;
  /** Fields of the answer, such as `WWW-Authenticate`. */
  readonly headers: { readonly [name: string]: string | readonly string[] };

  constructor(
    status: number,
    message: string,
    options: ErrorOptions & { readonly headers?: { readonly [name: string]: string | readonly string[] } } = {},
  ) {
    super(message, options);
    this.status = status;
    this.headers = options.headers ?? {};
  }
}
