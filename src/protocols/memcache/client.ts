import type { Deferred } from "../../core/deferred/deferred.ts";
import { FirstError } from "../../core/deferred/errors.ts";
import { gatherResults } from "../../core/deferred/gather.ts";
import { fail } from "../../core/deferred/succeed.ts";
import type { CasResult, Item, MetaReply } from "./events.ts";
import { type ExpiryOptions, expirySeconds } from "./expiry.ts";
import { wireKey } from "./keys.ts";
import {
  casRequest,
  countRequest,
  deleteRequest,
  getManyRequest,
  getRequest,
  storeRequest,
  touchRequest,
} from "./requests/classic.ts";
import { metaArithmeticRequest, metaDeleteRequest, metaGetRequest, metaSetRequest } from "./requests/meta.ts";
import type { Request } from "./requests/request.ts";

/** What is stored with a value. */
export interface StoreOptions extends ExpiryOptions {
  /** A whole number below 2 ** 32 that comes back with the value; default 0. */
  readonly flags?: number | undefined;
}

/** A value to store: bytes, which must not change until the answer is there, or text, which goes as UTF-8. */
export type Value = Uint8Array | string;

/**
 * What can be asked about keys, of one connection (`MemcacheProtocol.cache`) and of a pool alike. Any number of requests may
 * be under way at once; what one turn asks leaves in one write. Cancelling a request leaves the others alone: its answer is
 * dropped when it comes.
 *
 * A key is text of 1 to 250 bytes in UTF-8, without spaces and control characters. All failures come by the Deferred:
 * LocalMemcacheError (nothing was sent), RemoteReplyError (the server refused), and the reason for which the connection went:
 * a TimeoutError, a RemoteMemcacheError, or what `connectionLost` says.
 *
 * @example
 * ```ts
 * import { MemcacheProtocol, MemcacheServer } from "ropewalk/memcache";
 * import { connectedPair, MemoryReactor } from "ropewalk/testing";
 *
 * const reactor = new MemoryReactor();
 * const server = new MemcacheServer(reactor);
 * const { a: client, flush } = connectedPair(new MemcacheProtocol(reactor), server.buildProtocol());
 * client.cache.set("visits", "41", { ttlMs: 60_000 });
 * client.cache.incr("visits").addCallback((visits) => console.log(visits)); // 42n
 * flush();
 * ```
 */
export abstract class MemcacheCommands {
  /** Sends a request about a key, which is as it is on the wire. */
  protected abstract send<T>(key: string, request: Request<T>): Deferred<T>;

  /** The item, without its cas; undefined if there is none. */
  get(key: string): Deferred<Item | undefined> {
    return this.#ask(key, (wire) => getRequest("get", wire));
  }

  /** The item with its cas, for `cas`. */
  gets(key: string): Deferred<Item | undefined> {
    return this.#ask(key, (wire) => getRequest("gets", wire));
  }

  /** `get`, and a new expiry for what is found. */
  gat(key: string, expiry: ExpiryOptions): Deferred<Item | undefined> {
    return this.#ask(key, (wire) => getRequest(`gat ${expirySeconds(expiry)}`, wire));
  }

  /** `gets`, and a new expiry for what is found. */
  gats(key: string, expiry: ExpiryOptions): Deferred<Item | undefined> {
    return this.#ask(key, (wire) => getRequest(`gats ${expirySeconds(expiry)}`, wire));
  }

  /** Those items that are there, with their cas, by their keys. Fails if any server that has to be asked cannot be. */
  getMany(keys: Iterable<string>): Deferred<Map<string, Item>> {
    try {
      const wires = new Map<string, string>();
      for (const key of keys) wires.set(wireKey(key), key);
      const parts = batches(wires, (wire) => this.groupOf(wire)).map((batch) => {
        const [first = ""] = batch.keys();
        return this.send(first, getManyRequest("gets", batch));
      });
      return gatherResults(parts).addCallbacks(
        (maps) => new Map(maps.flatMap((map) => [...map])),
        (error) => {
          throw error instanceof FirstError ? error.cause : error;
        },
      );
    } catch (error) {
      return fail(error);
    }
  }

  /** Stores; true unless the server says that it did not. */
  set(key: string, value: Value, options?: StoreOptions): Deferred<boolean> {
    return this.#store("set", key, value, options);
  }

  /** Stores if the key is free; else false. */
  add(key: string, value: Value, options?: StoreOptions): Deferred<boolean> {
    return this.#store("add", key, value, options);
  }

  /** Stores if the key is taken; else false. */
  replace(key: string, value: Value, options?: StoreOptions): Deferred<boolean> {
    return this.#store("replace", key, value, options);
  }

  /** Adds behind the value, whose flags and expiry stay; false if there is none. */
  append(key: string, value: Value): Deferred<boolean> {
    return this.#store("append", key, value, undefined);
  }

  /** Adds before the value, whose flags and expiry stay; false if there is none. */
  prepend(key: string, value: Value): Deferred<boolean> {
    return this.#store("prepend", key, value, undefined);
  }

  /** Stores unless the item has changed since `gets` gave this cas. */
  cas(key: string, value: Value, cas: bigint, options?: StoreOptions): Deferred<CasResult> {
    return this.#ask(key, (wire) => casRequest(wire, value, options?.flags ?? 0, expirySeconds(options), cas));
  }

  /** Adds to a value of decimal digits, 64 bits, and gives the sum; undefined if there is none. */
  incr(key: string, delta: bigint | number = 1): Deferred<bigint | undefined> {
    return this.#ask(key, (wire) => countRequest("incr", wire, delta));
  }

  /** Subtracts, down to 0, and gives what is left; undefined if there is none. */
  decr(key: string, delta: bigint | number = 1): Deferred<bigint | undefined> {
    return this.#ask(key, (wire) => countRequest("decr", wire, delta));
  }

  /** False if there was none. */
  delete(key: string): Deferred<boolean> {
    return this.#ask(key, deleteRequest);
  }

  /** A new expiry; false if there is no item. */
  touch(key: string, expiry: ExpiryOptions): Deferred<boolean> {
    return this.#ask(key, (wire) => touchRequest(wire, expirySeconds(expiry)));
  }

  /** `mg`, with flags as on the wire: `metaGet("key", ["v", "t", "N30"])`. The flag `q` is refused, here and below. */
  metaGet(key: string, flags: readonly string[] = []): Deferred<MetaReply> {
    return this.#ask(key, (wire) => metaGetRequest(wire, flags));
  }

  /** `ms`. */
  metaSet(key: string, value: Value, flags: readonly string[] = []): Deferred<MetaReply> {
    return this.#ask(key, (wire) => metaSetRequest(wire, value, flags));
  }

  /** `md`. */
  metaDelete(key: string, flags: readonly string[] = []): Deferred<MetaReply> {
    return this.#ask(key, (wire) => metaDeleteRequest(wire, flags));
  }

  /** `ma`. */
  metaArithmetic(key: string, flags: readonly string[] = []): Deferred<MetaReply> {
    return this.#ask(key, (wire) => metaArithmeticRequest(wire, flags));
  }

  /** Keys of one group may be asked for in one request. */
  protected groupOf(_key: string): unknown {
    return undefined;
  }

  #store(verb: string, key: string, value: Value, options: StoreOptions | undefined): Deferred<boolean> {
    return this.#ask(key, (wire) => storeRequest(verb, wire, value, options?.flags ?? 0, expirySeconds(options)));
  }

  #ask<T>(key: string, build: (wire: string) => Request<T>): Deferred<T> {
    let wire: string;
    let request: Request<T>;
    try {
      wire = wireKey(key);
      request = build(wire);
    } catch (error) {
      return fail(error);
    }
    return this.send(wire, request);
  }
}

/** Keys by their group, and so many together that each line stays short. */
function batches(keys: ReadonlyMap<string, string>, groupOf: (key: string) => unknown): Map<string, string>[] {
  const all: Map<string, string>[] = [];
  const open = new Map<unknown, { batch: Map<string, string>; bytes: number }>();
  for (const [wire, key] of keys) {
    const group = groupOf(wire);
    let last = open.get(group);
    if (last === undefined || last.bytes + wire.length > MAX_GET_BYTES) {
      last = { batch: new Map(), bytes: 0 };
      open.set(group, last);
      all.push(last.batch);
    }
    last.batch.set(wire, key);
    last.bytes += wire.length + 1;
  }
  return all;
}

/** Any server takes a line of 2 048 bytes. */
const MAX_GET_BYTES = 2_000;
