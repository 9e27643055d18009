import { ProcessDone, ProcessTerminated } from "./errors.ts";
import { Logger } from "./log/logger.ts";
import type { ProcessProtocol, ProcessTransport } from "./process.ts";

/** Calls a ProcessProtocol: what a method throws is logged, `kill` is called, and no more data is delivered. */
export class ProtocolCalls {
  readonly #protocol: ProcessProtocol;
  readonly #kill: () => void;
  #broken = false;

  constructor(protocol: ProcessProtocol, kill: () => void) {
    this.#protocol = protocol;
    this.#kill = kill;
  }

  made(transport: ProcessTransport): void {
    this.#guard("connectionMade", () => this.#protocol.makeConnection(transport));
  }

  received(descriptor: number, data: Uint8Array): void {
    if (!this.#broken) this.#guard("childDataReceived", () => this.#protocol.childDataReceived(descriptor, data));
  }

  drained(descriptor: number): void {
    if (!this.#broken) this.#guard("childDrained", () => this.#protocol.childDrained(descriptor));
  }

  lost(descriptor: number): void {
    this.#guard("childConnectionLost", () => this.#protocol.childConnectionLost(descriptor));
  }

  exited(reason: Error): void {
    this.#guard("processExited", () => this.#protocol.processExited(reason));
  }

  ended(reason: Error): void {
    this.#guard("processEnded", () => this.#protocol.processEnded(reason));
  }

  #guard(method: string, call: () => void): void {
    try {
      call();
    } catch (error) {
      log.failure("{method} of {protocol} threw: killing its process", error, {
        method,
        protocol: this.#protocol.constructor.name,
      });
      this.#broken = true;
      this.#kill();
    }
  }
}

/** What an exit means: ProcessDone or ProcessTerminated. */
export function reasonOf(code: number | null, signal: string | null): Error {
  if (signal !== null) return new ProcessTerminated(`Process was killed by ${signal}`, { signal });
  if (code === 0) return new ProcessDone();
  return new ProcessTerminated(`Process ended with status ${code}`, code === null ? {} : { exitCode: code });
}

const log: Logger = new Logger("ropewalk.process");
