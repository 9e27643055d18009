/**
 * First in, first out; and whoever is in it can leave from the middle, in constant time. An array would keep those who
 * left, and a Set is slow at its front.
 */
export class Line<T> {
  #length = 0;
  #first: Place<T> | undefined;
  #last: Place<T> | undefined;

  /** How many are in the line. */
  get length(): number {
    return this.#length;
  }

  /** Puts `item` at the end; the place that comes back is for `leave`. */
  join(item: T): Place<T> {
    const place: Place<T> = { item, isTaken: true, before: this.#last, after: undefined };
    if (this.#last === undefined) this.#first = place;
    else this.#last.after = place;
    this.#last = place;
    this.#length += 1;
    return place;
  }

  /** Takes the first item out; undefined if there is none. */
  shift(): T | undefined {
    const place = this.#first;
    if (place !== undefined) this.leave(place);
    return place?.item;
  }

  /** Gives a place up; nothing happens if it was given up before. */
  leave(place: Place<T>): void {
    if (!place.isTaken) return;
    place.isTaken = false;
    if (place.before === undefined) this.#first = place.after;
    else place.before.after = place.after;
    if (place.after === undefined) this.#last = place.before;
    else place.after.before = place.before;
    this.#length -= 1;
  }
}

/** A place in a line. */
export interface Place<T> {
  readonly item: T;
  isTaken: boolean;
  before: Place<T> | undefined;
  after: Place<T> | undefined;
}
