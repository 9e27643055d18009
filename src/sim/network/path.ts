import type { Distribution, LinkOptions } from "./link-options.ts";
import type { Packet } from "./packet.ts";

/** One direction between two hosts: what it is like, and what it is busy with. */
export class Path {
  readonly random: () => number;
  /** The version of the links that `options` was made from. */
  version = -1;
  #latency: number | Distribution = DEFAULT_LATENCY_MS;
  #jitterMs = 0;
  #bytesPerMs = Number.POSITIVE_INFINITY;
  mtuBytes: number = DEFAULT_MTU_BYTES;
  #queueBytes = Number.POSITIVE_INFINITY;
  #loss = 0;
  #duplicate = 0;
  #reorder = 0;
  #reorderMs = DEFAULT_REORDER_MS;
  /** When the last byte of what was sent so far has left. */
  #busyUntilMs = 0;

  constructor(random: () => number) {
    this.random = random;
  }

  configure(options: LinkOptions, version: number): void {
    this.version = version;
    this.#latency = options.latencyMs ?? DEFAULT_LATENCY_MS;
    this.#jitterMs = options.jitterMs ?? 0;
    this.#bytesPerMs = (options.bytesPerSecond ?? Number.POSITIVE_INFINITY) / 1_000;
    this.mtuBytes = options.mtuBytes ?? DEFAULT_MTU_BYTES;
    this.#queueBytes = options.queueBytes ?? Number.POSITIVE_INFINITY;
    this.#loss = options.loss ?? 0;
    this.#duplicate = options.duplicate ?? 0;
    this.#reorder = options.reorder ?? 0;
    this.#reorderMs = options.reorderMs ?? DEFAULT_REORDER_MS;
  }

  /** When the packet arrives; why not, if it is lost. */
  fateOf(packet: Packet, nowMs: number): number | string {
    let leavesMs = nowMs;
    if (this.#bytesPerMs !== Number.POSITIVE_INFINITY) {
      const waitMs = Math.max(0, this.#busyUntilMs - nowMs);
      if (waitMs * this.#bytesPerMs + packet.wireBytes > this.#queueBytes) return "queue full";
      this.#busyUntilMs = nowMs + waitMs + packet.wireBytes / this.#bytesPerMs;
      leavesMs = this.#busyUntilMs;
    }
    if (this.#loss > 0 && this.#isLost(packet)) return "loss";
    const latency = this.#latency;
    let arrivesMs = leavesMs + (typeof latency === "number" ? latency : latency(this.random));
    if (this.#jitterMs > 0) arrivesMs += this.#jitterMs * this.random();
    if (this.#reorder > 0 && packet.protocol === "udp" && this.random() < this.#reorder) {
      arrivesMs += this.#reorderMs * this.random();
    }
    return arrivesMs;
  }

  isDoubled(packet: Packet): boolean {
    return this.#duplicate > 0 && packet.protocol === "udp" && this.random() < this.#duplicate;
  }

  /** One fragment is enough. */
  #isLost({ wireBytes }: Packet): boolean {
    if (wireBytes <= this.mtuBytes) return this.random() < this.#loss;
    return this.random() >= (1 - this.#loss) ** Math.ceil(wireBytes / this.mtuBytes);
  }
}

/** @throws RangeError, naming what is out of its range. */
export function checkLink(options: LinkOptions): void {
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined || typeof value === "function") continue;
    const isShare = name === "loss" || name === "duplicate" || name === "reorder";
    const isGood = isShare ? value >= 0 && value <= 1 : value >= (LEAST[name] ?? 0);
    if (!isGood)
      throw new RangeError(
        `Cannot make a link with ${name} ${value}: ${isShare ? "it is from 0 to 1" : `it is at least ${LEAST[name] ?? 0}`}`,
      );
  }
}

/** A link that carries nothing is a partition; 68 bytes is the least that IPv4 allows (RFC 791, section 3.2). */
const LEAST: Readonly<Record<string, number>> = { bytesPerSecond: 1, mtuBytes: 68 };

/** Two machines in one building, give or take. */
const DEFAULT_LATENCY_MS = 1;
const DEFAULT_MTU_BYTES = 1_500;
const DEFAULT_REORDER_MS = 10;
