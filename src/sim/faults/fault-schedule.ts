import type { HostKernel, Surroundings } from "../host-kernel.ts";
import type { Selector } from "../network/link-options.ts";
import type { SimEvent } from "../scheduler.ts";
import { checkFault } from "./check-fault.ts";
import { Claims } from "./claims.ts";
import { describeFault } from "./describe-fault.ts";
import { begin, type FaultWorld } from "./effects.ts";
import type { Fault } from "./fault.ts";
import { isInstant } from "./is-instant.ts";

/** The faults of one simulation: those that are there, and those that will be. */
export class FaultSchedule implements FaultWorld {
  readonly claims: Claims = new Claims();
  readonly #surroundings: Surroundings;
  readonly #pending = new Set<ScheduledFault>();

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
  }

  get network(): Surroundings["network"] {
    return this.#surroundings.network;
  }

  get zone(): Surroundings["zone"] {
    return this.#surroundings.zone;
  }

  kernels(selector: Selector): readonly HostKernel[] {
    return this.network.select(selector) as readonly HostKernel[];
  }

  /** @throws TypeError, RangeError or Error for what cannot be. */
  inject(fault: Fault): Disposable {
    checkFault(fault);
    for (const selector of selectorsOf(fault)) this.network.checkSelector(selector);
    const scheduled = new ScheduledFault(this, fault);
    this.#pending.add(scheduled);
    this.#surroundings.scheduler.at(fault.atMs ?? 0, scheduled);
    return { [Symbol.dispose]: () => this.#end(scheduled) };
  }

  endAll(): void {
    for (const scheduled of [...this.#pending]) this.#end(scheduled);
  }

  begin(scheduled: ScheduledFault): void {
    const { scheduler } = this.#surroundings;
    const { fault } = scheduled;
    // Programs hear of it, and the conditions of a scenario are asked.
    scheduler.touched = true;
    this.#tell(fault, "begins");
    scheduled.end = begin(fault, this);
    const { forMs = 0 } = fault as { readonly forMs?: number | undefined };
    if (isInstant(fault.kind)) this.finish(scheduled);
    else if ("forMs" in fault && forMs !== Number.POSITIVE_INFINITY) scheduler.at(scheduler.nowMs + forMs, scheduled);
  }

  finish(scheduled: ScheduledFault): void {
    this.#pending.delete(scheduled);
    this.#surroundings.scheduler.touched = true;
    scheduled.end?.();
    this.#tell(scheduled.fault, "ends");
  }

  /** Before its time, or before it has begun. */
  #end(scheduled: ScheduledFault): void {
    if (!this.#pending.has(scheduled)) return;
    if (scheduled.fault.kind === "pause" && scheduled.end !== undefined) return;
    this.#surroundings.scheduler.remove(scheduled);
    if (scheduled.end === undefined) this.#pending.delete(scheduled);
    else this.finish(scheduled);
  }

  #tell(fault: Fault, change: "begins" | "ends"): void {
    const { observers, scheduler } = this.#surroundings;
    if (observers.list.length === 0) return;
    const hosts = [...new Set(selectorsOf(fault).flatMap((selector) => this.kernels(selector)))];
    const names = hosts.map(({ name }) => name);
    observers.faultChanged({ timeMs: scheduler.nowMs, change, fault, text: describeFault(fault), hosts: names });
  }
}

class ScheduledFault implements SimEvent {
  timeMs = 0;
  order = 0;
  slot = -1;
  /** Undefined until it has begun. */
  end: (() => void) | undefined = undefined;
  readonly fault: Fault;
  readonly #schedule: FaultSchedule;

  constructor(schedule: FaultSchedule, fault: Fault) {
    this.#schedule = schedule;
    this.fault = fault;
  }

  happen(): void {
    if (this.end === undefined) this.#schedule.begin(this);
    else this.#schedule.finish(this);
  }
}

/** All hosts that a fault names. */
function selectorsOf(fault: Fault): readonly Selector[] {
  switch (fault.kind) {
    case "partition":
    case "reset":
    case "silent drop":
    case "bad link":
      return fault.between;
    case "one-way partition":
      return [fault.from, fault.to];
    case "half-open":
      return [fault.host, fault.peer];
    case "dns failure":
      return [];
    default:
      return [fault.host];
  }
}
