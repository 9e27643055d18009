import type { FlyingPacket } from "../network/packet.ts";

/**
 * What a run did, in 64 bits: two runs with the same hash sent the same packets with the same bytes at the same instants.
 * Not for secrets: it tells differences of programs, not of attackers.
 */
export class TraceHash {
  #high = 0x9e3779b9;
  #low = 0x85ebca6b;

  /** 16 hexadecimal digits. */
  toString(): string {
    return hex(this.#high) + hex(this.#low);
  }

  /** One packet, at the moment of sending. Of ciphertext only the size that counts, and no numbers that count it. */
  addPacket(packet: FlyingPacket): void {
    this.addNumber(packet.sentMs);
    this.addInteger(packet.from.id);
    this.addInteger(packet.to?.id ?? -1);
    this.addInteger((packet.sourcePort << 16) ^ packet.destinationPort);
    this.addInteger((packet.flags << 24) ^ packet.wireBytes);
    if (packet.protocol === "tcp" && !packet.countsOpaque) {
      this.addInteger(packet.sequence);
      this.addInteger(packet.acknowledgment);
    }
    if (!packet.isOpaque) this.addBytes(packet.data);
  }

  addNumber(value: number): void {
    DOUBLE[0] = value;
    this.addInteger(WORDS[0] as number);
    this.addInteger(WORDS[1] as number);
  }

  addText(text: string): void {
    for (let at = 0; at < text.length; at += 1) this.addInteger(text.charCodeAt(at));
  }

  addBytes(data: Uint8Array): void {
    const { length } = data;
    const words = length >>> 2;
    let hash = length;
    if (words > FEW_WORDS && (data.byteOffset & 3) === 0) {
      const view = new Int32Array(data.buffer, data.byteOffset, words);
      for (let at = 0; at < words; at += 1) hash = mixed(hash, view[at] as number);
    } else {
      for (let at = 0; at < words * 4; at += 4) hash = mixed(hash, wordAt(data, at));
    }
    for (let at = words * 4; at < length; at += 1) hash = mixed(hash, data[at] as number);
    this.addInteger(hash);
  }

  /** Two lanes, each a multiplicative hash of 32 bits with its own odd factor, that stir one another. */
  addInteger(value: number): void {
    const high = Math.imul(this.#high ^ value, 0x85ebca77);
    const low = Math.imul(this.#low ^ value, 0xc2b2ae3d);
    this.#high = high ^ (low >>> 15);
    this.#low = low ^ (high >>> 13);
  }
}

function mixed(hash: number, word: number): number {
  const product = Math.imul(hash ^ word, 0x9e3779b1);
  return product ^ (product >>> 15);
}

/** Little-endian, as a view of words reads on every machine that Node runs on but one (s390x, whose hashes are its own). */
function wordAt(data: Uint8Array, at: number): number {
  const low = (data[at] as number) | ((data[at + 1] as number) << 8);
  return low | ((data[at + 2] as number) << 16) | ((data[at + 3] as number) << 24);
}

function hex(word: number): string {
  return (word >>> 0).toString(16).padStart(8, "0");
}

const DOUBLE = new Float64Array(1);
const WORDS = new Uint32Array(DOUBLE.buffer);

/** Making a view costs as much as reading so many words byte by byte. */
const FEW_WORDS = 32;
