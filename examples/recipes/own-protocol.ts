/** Temperatures on the wire: the length of a name in a byte, the name, a float. */
import { FrameProtocol } from "ropewalk/framing";

export type Reading = { readonly sensor: string; readonly celsius: number };

export function encodeReading({ sensor, celsius }: Reading): Uint8Array {
  const name = Buffer.from(sensor);
  if (name.length > 255) throw new RangeError(`Cannot encode sensor "${sensor}": longer than 255 bytes`);
  const bytes = Buffer.alloc(1 + name.length + 4);
  bytes.set([name.length, ...name]);
  bytes.writeFloatBE(celsius, 1 + name.length);
  return bytes;
}

/** Bytes in, readings out: no socket, no clock. Override `readingReceived`. */
export class ReadingProtocol extends FrameProtocol {
  #bytes: Buffer = Buffer.alloc(0);

  readingReceived(_reading: Reading): void {}

  protected override bytesReceived(data: Uint8Array): void {
    this.#bytes = Buffer.concat([this.#bytes, data]);
  }
  protected override deliverFrame(): boolean {
    const nameEnd = 1 + (this.#bytes[0] ?? 0);
    if (this.#bytes.length < nameEnd + 4) return false; // more will come
    const [name, rest] = [this.#bytes.subarray(1, nameEnd), this.#bytes.subarray(nameEnd)];
    this.#bytes = rest.subarray(4);
    this.readingReceived({
      sensor: new TextDecoder("utf-8", { fatal: true }).decode(name),
      celsius: rest.readFloatBE(),
    });
    return true;
  }
  protected override discardBytes(): void {
    this.#bytes = Buffer.alloc(0);
  }
}
