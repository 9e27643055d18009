/** The asking half of a connection: calls that wait for their answers. */
import { Deferred } from "../../core/deferred/deferred.ts";
import type { AnyCommand } from "./command.ts";
import type { AnswerEvent, ErrorEvent } from "./events.ts";
import { OpenCalls } from "./machine.ts";
import type { Encoded } from "./short-text.ts";

/** Makes calls, and settles them. */
export class Asking {
  readonly #calls: OpenCalls<Call>;
  readonly #send: (box: Encoded) => void;

  constructor(maxCalls: number, send: (box: Encoded) => void) {
    this.#calls = new OpenCalls(maxCalls);
    this.#send = send;
  }

  /** @throws LocalAmpError, and then nothing was sent. */
  call(command: AnyCommand, values: Readonly<Record<string, unknown>>): Deferred<Record<string, unknown>> {
    const tag = this.#calls.nextTag();
    const box = command.encodeAsk(values, tag);
    const answer = new Deferred<Record<string, unknown>>();
    this.#calls.open(tag, { command, answer });
    this.#send(box);
    return answer;
  }

  /** Settles the call that this is about; false if there is none. */
  settle(event: AnswerEvent | ErrorEvent): boolean {
    const call = this.#calls.close(event.tag);
    if (call === undefined) return false;
    const { command, answer } = call;
    if (event.kind === "error") {
      answer.errback(command.errorOf(event.code, event.description));
      return true;
    }
    let values: Record<string, unknown>;
    try {
      values = command.decodeAnswer(event.box);
    } catch (error) {
      answer.errback(error);
      return true;
    }
    answer.callback(values);
    return true;
  }

  /** Nothing will be answered any more. */
  failAll(reason: Error): void {
    for (const { answer } of this.#calls.closeAll()) answer.errback(reason);
  }
}

interface Call {
  readonly command: AnyCommand;
  readonly answer: Deferred<Record<string, unknown>>;
}
