import type { Deferred } from "../core/deferred/deferred.ts";
import type { Protocol, ProtocolFactory } from "../core/protocol.ts";
import type { Port, Reactor } from "../core/reactor.ts";
import type { TlsServerOptions } from "../core/tls.ts";
import type { EndpointSource } from "./arguments.ts";
import { EndpointSyntaxError } from "./errors.ts";
import { format, type ParsedEndpoint, parse } from "./grammar.ts";

/** Somewhere to listen. What a server description stands for; any object with this method is one. */
export interface ServerEndpoint {
  /** Fires when the port is open. */
  listen(reactor: Reactor, factory: ProtocolFactory): Deferred<Port>;
  /**
   * There if what `listen` opens is secured by TLS: opens the same in clear. `makeFactory` is told what TLS it would have
   * been, which its protocols begin later with `transport.startTls`, after what is said in clear (`haproxy:tls:…`).
   */
  listenBeforeTls?(reactor: Reactor, makeFactory: (tls: TlsServerOptions) => ProtocolFactory): Deferred<Port>;
}

/** Somewhere to connect to. What a client description stands for; any object with this method is one. */
export interface ClientEndpoint {
  /** Fires when the protocol is usable. Cancelling it gives up and leaves nothing behind. */
  connect<P extends Protocol>(reactor: Reactor, factory: ProtocolFactory<P>): Deferred<P>;
}

/** A kind of endpoint: the word before the first colon, and what it means. */
export interface EndpointType<Endpoint> {
  /** Lower case. */
  readonly name: string;
  /** The accepted form, for errors: `tcp:PORT[:interface=A]`. */
  readonly form: string;
  /**
   * Reads the arguments (see `readArguments`) and opens nothing yet. `types` reads the descriptions inside this one.
   *
   * @throws EndpointSyntaxError
   */
  make(source: EndpointSource, types: EndpointTypes): Endpoint;
}

/** A kind of place to listen. */
export type ServerType = EndpointType<ServerEndpoint>;
/** A kind of place to connect to. */
export type ClientType = EndpointType<ClientEndpoint>;

/** Endpoint types to add to a table. */
export interface EndpointTypeLists {
  readonly servers?: readonly ServerType[];
  readonly clients?: readonly ClientType[];
}

/**
 * The types that descriptions may begin with. `endpointTypes` is the table that `listen` and `connect` use unless they are
 * given another one. A program adds its own types to a copy (`with`), and passes that; `add` changes the table itself,
 * for the packages of protocol families, whose types everybody who imports them should have.
 *
 * @example
 * ```ts
 * import { type ServerType, endpointTypes, innerEndpoint, parse } from "ropewalk/endpoints";
 *
 * const quiet: ServerType = {
 *   name: "quiet",
 *   form: "quiet:<server description>",
 *   make: ({ parsed }, types) => types.server(innerEndpoint(parsed) ?? "stdio:"),
 * };
 * const types = endpointTypes.with({ servers: [quiet] });
 * types.server("quiet:tcp:8000:interface=127.0.0.1"); // goes to listen(reactor, …), or: listen(reactor, "quiet:…", factory, { types })
 * ```
 */
export class EndpointTypes {
  readonly #servers = new Map<string, ServerType>();
  readonly #clients = new Map<string, ClientType>();

  constructor(types: EndpointTypeLists = {}) {
    this.add(types);
  }

  /** A new table: this one's types and `types`, which win where a name is in both. This one stays as it is. */
  with(types: EndpointTypeLists): EndpointTypes {
    const servers = types.servers ?? [];
    const clients = types.clients ?? [];
    return new EndpointTypes({
      servers: [...without(this.#servers, servers), ...servers],
      clients: [...without(this.#clients, clients), ...clients],
    });
  }

  /**
   * Adds types to this table, for everybody who uses it. Disposing what it returns takes them away again.
   *
   * @throws TypeError if a name is taken, or is not a word in lower case; nothing is added then.
   */
  add(types: EndpointTypeLists): Disposable {
    const { servers = [], clients = [] } = types;
    checkNames(this.#servers, servers);
    checkNames(this.#clients, clients);
    for (const type of servers) this.#servers.set(type.name, type);
    for (const type of clients) this.#clients.set(type.name, type);
    return {
      [Symbol.dispose]: () => {
        for (const type of servers) if (this.#servers.get(type.name) === type) this.#servers.delete(type.name);
        for (const type of clients) if (this.#clients.get(type.name) === type) this.#clients.delete(type.name);
      },
    };
  }

  /** The types that a description may begin with, sorted: of either side, or of one. */
  names(side?: "server" | "client"): readonly string[] {
    const servers = side === "client" ? [] : this.#servers.keys();
    const clients = side === "server" ? [] : this.#clients.keys();
    return [...new Set([...servers, ...clients])].sort();
  }

  /** @throws EndpointSyntaxError */
  server(description: string | ParsedEndpoint): ServerEndpoint {
    return this.#make(this.#servers, "server", description);
  }

  /** @throws EndpointSyntaxError */
  client(description: string | ParsedEndpoint): ClientEndpoint {
    return this.#make(this.#clients, "client", description);
  }

  #make<E>(types: ReadonlyMap<string, EndpointType<E>>, side: string, described: string | ParsedEndpoint): E {
    const parsed = typeof described === "string" ? parse(described) : described;
    const description = typeof described === "string" ? described : format(described);
    const type = types.get(parsed.type);
    if (type === undefined) {
      const known = [...types.keys()].sort().join(", ");
      const family = FAMILIES.get(parsed.type);
      const hint = family === undefined ? "" : `; to have it, import "${family}"`;
      const problem = `unknown ${side} type "${parsed.type}"${hint}; known types are ${known}`;
      throw new EndpointSyntaxError(description, problem);
    }
    return type.make({ description, form: type.form, parsed }, this);
  }
}

function without<E>(
  present: ReadonlyMap<string, EndpointType<E>>,
  added: readonly EndpointType<E>[],
): EndpointType<E>[] {
  const names = new Set(added.map(({ name }) => name));
  return [...present.values()].filter(({ name }) => !names.has(name));
}

function checkNames<E>(present: ReadonlyMap<string, EndpointType<E>>, added: readonly EndpointType<E>[]): void {
  const names = new Set(present.keys());
  for (const { name } of added) {
    if (!/^[a-z][a-z0-9+.-]*$/.test(name)) {
      throw new TypeError(`Cannot add endpoint type "${name}": its name must be a word in lower case`);
    }
    if (names.has(name)) throw new TypeError(`Cannot add endpoint type "${name}": there is one of that name`);
    names.add(name);
  }
}

/** The protocol families that add types when they are imported, for the errors of those who have not. */
const FAMILIES: ReadonlyMap<string, string> = new Map([
  ["haproxy", "ropewalk/haproxy"],
  ["socks4", "ropewalk/socks"],
  ["socks5", "ropewalk/socks"],
]);
