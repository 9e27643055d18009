import { CLOSING, RESETS } from "./closing.ts";
import { CONNECTING } from "./connecting.ts";
import { FAULTS, HALF_CLOSE_FAULTS } from "./faults.ts";
import { FLOW } from "./flow.ts";
import { HALF_CLOSE } from "./half-close.ts";
import { LISTENING } from "./listening.ts";
import { PRODUCERS } from "./producers.ts";
import { START_TLS, type StartTlsWorld } from "./starttls.ts";
import { register, type TransportWorld } from "./world.ts";
import { WRITING } from "./writing.ts";

/** What a kind of connection cannot do by its nature. */
export interface TransportLimits {
  /** A peer cannot tell a reset from an end, as on UNIX sockets. */
  readonly hidesResets?: boolean | undefined;
  /** One direction cannot end by itself. */
  readonly endsBothWays?: boolean | undefined;
}

/**
 * Registers with node:test what every stream connection promises, each promise as one test in a world that `make` makes.
 * The same body runs on memory, on real sockets and in the simulator, so that none of them can lie.
 *
 * @example
 * ```ts
 * import { MemoryWorld, transportConformance } from "ropewalk/testing";
 *
 * transportConformance("memory TCP", () => new MemoryWorld("tcp"));
 * ```
 */
export function transportConformance(
  name: string,
  make: () => TransportWorld | Promise<TransportWorld>,
  limits: TransportLimits = {},
): void {
  register(`${name}: writing`, make, WRITING);
  register(`${name}: closing`, make, CLOSING);
  if (limits.hidesResets !== true) register(`${name}: resets`, make, RESETS);
  register(`${name}: exceptions close one connection only`, make, FAULTS);
  if (limits.endsBothWays !== true) {
    register(`${name}: half-close`, make, HALF_CLOSE);
    register(`${name}: exceptions in half-close`, make, HALF_CLOSE_FAULTS);
  }
  register(`${name}: flow`, make, FLOW);
  register(`${name}: producers`, make, PRODUCERS);
  register(`${name}: connecting`, make, CONNECTING);
  register(`${name}: listening`, make, LISTENING);
}

/**
 * Registers with node:test what a connection promises that can turn to TLS in mid-stream.
 *
 * @example
 * ```ts
 * import { MemoryWorld, startTlsConformance } from "ropewalk/testing";
 *
 * startTlsConformance("memory TCP", () => new MemoryWorld("tcp"));
 * ```
 */
export function startTlsConformance(name: string, make: () => StartTlsWorld | Promise<StartTlsWorld>): void {
  register(`${name}: TLS in mid-stream`, make, START_TLS);
}
