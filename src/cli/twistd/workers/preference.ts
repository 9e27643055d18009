/**
 * All numbers from 1 to `count`, in the order in which this host prefers them: by rendezvous hashing, so that each of the
 * numbers is the first choice of as many hosts, and one that is missing moves only those whose first choice it was.
 */
export function preference(host: string, count: number): number[] {
  const text = hash(BASIS, host);
  const weights = Array.from({ length: count }, (_, index) => ({
    number: index + 1,
    weight: mix(text ^ mix(index + 1)),
  }));
  return weights.sort((a, b) => b.weight - a.weight).map(({ number }) => number);
}

/** FNV-1a. */
function hash(basis: number, text: string): number {
  let value = basis;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), PRIME);
  return value >>> 0;
}

/** The finalizer of MurmurHash3: each bit of the input reaches each of the output. */
function mix(number: number): number {
  let value = Math.imul(number ^ (number >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}

const BASIS = 0x811c9dc5;
const PRIME = 0x01000193;
