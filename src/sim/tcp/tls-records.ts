import { joinBytes } from "../../wire/join-bytes.ts";

/** Finds the records in a stream of TLS (RFC 8446, section 5.1), however it was cut. */
export class TlsRecords {
  #pieces: Uint8Array[] = [];
  #size = 0;
  /** How many bytes there have to be before it pays to look. */
  #needed = HEADER_BYTES;
  #isTls = true;

  /** The records that are whole by now. What does not look like TLS comes out as it went in: OpenSSL says what is wrong. */
  push(data: Uint8Array): Uint8Array[] {
    this.#pieces.push(data);
    this.#size += data.length;
    if (this.#isTls && this.#size < this.#needed) return [];
    const all = this.rest();
    const records: Uint8Array[] = [];
    let at = 0;
    this.#needed = HEADER_BYTES;
    while (this.#isTls && all.length - at >= HEADER_BYTES) {
      const length = recordBytes(all, at);
      if (length === undefined) {
        this.#isTls = false;
        break;
      }
      if (at + length > all.length) {
        this.#needed = length;
        break;
      }
      records.push(all.subarray(at, at + length));
      at += length;
    }
    if (at === all.length) return records;
    if (this.#isTls) this.#keep(all.subarray(at));
    else records.push(all.subarray(at));
    return records;
  }

  /** Takes out what is no whole record. */
  rest(): Uint8Array {
    const [only] = this.#pieces;
    const rest = this.#pieces.length === 1 && only !== undefined ? only : joinBytes(this.#pieces);
    this.#pieces = [];
    this.#size = 0;
    return rest;
  }

  #keep(data: Uint8Array): void {
    this.#pieces.push(data);
    this.#size = data.length;
  }
}

/** With its header; undefined if it is none. */
function recordBytes(data: Uint8Array, at: number): number | undefined {
  const [type, major, high, low] = [data[at], data[at + 1], data[at + 3], data[at + 4]] as [
    number,
    number,
    number,
    number,
  ];
  const length = high * 256 + low;
  const isRecord = type >= CHANGE_CIPHER_SPEC && type <= HEARTBEAT && major === 3 && length <= LARGEST_RECORD_BYTES;
  return isRecord ? HEADER_BYTES + length : undefined;
}

const HEADER_BYTES = 5;
/** The first and the last of the content types that are in use. */
const CHANGE_CIPHER_SPEC = 20;
const HEARTBEAT = 24;
/** RFC 5246, section 6.2.3: 2^14, and 2048 for what encryption adds. */
const LARGEST_RECORD_BYTES = 18_432;
