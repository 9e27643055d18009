import { Protocol } from "ropewalk";
import { encodeSampleMessage, SampleDecoder } from "./codec.ts";
import { RemoteSampleError } from "./errors.ts";
import type { SampleMessage } from "./events.ts";

/**
 * Either side of a connection.
 *
 * @example
 * ```ts
 * import { SampleProtocol, type SampleMessage } from "ropewalk/sample";
 *
 * class Loud extends SampleProtocol {
 *   override messageReceived({ text }: SampleMessage): void {
 *     this.sendMessage({ text: text.toUpperCase() });
 *   }
 * }
 * console.log(new Loud().transport); // undefined
 * ```
 */
export abstract class SampleProtocol extends Protocol {
  readonly #decoder = new SampleDecoder();

  abstract messageReceived(message: SampleMessage): void;

  /** @throws LocalSampleError */
  sendMessage(message: SampleMessage): void {
    this.transport.write(encodeSampleMessage(message));
  }

  /** The peer broke the protocol. Default: the connection is aborted. */
  protocolBroken(_error: RemoteSampleError): void {
    this.transport.abortConnection();
  }

  override dataReceived(data: Uint8Array): void {
    this.#decoder.push(data);
    try {
      // Nothing is delivered after a close.
      for (let message = this.#decoder.next(); message !== undefined; message = this.#decoder.next()) {
        this.messageReceived(message);
        if (!this.transport.connected) return;
      }
    } catch (error) {
      if (!(error instanceof RemoteSampleError)) throw error;
      this.protocolBroken(error);
    }
  }
}
