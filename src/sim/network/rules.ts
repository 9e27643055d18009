import type { Packet } from "./packet.ts";

/**
 * What becomes of a packet: nothing special (undefined), lost (`{ lose: "why" }`), later than it would be (`{ delayMs }`),
 * or, for a TCP segment, answered as if nobody were there (`{ reset: true }`).
 */
export type Verdict = { readonly lose: string } | { readonly delayMs: number } | { readonly reset: true } | undefined;

/**
 * Decides over one packet at the moment of sending. It must be pure: the packet and `random` are all it goes by.
 *
 * @example
 * ```ts
 * import { DatagramProtocol } from "ropewalk";
 * import { Simulation } from "ropewalk/sim";
 *
 * const sim = new Simulation({ seed: 1 });
 * const a = sim.host("a");
 * const b = sim.host("b");
 * sim.rule((packet) => (packet.data.length > 100 ? { lose: "too long" } : undefined));
 * const heard: number[] = [];
 * class Ear extends DatagramProtocol {
 *   override datagramReceived(data: Uint8Array): void {
 *     heard.push(data.length);
 *   }
 * }
 * await sim.run(async () => {
 *   await b.reactor.listenUdp({ port: 7 }, new Ear());
 *   const port = await a.reactor.listenUdp({ port: 0 }, new DatagramProtocol());
 *   port.write("x".repeat(200), { host: b.address, port: 7 });
 *   port.write("x".repeat(20), { host: b.address, port: 7 });
 * });
 * await sim.advance(10);
 * console.log(heard); // [ 20 ]
 * ```
 */
export type Rule = (packet: Packet, random: () => number) => Verdict;
