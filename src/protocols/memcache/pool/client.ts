import type { Deferred } from "../../../core/deferred/deferred.ts";
import { FirstError } from "../../../core/deferred/errors.ts";
import { gatherResults } from "../../../core/deferred/gather.ts";
import { fail } from "../../../core/deferred/succeed.ts";
import type { Reactor } from "../../../core/reactor.ts";
import type { ReconnectPolicy } from "../../../endpoints/backoff.ts";
import { MemcacheCommands } from "../client.ts";
import { NoNodeError } from "../errors.ts";
import type { Item } from "../events.ts";
import { wireKey } from "../keys.ts";
import type { MemcacheOptions, MemcacheProtocol } from "../protocol.ts";
import type { Request } from "../requests/request.ts";
import { PoolNode } from "./node/client.ts";
import { nodeName } from "./node-name.ts";
import { KetamaRing } from "./ring.ts";

/** One server of a pool. */
export interface MemcacheNode {
  /** Where it is: `"tcp:cache1:11211"`. */
  readonly endpoint: string;
  /** What the keys are spread by; default HOST:PORT, or HOST alone for port 11211, which is what other clients take. */
  readonly name?: string | undefined;
  /** Its share, compared with the others; default 1. */
  readonly weight?: number | undefined;
}

/** What a pool may be told; limits and `timeoutMs` count for each connection. */
export interface MemcachePoolOptions extends MemcacheOptions {
  /** How long a node that failed is left out; default `backoff()` of `ropewalk/endpoints`. */
  readonly policy?: ReconnectPolicy | undefined;
  /** How long requests wait for the first connection with a node before it counts as failed; default 2 000 ms. */
  readonly connectTimeoutMs?: number | undefined;
  /** Default true: other nodes take the keys of one that failed. If false, requests for these fail with NoNodeError. */
  readonly failover?: boolean | undefined;
}

/**
 * Several servers as one: each key belongs to one of them (consistent hashing, as libketama and libmemcached do it), over
 * one connection each. A node whose connection breaks, or that does not answer in time, is left out: its keys go to the
 * next nodes on the circle. It is dialled again with growing delays, and takes its keys back when it answers. What it missed
 * in the meantime it does not know: what must not be stale should expire, or `flushAll` it.
 *
 * Requests that were under way when a node failed fail; nothing is sent twice.
 *
 * @example
 * ```ts
 * import { listen, NodeReactor } from "ropewalk";
 * import { MemcachePool, MemcacheServer } from "ropewalk/memcache";
 *
 * const reactor = new NodeReactor();
 * const ports = [
 *   await listen(reactor, "unix:cache-a.sock", new MemcacheServer(reactor)),
 *   await listen(reactor, "unix:cache-b.sock", new MemcacheServer(reactor)),
 * ];
 * const pool = new MemcachePool(reactor, ["unix:cache-a.sock", "unix:cache-b.sock"]);
 * pool.startService();
 * await pool.set("greeting", "hello");
 * console.log((await pool.get("greeting"))?.value.length); // 5
 * await pool.stopService();
 * for (const port of ports) await port.stopListening();
 * ```
 */
export class MemcachePool extends MemcacheCommands implements AsyncDisposable {
  readonly #failover: boolean;
  readonly #nodes: readonly PoolNode[];
  readonly #ring: KetamaRing<PoolNode>;

  /** @throws RangeError without nodes, or for two of one name; EndpointSyntaxError. */
  constructor(reactor: Reactor, nodes: readonly (string | MemcacheNode)[], options: MemcachePoolOptions = {}) {
    super();
    this.#failover = options.failover ?? true;
    this.#nodes = nodes.map((node) => poolNode(reactor, typeof node === "string" ? { endpoint: node } : node, options));
    if (nodes.length === 0) throw new RangeError("Cannot make a pool without nodes");
    if (new Set(this.nodeNames).size < nodes.length) {
      throw new RangeError(`Cannot make a pool of ${this.nodeNames.join(", ")}: each node needs a name of its own`);
    }
    this.#ring = new KetamaRing(this.#nodes);
  }

  /** The names of all nodes. */
  get nodeNames(): readonly string[] {
    return this.#nodes.map(({ name }) => name);
  }

  /** The names of the nodes that are left out at the moment. */
  get failedNodes(): readonly string[] {
    return this.#nodes.filter(({ state }) => state === "failed").map(({ name }) => name);
  }

  /** Begins to connect. Requests may be made from now on. */
  startService(): void {
    for (const node of this.#nodes) node.start();
  }

  /** Closes all connections, and fires when they are closed. What is unanswered fails. */
  stopService(): Deferred<void> {
    return gatherResults(this.#nodes.map((node) => node.stop())).addCallback(() => {});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stopService();
  }

  /** The name of the node that a key belongs to at the moment; undefined if there is none. @throws LocalMemcacheError */
  nodeOf(key: string): string | undefined {
    return this.groupOf(wireKey(key))?.name;
  }

  override getMany(keys: Iterable<string>): Deferred<Map<string, Item>> {
    const untried = this.#nodes.filter(({ state }) => state === "untried");
    if (untried.length === 0) return super.getMany(keys);
    // Who stands in for a node that does not come up is another one for each key.
    const all = [...keys];
    return gatherResults(untried.map((node) => node.whenTried())).addCallback(() => super.getMany(all));
  }

  /** Forgets every item of every node that is there. */
  flushAll(): Deferred<void> {
    return this.#onAll((protocol) => protocol.flushAll()).addCallback(() => {});
  }

  /** The figures of every node that is there, by its name. */
  stats(section?: string): Deferred<Map<string, Map<string, string>>> {
    return this.#onAll((protocol) => protocol.stats(section));
  }

  protected override groupOf(key: string): PoolNode | undefined {
    if (this.#failover) return this.#ring.find(key, ({ state }) => state !== "failed");
    const node = this.#ring.find(key, () => true);
    return node?.state === "failed" ? undefined : node;
  }

  protected override send<T>(key: string, request: Request<T>): Deferred<T> {
    const node = this.groupOf(key);
    if (node === undefined) return fail(this.#noNode());
    if (node.protocol !== undefined) return node.protocol.request(request);
    // Its first attempt is over before it is asked again, one way or the other.
    return node.whenTried().addCallback(() => this.send(key, request));
  }

  #onAll<T>(ask: (protocol: MemcacheProtocol) => Deferred<T>): Deferred<Map<string, T>> {
    const tried = gatherResults(this.#nodes.map((node) => node.whenTried()));
    return tried
      .addCallback(() => {
        const answers: Deferred<readonly [string, T]>[] = [];
        for (const { name, protocol } of this.#nodes) {
          if (protocol !== undefined) answers.push(ask(protocol).addCallback((answer) => [name, answer] as const));
        }
        if (answers.length === 0) throw this.#noNode();
        return gatherResults(answers);
      })
      .addCallbacks(
        (pairs) => new Map(pairs),
        (error) => {
          throw error instanceof FirstError ? error.cause : error;
        },
      );
  }

  #noNode(): NoNodeError {
    const cause = this.#nodes.find(({ failure }) => failure !== undefined)?.failure;
    return new NoNodeError(`Cannot ask any node: ${this.failedNodes.join(", ")} failed`, { cause });
  }
}

function poolNode(reactor: Reactor, node: MemcacheNode, options: MemcachePoolOptions): PoolNode {
  const { endpoint, name = nodeName(endpoint), weight = 1 } = node;
  if (!(weight > 0)) throw new RangeError(`Cannot give the node ${name} the weight ${weight}: it is a number above 0`);
  const { limits, timeoutMs, policy, connectTimeoutMs = CONNECT_TIMEOUT_MS } = options;
  return new PoolNode(reactor, { endpoint, name, weight, limits, timeoutMs, policy, connectTimeoutMs });
}

/** Far nodes answer within it, and requests that wait at the start are not late for long. */
const CONNECT_TIMEOUT_MS = 2_000;
