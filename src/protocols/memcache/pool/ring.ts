/*
 * Theory of operation. Each node has points on a circle of 2 ** 32, and a key belongs to the first point at or after its own.
 * If a node comes or goes, only the keys of its points move. The points are those of libketama and of libmemcached's weighted
 * distribution, so that clients in other languages find the same keys at the same nodes: four of each MD5 of "NAME-0",
 * "NAME-1" and so on, 160 for a node of average weight, little endian. MD5 spreads; it protects nothing here.
 */
import { createHash } from "node:crypto";

/** A place for keys on the circle. */
export interface RingNode {
  readonly name: string;
  readonly weight: number;
}

/**
 * Which node a key belongs to, and which ones stand in for that.
 *
 * @example
 * ```ts
 * import { KetamaRing } from "ropewalk/memcache";
 *
 * const ring = new KetamaRing([{ name: "a:1", weight: 1 }, { name: "b:1", weight: 1 }]);
 * const first = ring.find("greeting", () => true);
 * const other = ring.find("greeting", (node) => node !== first);
 * console.log(first?.name !== other?.name); // true
 * ```
 */
export class KetamaRing<N extends RingNode> {
  readonly #points: Uint32Array;
  readonly #nodes: readonly N[];
  readonly #count: number;

  constructor(nodes: readonly N[]) {
    const total = nodes.reduce((sum, { weight }) => sum + weight, 0);
    const points = nodes.flatMap((node) => pointsOf(node, (node.weight / total) * nodes.length));
    points.sort((a, b) => a.at - b.at);
    this.#points = Uint32Array.from(points, ({ at }) => at);
    this.#nodes = points.map(({ node }) => node as N);
    this.#count = nodes.length;
  }

  /** The first node from the key's point on that `isUsable`; undefined if none is. The key is as on the wire. */
  find(key: string, isUsable: (node: N) => boolean): N | undefined {
    const nodes = this.#nodes;
    const start = this.#indexFrom(hashOf(key));
    const refused = new Set<N>();
    for (let step = 0; step < nodes.length && refused.size < this.#count; step += 1) {
      const node = nodes[(start + step) % nodes.length] as N;
      if (refused.has(node)) continue;
      if (isUsable(node)) return node;
      refused.add(node);
    }
    return undefined;
  }

  /** The first point at or after `hash`. */
  #indexFrom(hash: number): number {
    const points = this.#points;
    let low = 0;
    let high = points.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((points[middle] as number) < hash) low = middle + 1;
      else high = middle;
    }
    return low === points.length ? 0 : low;
  }
}

function pointsOf(node: RingNode, share: number): { at: number; node: RingNode }[] {
  const digests = Math.floor((share * POINTS_PER_NODE) / POINTS_PER_DIGEST + ROUNDING);
  return Array.from({ length: digests }, (_, index) => digestOf(`${node.name}-${index}`)).flatMap((digest) =>
    [0, 4, 8, 12].map((offset) => ({ at: digest.readUInt32LE(offset), node })),
  );
}

function hashOf(key: string): number {
  return digestOf(key).readUInt32LE(0);
}

function digestOf(text: string): Buffer {
  return createHash("md5").update(text, "latin1").digest();
}

/** With 160, nodes of the same weight get shares within some percent of one another. */
const POINTS_PER_NODE = 160;
const POINTS_PER_DIGEST = 4;
/** A third of three is a whole. */
const ROUNDING = 1e-10;
