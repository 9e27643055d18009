/** What the tests of the client share: a reactor whose servers are played by the test. */
import assert from "node:assert/strict";
import { MemoryReactor, type MemoryTransport } from "../../../testing/index.ts";
import type { Response } from "../message/response.ts";
import { Agent, type AgentOptions } from "./agent/client.ts";
import type { RequestError } from "./errors.ts";
import type { RequestOptions } from "./options.ts";

export class Scene {
  readonly reactor: MemoryReactor = new MemoryReactor();
  readonly agent: Agent;
  /** What became of the calls, in the order in which they ended. */
  readonly outcomes: (Response | Error)[] = [];

  constructor(options?: AgentOptions) {
    this.agent = new Agent(this.reactor, options);
  }

  get(url: string = URL_OF_ROPES, options?: RequestOptions): ReturnType<Agent["get"]> {
    return this.ask("GET", url, options);
  }

  ask(method: string, url: string = URL_OF_ROPES, options?: RequestOptions): ReturnType<Agent["get"]> {
    const asked = this.agent.request(method, url, options);
    asked.addBoth((outcome: Response | Error) => {
      this.outcomes.push(outcome);
      return outcome as Response;
    });
    return asked;
  }

  /** The server's end of the connection that was dialled as number `index`. */
  accept(index = 0): MemoryTransport {
    return (this.reactor.connects[index] ?? assert.fail(`nobody dialled ${index + 1} times`)).accept();
  }

  /** How many were dialled, and where to. */
  get dialled(): string[] {
    return this.reactor.connects.map(({ target }) => target);
  }

  get responses(): Response[] {
    return this.outcomes.filter((outcome): outcome is Response => !(outcome instanceof Error));
  }

  get errors(): RequestError[] {
    return this.outcomes.filter((outcome): outcome is RequestError => outcome instanceof Error);
  }

  /** No connection, no timer, nobody that waits. */
  assertNothingLeft(): void {
    assert.deepEqual([this.agent.connections, this.agent.queued], [0, 0]);
    assert.equal(this.reactor.connections.length, 0);
    assert.deepEqual(this.reactor.getDelayedCalls(), []);
  }
}

/** An answer with a length. */
export function answer(body = "", status = "200 OK", fields = ""): string {
  return `HTTP/1.1 ${status}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n${fields}\r\n${body}`;
}

export async function turns(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}

const URL_OF_ROPES = "http://rope.example/";
