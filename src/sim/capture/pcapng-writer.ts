import { joinBytes } from "../../wire/join-bytes.ts";
import { PORTABLE_TEXT } from "../../wire/text-portable.ts";

/**
 * Takes the bytes of a file, one after the other.
 *
 * @example
 * ```ts
 * import { Simulation } from "ropewalk/sim";
 *
 * const sim = new Simulation({ seed: 1 });
 * const blocks: Uint8Array[] = [];
 * const capture = sim.capture({ write: (bytes) => void blocks.push(bytes) });
 * capture[Symbol.dispose]();
 * console.log(blocks.length); // 1
 * ```
 */
export interface ByteSink {
  /** The bytes are the sink's own from now on. */
  write(bytes: Uint8Array): void;
}

/** A packet as the file tells of it. */
export interface CapturedFrame {
  /** What `addInterface` gave. */
  readonly interfaceId: number;
  /** Since 1970, in nanoseconds. */
  readonly timeNs: bigint;
  /** From its Ethernet header on. */
  readonly bytes: Uint8Array;
  readonly direction: "in" | "out";
  readonly comments: readonly string[];
}

/**
 * Writes a capture file, block by block, as they come: pcapng (draft-ietf-opsawg-pcapng), one section, little-endian, all
 * interfaces Ethernet with times in nanoseconds. Purely bytes: where they go is the sink's affair.
 */
export class PcapngWriter {
  readonly #sink: ByteSink;
  #interfaces = 0;

  constructor(sink: ByteSink, comment: string) {
    this.#sink = sink;
    const options = [option(OPT_COMMENT, utf8(comment)), option(SHB_USERAPPL, utf8("ropewalk")), END_OF_OPTIONS];
    // A section of a length that nobody knows yet: -1.
    this.#block(SECTION_HEADER, words(BYTE_ORDER_MAGIC, VERSION_1_0, 0xffff_ffff, 0xffff_ffff), ...options);
  }

  /** The number that frames of this interface carry. */
  addInterface(name: string, mac: Uint8Array): number {
    const options = [
      option(IF_NAME, utf8(name)),
      option(IF_MACADDR, mac),
      option(IF_TSRESOL, Uint8Array.of(9)),
      END_OF_OPTIONS,
    ];
    this.#block(INTERFACE_DESCRIPTION, words(LINKTYPE_ETHERNET, NO_SNAPLEN), ...options);
    this.#interfaces += 1;
    return this.#interfaces - 1;
  }

  /** Whose address it is: 4 or 16 bytes. */
  addName(address: Uint8Array, name: string): void {
    const record = option(address.length === 4 ? NRB_IPV4 : NRB_IPV6, joinBytes([address, utf8(name), ZERO]));
    this.#block(NAME_RESOLUTION, record, END_OF_OPTIONS);
  }

  /** Lines of a TLS key log. A reader that goes through the file once needs them before what they decrypt. */
  addTlsKeys(lines: string): void {
    const secrets = utf8(lines);
    this.#block(DECRYPTION_SECRETS, words(TLS_KEY_LOG, secrets.length), padded(secrets));
  }

  addFrame({ interfaceId, timeNs, bytes, direction, comments }: CapturedFrame): void {
    const head = words(
      interfaceId,
      Number((timeNs >> 32n) & 0xffff_ffffn),
      Number(timeNs & 0xffff_ffffn),
      bytes.length,
      bytes.length,
    );
    const options = comments.map((comment) => option(OPT_COMMENT, utf8(comment)));
    options.push(option(EPB_FLAGS, words(direction === "in" ? 1 : 2)), END_OF_OPTIONS);
    this.#block(ENHANCED_PACKET, head, padded(bytes), ...options);
  }

  #block(type: number, ...parts: readonly Uint8Array[]): void {
    const length = parts.reduce((total, part) => total + part.length, BLOCK_BYTES);
    this.#sink.write(joinBytes([words(type, length), ...parts, words(length)]));
  }
}

function words(...values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(4 * values.length);
  const view = new DataView(bytes.buffer);
  for (const [at, value] of values.entries()) view.setUint32(4 * at, value, true);
  return bytes;
}

function option(code: number, value: Uint8Array): Uint8Array {
  // Longer than its length field can say: only a comment is, and its beginning says enough.
  const kept = value.subarray(0, MOST_OPTION_BYTES);
  return joinBytes([words(code | (kept.length << 16)), padded(kept)]);
}

function padded(bytes: Uint8Array): Uint8Array {
  const rest = bytes.length % 4;
  return rest === 0 ? bytes : joinBytes([bytes, new Uint8Array(4 - rest)]);
}

function utf8(text: string): Uint8Array {
  return PORTABLE_TEXT.encodeUtf8(text);
}

const SECTION_HEADER = 0x0a0d0d0a;
const INTERFACE_DESCRIPTION = 1;
const NAME_RESOLUTION = 4;
const ENHANCED_PACKET = 6;
const DECRYPTION_SECRETS = 0x0a;

const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
const VERSION_1_0 = 1;
const LINKTYPE_ETHERNET = 1;
const NO_SNAPLEN = 0;
/** "TLSK". */
const TLS_KEY_LOG = 0x544c534b;
/** Type, and the length at both ends. */
const BLOCK_BYTES = 12;

const OPT_COMMENT = 1;
const SHB_USERAPPL = 4;
const IF_NAME = 2;
const IF_MACADDR = 6;
const IF_TSRESOL = 9;
const EPB_FLAGS = 2;
const NRB_IPV4 = 1;
const NRB_IPV6 = 2;
const MOST_OPTION_BYTES = 65_532;
const END_OF_OPTIONS = new Uint8Array(4);
const ZERO = new Uint8Array(1);
