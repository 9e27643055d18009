import type { Address } from "../core/address.ts";

/** What counts as one peer: an IPv4 host, an IPv6 /64 network; undefined where peers cannot be told apart. */
export function peerKey(peer: Address): string | undefined {
  if (peer.kind !== "tcp" && peer.kind !== "udp") return undefined;
  if (!peer.host.includes(":")) return peer.host;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(peer.host)?.[1];
  return mapped ?? `${networkOf(peer.host)}::/64`;
}

/** The first four groups of an IPv6 literal, without leading zeros. */
function networkOf(host: string): string {
  const [address = ""] = host.split("%");
  const [before = "", after] = address.split("::");
  const head = groupsOf(before);
  // A group of dots at the end stands for two; it never reaches into the first four.
  const tail = groupsOf(after ?? "");
  const tailLength = tail.length + (tail.at(-1)?.includes(".") ? 1 : 0);
  const groups =
    after === undefined ? head : [...head, ...Array<string>(8 - head.length - tailLength).fill("0"), ...tail];
  return groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(":");
}

function groupsOf(text: string): string[] {
  return text === "" ? [] : text.split(":");
}
