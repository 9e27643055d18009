import type { SimEvent } from "./scheduler.ts";

/** Events by time, then by order: a binary heap in which each event knows its place. */
export class EventHeap {
  readonly events: SimEvent[] = [];

  get first(): SimEvent | undefined {
    return this.events[0];
  }

  push(event: SimEvent): void {
    this.events.push(event);
    this.#rise(event, this.events.length - 1);
  }

  /** Takes the first one away. */
  shift(): void {
    const { events } = this;
    (events[0] as SimEvent).slot = -1;
    const last = events.pop() as SimEvent;
    if (events.length > 0) this.#sink(last, 0);
  }

  remove(event: SimEvent): void {
    const { slot } = event;
    if (slot < 0) return;
    event.slot = -1;
    const last = this.events.pop() as SimEvent;
    if (last === event) return;
    this.#sink(last, slot);
    this.#rise(last, last.slot);
  }

  #rise(event: SimEvent, from: number): void {
    const { events } = this;
    let at = from;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = events[above] as SimEvent;
      if (isBefore(parent, event)) break;
      events[at] = parent;
      parent.slot = at;
      at = above;
    }
    events[at] = event;
    event.slot = at;
  }

  #sink(event: SimEvent, from: number): void {
    const { events } = this;
    const { length } = events;
    let at = from;
    for (let below = 2 * at + 1; below < length; below = 2 * at + 1) {
      if (below + 1 < length && isBefore(events[below + 1] as SimEvent, events[below] as SimEvent)) below += 1;
      const child = events[below] as SimEvent;
      if (isBefore(event, child)) break;
      events[at] = child;
      child.slot = at;
      at = below;
    }
    events[at] = event;
    event.slot = at;
  }
}

function isBefore(one: SimEvent, other: SimEvent): boolean {
  return one.timeMs < other.timeMs || (one.timeMs === other.timeMs && one.order < other.order);
}
