/** Commands: declared once, for both sides of a connection. */
import { encodeKey } from "./codec.ts";
import { LocalAmpError, RemoteAmpError, RemoteCallError, UnhandledCommandError } from "./errors.ts";
import type { Box } from "./events.ts";
import { BoxPlan, type Fields, type NoFields, type ValuesOf } from "./fields.ts";

/** Codes on the wire, and the errors that they stand for on either side. A received code makes one of its description. */
export type ErrorTable = Readonly<Record<string, new (description: string) => Error>>;

/** What `command` is told. */
export interface CommandOptions<A extends Fields, R extends Fields> {
  /** What it takes; nothing unless given. */
  readonly arguments?: A | undefined;
  /** What it gives; nothing unless given. */
  readonly response?: R | undefined;
  /** What a responder may throw for the caller to catch: it is looked up in this order, with `instanceof`. */
  readonly errors?: ErrorTable | undefined;
  /** The same for errors after which the responder's side closes the connection. */
  readonly fatalErrors?: ErrorTable | undefined;
}

/** `answered`: a value or an error comes back. `one-way`: nothing does. `switch`: the connection changes its protocol. */
export type CommandKind = "answered" | "one-way" | "switch";

/** A command, whatever its fields. */
export type AnyCommand = Command<Fields, Fields, CommandKind>;
/** The arguments of a command, as a TypeScript type. */
export type ArgumentsOf<C> = C extends Command<infer A, Fields, CommandKind> ? ValuesOf<A> : never;
/** What a command gives, as a TypeScript type. */
export type ResponseOf<C> = C extends Command<Fields, infer R, CommandKind> ? ValuesOf<R> : never;

/**
 * Declares a command that is answered. Types follow from the fields.
 *
 * @throws LocalAmpError for a name that cannot be a key, TypeError for one that AMP itself uses.
 *
 * @example
 * ```ts
 * import * as amp from "ropewalk/amp";
 *
 * class ZeroDivisionError extends Error {}
 * const Divide = amp.command("Divide", {
 *   arguments: { numerator: amp.Integer, denominator: amp.Integer },
 *   response: { result: amp.Float },
 *   errors: { ZERO_DIVISION: ZeroDivisionError },
 * });
 * const given: amp.ArgumentsOf<typeof Divide> = { numerator: 1, denominator: 2 };
 * console.log(Divide.name, given); // Divide { numerator: 1, denominator: 2 }
 * ```
 */
export function command<A extends Fields = NoFields, R extends Fields = NoFields>(
  name: string,
  options: CommandOptions<A, R> = {},
): Command<A, R, "answered"> {
  return new Command(name, "answered", options);
}

/**
 * Declares a command without an answer: the caller never learns what came of it. If its responder fails, the connection
 * is closed, for there is no other way to say so.
 *
 * @throws LocalAmpError and TypeError as `command` does.
 *
 * @example
 * ```ts
 * import * as amp from "ropewalk/amp";
 *
 * const Note = amp.oneWayCommand("Note", { arguments: { text: amp.Unicode } });
 * console.log(Note.kind); // one-way
 * ```
 */
export function oneWayCommand<A extends Fields = NoFields>(
  name: string,
  options: Pick<CommandOptions<A, NoFields>, "arguments"> = {},
): Command<A, NoFields, "one-way"> {
  return new Command(name, "one-way", options);
}

/**
 * Declares a command after whose answer both ends speak another protocol. Its responder returns the protocol of its end.
 *
 * @throws LocalAmpError and TypeError as `command` does.
 *
 * @example
 * ```ts
 * import * as amp from "ropewalk/amp";
 *
 * const Upgrade = amp.switchCommand("Upgrade", { arguments: { to: amp.Unicode } });
 * console.log(Upgrade.kind); // switch
 * ```
 */
export function switchCommand<A extends Fields = NoFields>(
  name: string,
  options: Omit<CommandOptions<A, NoFields>, "response"> = {},
): Command<A, NoFields, "switch"> {
  return new Command(name, "switch", options);
}

/**
 * A declared command; `command`, `oneWayCommand` and `switchCommand` make them. The methods are between a command and
 * the protocol: a whole box as bytes or as Latin-1 text, and the values of a received one.
 *
 * @example
 * ```ts
 * import * as amp from "ropewalk/amp";
 *
 * const Ping: amp.Command<amp.NoFields, amp.NoFields, "answered"> = amp.command("Ping");
 * console.log(Ping.encodeAsk({}, "1").length); // 28
 * ```
 */
export class Command<A extends Fields, R extends Fields, K extends CommandKind> {
  readonly name: string;
  readonly kind: K;
  readonly #asked: BoxPlan;
  readonly #told: BoxPlan;
  readonly #answered: BoxPlan;
  readonly #errors: readonly DeclaredError[];

  constructor(name: string, kind: K, options: CommandOptions<A, R>) {
    encodeKey(name);
    this.name = name;
    this.kind = kind;
    const { arguments: taken = {}, response = {}, errors = {}, fatalErrors = {} } = options;
    this.#asked = new BoxPlan(taken, ["_ask", "_command"]);
    this.#told = new BoxPlan(taken, ["_command"]);
    this.#answered = new BoxPlan(response, ["_answer"]);
    this.#errors = [...declared(errors, false), ...declared(fatalErrors, true)];
  }

  /** The box of a call; without a tag no answer is wanted. @throws LocalAmpError */
  encodeAsk(values: ValuesOf<A>, tag: string | undefined): Uint8Array | string {
    try {
      if (tag === undefined) return this.#told.encode(values, this.name);
      return this.#asked.encode(values, tag, this.name);
    } catch (cause) {
      throw new LocalAmpError(`Cannot call "${this.name}": ${(cause as Error).message}`, { cause });
    }
  }

  /** @throws RemoteAmpError */
  decodeAsk(box: Box): ValuesOf<A> {
    return this.#decode(this.#asked, box, "called") as ValuesOf<A>;
  }

  /** @throws LocalAmpError */
  encodeAnswer(values: ValuesOf<R>, tag: string): Uint8Array | string {
    try {
      return this.#answered.encode(values ?? {}, tag);
    } catch (cause) {
      throw new LocalAmpError(`Cannot answer "${this.name}": ${(cause as Error).message}`, { cause });
    }
  }

  /** @throws RemoteAmpError */
  decodeAnswer(box: Box): ValuesOf<R> {
    return this.#decode(this.#answered, box, "answered") as ValuesOf<R>;
  }

  /** What is declared of an error that a responder threw. */
  declaredFor(error: unknown): DeclaredError | undefined {
    return this.#errors.find(({ type }) => error instanceof type);
  }

  /** The error that the peer means. */
  errorOf(code: string, description: string): Error {
    const found = this.#errors.find((each) => each.code === code);
    if (found !== undefined) return new found.type(description);
    const Unknown = code === UNHANDLED ? UnhandledCommandError : RemoteCallError;
    return new Unknown(this.name, code, description);
  }

  #decode(plan: BoxPlan, box: Box, verb: string): Record<string, unknown> {
    try {
      return plan.decode(box);
    } catch (cause) {
      throw new RemoteAmpError("values", `Peer ${verb} "${this.name}" with ${(cause as Error).message}`, { cause });
    }
  }
}

/** One line of an error table. */
export interface DeclaredError {
  readonly code: string;
  readonly type: new (description: string) => Error;
  readonly isFatal: boolean;
}

function declared(table: ErrorTable, isFatal: boolean): DeclaredError[] {
  return Object.entries(table).map(([code, type]) => ({ code, type, isFatal }));
}

/** What Twisted answers if nobody responds to a command. */
export const UNHANDLED = "UNHANDLED";
