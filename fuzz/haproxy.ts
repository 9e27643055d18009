/** PROXY headers: only their own error may be thrown, cuts may not matter, and what was read is what encoding it gives. */
import assert from "node:assert/strict";
import { encodeProxyHeader, type ReadProxyHeader, RemoteProxyHeaderError, readProxyHeader } from "ropewalk/haproxy";
import { assertSameWhateverTheCuts, type Fed, type FuzzTarget } from "./target.ts";

const SIGNATURE = "\r\n\r\n\0\r\nQUIT\n";
const V4 = "\xc0\x00\x02\x01\xc0\x00\x02\x02\xc3\x50\x00\x50";

export const haproxy: FuzzTarget = {
  seeds: [
    "PROXY TCP4 192.0.2.1 192.0.2.2 50000 80\r\nGET",
    "PROXY TCP6 2001:db8::1 ::ffff:1.2.3.4 1 65535\r\n",
    "PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n",
    `${SIGNATURE}\x21\x11\x00\x0c${V4}`,
    `${SIGNATURE}\x21\x12\x00\x11${V4}\x01\x00\x02h2`,
    `${SIGNATURE}\x21\x21\x00\x24${"\0".repeat(36)}`,
    `${SIGNATURE}\x21\x31\x00\xd8${"/a".padEnd(108, "\0").repeat(2)}`,
    `${SIGNATURE}\x21\x00\x00\x13\x20\x00\x0c\x07\0\0\0\0\x21\x00\x04TLSv\xea\x00\x01x`,
    `${SIGNATURE}\x20\x00\x00\x03abc`,
  ],
  run(data) {
    const [read] = assertSameWhateverTheCuts(() => new Reader(), data) as readonly (ReadProxyHeader | string)[];
    if (read === undefined || typeof read === "string") return;
    assert.ok(read.length <= Math.min(data.length, MAX_HEADER_BYTES));
    const again = readProxyHeader(encodeProxyHeader(read.header));
    assert.deepEqual(again?.header, read.header);
  },
};

class Reader implements Fed {
  readonly events: unknown[] = [];
  #kept: Uint8Array = new Uint8Array(0);

  receive(data: Uint8Array): void {
    if (this.events.length > 0) return;
    this.#kept = Uint8Array.from([...this.#kept, ...data]);
    try {
      const read = readProxyHeader(this.#kept, { maxHeaderBytes: MAX_HEADER_BYTES });
      if (read !== undefined) this.events.push(read);
    } catch (error) {
      assert.ok(error instanceof RemoteProxyHeaderError, String(error));
      this.events.push(error.problem);
    }
  }
}

const MAX_HEADER_BYTES = 240;
