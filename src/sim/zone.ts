import { familyOf } from "../core/address.ts";
import { LookupError } from "../core/errors.ts";
import type { HostAddress } from "../core/reactor.ts";
import { systemError } from "../core/system-error.ts";

/**
 * The names of a simulation: each host has its own name, and more can be added, changed and taken away.
 *
 * @example
 * ```ts
 * import { Simulation } from "ropewalk/sim";
 *
 * const sim = new Simulation({ seed: 1 });
 * const [one, two] = [sim.host("one"), sim.host("two")];
 * sim.zone.set("db.example", one.address, two.address);
 * const found = await sim.run(() => one.reactor.lookup("db.example"));
 * console.log(found.map(({ host }) => host)); // [ '10.0.0.1', '10.0.0.2' ]
 * ```
 */
export class Zone {
  readonly #names = new Map<string, readonly string[]>();
  /** Names that nobody can look up at the moment. */
  readonly failing: Set<string> = new Set();

  /** Makes a name stand for these addresses, in the order to try. @throws TypeError without any. */
  set(name: string, ...addresses: readonly string[]): void {
    if (addresses.length === 0) throw new TypeError(`Cannot set "${name}" to no address: delete it instead`);
    this.#names.set(name.toLowerCase(), addresses);
  }

  delete(name: string): void {
    this.#names.delete(name.toLowerCase());
  }

  /** @throws LookupError */
  resolve(name: string): readonly HostAddress[] {
    const key = name.toLowerCase();
    const found = key === "localhost" ? LOCALHOST : (this.#names.get(key) ?? []);
    const code = this.failing.has(key) || this.failing.has("*") ? "EAI_AGAIN" : "ENOTFOUND";
    if (found.length === 0 || code === "EAI_AGAIN") {
      const reason = code === "EAI_AGAIN" ? "the name server does not answer" : "no such host";
      const cause = systemError(code, "getaddrinfo", name);
      throw new LookupError(`Cannot look up "${name}": ${reason}`, { code, cause });
    }
    return found.map((host) => ({ host, family: familyOf(host) }));
  }
}

const LOCALHOST = ["127.0.0.1", "::1"];
