import { Logger } from "../../core/log/logger.ts";
import type { Protocol } from "../../core/protocol.ts";
import { type AnyCommand, type Command, UNHANDLED } from "./command.ts";
import { RemoteAmpError } from "./errors.ts";
import type { AskEvent } from "./events.ts";
import type { Fields, NoFields, ValuesOf } from "./fields.ts";
import { encodeError } from "./machine.ts";
import type { AmpProtocol } from "./protocol.ts";
import type { Encoded } from "./short-text.ts";

/**
 * Does what a command asks for: gets its arguments and the connection that it came by, and returns what the command gives,
 * or a Deferred or Promise of it. What it throws goes to the caller if the command declares it. Anything else is logged
 * here, the caller learns no more than `UNKNOWN`, and the connection is closed.
 */
export type Responder<A extends Fields, R, P> = (values: ValuesOf<A>, amp: P) => R | PromiseLike<R>;

/** What a responder returns: nothing, if the command gives nothing. */
// biome-ignore lint/suspicious/noConfusingVoidType: whoever has nothing to give need not say return
export type Answer<R extends Fields> = NoFields extends ValuesOf<R> ? ValuesOf<R> | void : ValuesOf<R>;

/**
 * Which function answers which command. One table serves any number of connections.
 *
 * @example
 * ```ts
 * import * as amp from "ropewalk/amp";
 * import { connectedPair } from "ropewalk/testing";
 *
 * const Sum = amp.command("Sum", {
 *   arguments: { a: amp.Integer, b: amp.Integer },
 *   response: { total: amp.Integer },
 * });
 * const calculator = new amp.Responders().respond(Sum, ({ a, b }) => ({ total: a + b }));
 *
 * const { a: client, flush } = connectedPair(new amp.AmpProtocol(), new amp.AmpProtocol(calculator));
 * client.callRemote(Sum, { a: 13, b: 81 }).addCallback(({ total }) => console.log(total)); // 94
 * flush();
 * ```
 */
export class Responders<P extends AmpProtocol = AmpProtocol> {
  readonly #table: Map<string, ResponderEntry> = new Map();

  /** @throws Error if the command has a responder already. */
  respond<A extends Fields, R extends Fields>(
    command: Command<A, R, "answered" | "one-way">,
    responder: Responder<A, Answer<R>, P>,
  ): this;
  respond<A extends Fields>(command: Command<A, NoFields, "switch">, responder: Responder<A, Protocol, P>): this;
  respond(command: AnyCommand, responder: Responder<Fields, unknown, P>): this {
    const { name } = command;
    if (this.#table.has(name)) throw new Error(`Cannot respond to "${name}" twice: remove one of the two`);
    // A connection hands its table itself, and so the P that the table is for.
    this.#table.set(name, { command, responder: responder as ResponderEntry["responder"] });
    return this;
  }

  /** Who answers the command of this name. */
  find(name: string): ResponderEntry | undefined {
    return this.#table.get(name);
  }
}

/** A command and its responder. */
export interface ResponderEntry {
  readonly command: AnyCommand;
  readonly responder: Responder<Fields, unknown, AmpProtocol>;
}

/** What the answering half needs of its connection. */
export interface Answerer {
  /** Sends a box, unless the connection is gone. */
  send(box: Encoded): void;
  /** Closes the connection after what was sent. */
  close(): void;
  switchTo(protocol: Protocol): void;
}

/** The answering half of a connection: calls responders, and sends what comes of it. */
export class Answering {
  readonly #responders: Responders;
  readonly #maxCalls: number;
  readonly #answerer: Answerer;
  #unanswered = 0;

  constructor(responders: Responders, maxCalls: number, answerer: Answerer) {
    this.#responders = responders;
    this.#maxCalls = maxCalls;
    this.#answerer = answerer;
  }

  /** The peer called a command. */
  asked(event: AskEvent, amp: AmpProtocol): void {
    const entry = this.#responders.find(event.command);
    if (entry === undefined) {
      this.refuse(event, UNHANDLED, `Unhandled Command: ${quoted(event.command)}`);
    } else if (this.#unanswered >= this.#maxCalls) {
      this.refuse(event, UNKNOWN, `Too many unanswered calls, ${this.#maxCalls} allowed`);
    } else {
      this.#respond(entry, event, amp);
    }
  }

  /** Answers with an error that nobody declared. A call without an answer can only be refused by closing. */
  refuse({ tag, command }: AskEvent, code: string, description: string): void {
    if (tag !== undefined) {
      this.#answerer.send(encodeError(tag, code, description));
      return;
    }
    log.warn("Closing: the peer called {command} and waits for no answer, but: {description}", {
      command,
      description,
    });
    this.#answerer.close();
  }

  #respond({ command, responder }: ResponderEntry, event: AskEvent, amp: AmpProtocol): void {
    let result: unknown;
    try {
      result = responder(command.decodeAsk(event.box), amp);
    } catch (error) {
      this.#failed(command, event, error);
      return;
    }
    if (!isThenable(result)) {
      this.#answer(command, event, result);
      return;
    }
    this.#unanswered += 1;
    result.then(
      (value) => {
        this.#unanswered -= 1;
        this.#answer(command, event, value);
      },
      (error) => {
        this.#unanswered -= 1;
        this.#failed(command, event, error);
      },
    );
  }

  #answer(command: AnyCommand, event: AskEvent, result: unknown): void {
    try {
      if (command.kind === "switch") this.#agree(command, event, result as Protocol);
      else if (event.tag !== undefined) this.#answerer.send(command.encodeAnswer(result as Values, event.tag));
    } catch (error) {
      this.#failed(command, event, error);
    }
  }

  #agree(command: AnyCommand, { tag }: AskEvent, protocol: Protocol): void {
    if (typeof protocol?.makeConnection !== "function") throw new TypeError(`No protocol to follow "${command.name}"`);
    if (tag !== undefined) this.#answerer.send(command.encodeAnswer({}, tag));
    this.#answerer.switchTo(protocol);
  }

  /** A responder threw, or what it returned cannot be sent, or what the peer sent cannot be read. */
  #failed(command: AnyCommand, event: AskEvent, error: unknown): void {
    const declared = command.declaredFor(error);
    if (declared !== undefined && event.tag !== undefined) {
      this.#answerer.send(encodeError(event.tag, declared.code, (error as Error).message));
      if (declared.isFatal) this.#answerer.close();
      return;
    }
    if (error instanceof RemoteAmpError) log.warn("Closing: {error}", { error });
    else log.failure("Responder of {command} failed; its connection is closed", error, { command: command.name });
    // What went wrong here is nothing that a stranger should read.
    if (event.tag !== undefined) this.#answerer.send(encodeError(event.tag, UNKNOWN, "Unknown Error"));
    this.#answerer.close();
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as Partial<PromiseLike<unknown>> | null | undefined)?.then === "function";
}

/** As Python shows bytes, near enough. */
function quoted(name: string): string {
  const shown = Array.from(name, (character) => {
    if (character === "\\" || character === "'") return `\\${character}`;
    if (character >= " " && character <= "~") return character;
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
  });
  return `b'${shown.join("")}'`;
}

type Values = Readonly<Record<string, unknown>>;

const log = new Logger("ropewalk.amp");
/** What Twisted answers if a responder fails in a way that the command does not declare. */
const UNKNOWN = "UNKNOWN";
