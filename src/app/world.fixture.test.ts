/** A tree on a MemoryReactor whose children say what happens to them. */
import type { Reactor } from "../core/reactor.ts";
import { MemoryReactor } from "../testing/memory-reactor.ts";
import { MultiService } from "./multi-service.ts";
import type { Health, ServiceLike } from "./service.ts";

/** What a child does besides saying so. */
export interface Steps {
  readonly privilegedStart?: () => unknown;
  readonly start?: (reactor: Reactor) => unknown;
  readonly stop?: () => unknown;
  readonly health?: () => Health | PromiseLike<Health>;
}

export class World {
  readonly seen: string[] = [];
  readonly reactor: MemoryReactor = new MemoryReactor();
  readonly tree: MultiService = new MultiService({ name: "tree" });

  /** A service of no class of ours. */
  child(name: string, steps: Steps = {}): ServiceLike {
    const note = (step: string) => void this.seen.push(`${step} ${name}`);
    return {
      name,
      startService: (reactor) => {
        note("start");
        return steps.start?.(reactor);
      },
      stopService: () => {
        note("stop");
        return steps.stop?.();
      },
      ...(steps.privilegedStart && {
        privilegedStartService: () => {
          note("bind");
          return steps.privilegedStart?.();
        },
      }),
      ...(steps.health && { health: steps.health }),
    };
  }

  /** Adds such a service to the tree. */
  add(name: string, steps: Steps = {}): ServiceLike {
    const child = this.child(name, steps);
    void this.tree.addService(child);
    return child;
  }

  /** `a running, b idle`. */
  get states(): string {
    return this.tree.children.map(({ name, state }) => `${name} ${state}`).join(", ");
  }

  /** What was seen since the last time. */
  take(): string[] {
    return this.seen.splice(0);
  }
}

/** Whether a Deferred or Promise failed, and with what. */
export async function failureOf(result: PromiseLike<unknown>): Promise<Error> {
  try {
    await result;
  } catch (error) {
    return error as Error;
  }
  throw new Error("It did not fail");
}
