/**
 * An endpoint description that cannot be used. The message quotes the description, names the argument, and shows the
 * accepted form.
 *
 * @example
 * ```ts
 * import { EndpointSyntaxError, endpointTypes } from "ropewalk/endpoints";
 * try {
 *   endpointTypes.server("tcp:http");
 * } catch (error) {
 *   console.log((error as EndpointSyntaxError).argument); // port
 * }
 * ```
 */
export class EndpointSyntaxError extends Error {
  override readonly name: string = "EndpointSyntaxError";
  readonly description: string;
  /** The name of the argument at fault, if one is. */
  readonly argument: string | undefined;
  /** The accepted form, where it is known. */
  readonly form: string | undefined;

  constructor(
    description: string,
    problem: string,
    options: ErrorOptions & { readonly argument?: string; readonly form?: string } = {},
  ) {
    const hint = options.form === undefined ? "" : `; the form is ${options.form}`;
    super(`Cannot parse endpoint "${description}": ${problem}${hint}`, options);
    this.description = description;
    this.argument = options.argument;
    this.form = options.form;
  }
}

/** A description is well formed, but what it names cannot be used here: a file, a certificate, an inherited descriptor. */
export class EndpointError extends Error {
  override readonly name: string = "EndpointError";
}
