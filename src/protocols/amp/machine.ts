/** What may be said when: which boxes are calls and answers, and which answers are due. Sans-IO. */
import { TEXT } from "../../wire/text.ts";
import { encodeBox } from "./codec.ts";
import { LocalAmpError, RemoteAmpError } from "./errors.ts";
import type { AmpEvent, Box } from "./events.ts";
import { knownText, shortText } from "./short-text.ts";

/** What a box says, or what is wrong with it. */
export function eventOf(box: Box): AmpEvent | RemoteAmpError {
  const answer = box.get("_answer");
  if (answer !== undefined) return { kind: "answer", tag: shortText(answer), box };
  const error = box.get("_error");
  if (error !== undefined) {
    const code = shortText(box.get("_error_code") ?? NOTHING);
    const description = box.get("_error_description") ?? NOTHING;
    return {
      kind: "error",
      tag: shortText(error),
      code,
      description: TEXT.decodeUtf8(description, 0, description.length),
    };
  }
  const command = box.get("_command");
  if (command !== undefined) {
    const tag = box.get("_ask");
    const name = knownText(command, 0, command.length);
    return { kind: "ask", command: name, tag: tag && shortText(tag), box };
  }
  return new RemoteAmpError("box kind", "Peer sent a box that is no call, no answer and no error");
}

/** The box of an error. Descriptions are cut to what fits. */
export function encodeError(tag: string, code: string, description: string): Uint8Array {
  return encodeBox(
    new Map([
      ["_error", TEXT.encodeLatin1(tag)],
      ["_error_code", TEXT.encodeUtf8(code)],
      ["_error_description", TEXT.encodeUtf8(description.slice(0, MAX_DESCRIPTION))],
    ]),
  );
}

/** The calls whose answers are due, each with what waits for it. Tags count up and are never used twice. */
export class OpenCalls<W> {
  readonly #maxCalls: number;
  readonly #waiting: Map<string, W> = new Map();
  #count = 0;

  constructor(maxCalls: number) {
    this.#maxCalls = maxCalls;
  }

  /** The tag for one call more. @throws LocalAmpError if too many are unanswered. */
  nextTag(): string {
    if (this.#waiting.size >= this.#maxCalls) {
      throw new LocalAmpError(
        `Cannot call: ${this.#maxCalls} calls are unanswered, as many as are allowed; wait for one`,
      );
    }
    this.#count += 1;
    return this.#count.toString(16);
  }

  open(tag: string, waiter: W): void {
    this.#waiting.set(tag, waiter);
  }

  /** Who waits for this answer; nobody does any more. */
  close(tag: string): W | undefined {
    const waiter = this.#waiting.get(tag);
    this.#waiting.delete(tag);
    return waiter;
  }

  /** All that wait; nobody does any more. */
  closeAll(): readonly W[] {
    const all = [...this.#waiting.values()];
    this.#waiting.clear();
    return all;
  }
}

const NOTHING = new Uint8Array(0);
/** Characters; at most three bytes each, which a value holds. */
const MAX_DESCRIPTION = 20_000;
