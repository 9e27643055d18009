/** What both sides agree on: Twisted's documented commands. */
import * as amp from "ropewalk/amp";

export class ZeroDivisionError extends Error {}

export const Sum = amp.command("Sum", {
  arguments: { a: amp.Integer, b: amp.Integer },
  response: { total: amp.Integer },
});

export const Divide = amp.command("Divide", {
  arguments: { numerator: amp.Integer, denominator: amp.Integer },
  response: { result: amp.Float },
  errors: { ZERO_DIVISION: ZeroDivisionError },
});
