import type { Deferred } from "./deferred/deferred.ts";
import { maybeDeferred } from "./deferred/succeed.ts";
import type { HostAddress, Resolver } from "./reactor.ts";

/** The resolvers of a reactor: the one installed last is asked, and each goes by itself, in any order. */
export class ResolverStack {
  readonly #resolvers: { readonly resolver: Resolver }[];

  constructor(first: Resolver) {
    this.#resolvers = [{ resolver: first }];
  }

  /** Fails with what the resolver throws, too. */
  lookup(host: string): Deferred<readonly HostAddress[]> {
    const { resolver } = this.#resolvers.at(-1) as { readonly resolver: Resolver };
    return maybeDeferred(resolver, host);
  }

  install(resolver: Resolver): Disposable {
    // Wrapped, so that one resolver can be installed twice.
    const entry = { resolver };
    this.#resolvers.push(entry);
    return {
      [Symbol.dispose]: () => {
        const at = this.#resolvers.indexOf(entry);
        if (at >= 0) this.#resolvers.splice(at, 1);
      },
    };
  }
}
