import type { Holding } from "../../core/holdings.ts";
import { escapeControls } from "../../core/log/format.ts";
import { Logger } from "../../core/log/logger.ts";
import { logPublisher } from "../../core/log/publisher.ts";
import type { Reactor } from "../../core/reactor.ts";
import { protocolOf, type StreamTransport } from "../../core/stream-transport.ts";

/** The names that lines in a manhole may use; those in `own` come in addition, and first. */
export function manholeNames(reactor: Reactor, application: object | undefined, own: object): object {
  const names = {
    reactor,
    application,
    // Looked up each time: services come and go.
    get services(): object {
      return servicesOf(application);
    },
    connections: () => connectionsOf(reactor),
    holdings: (kind?: Holding["kind"]) => {
      const held = reactor.holdings().filter((holding) => kind === undefined || holding.kind === kind);
      return printedAs(held, () => linesOf(held));
    },
    log: new Logger("manhole"),
    levels: logPublisher.levels,
  };
  return Object.defineProperties(names, Object.getOwnPropertyDescriptors(own));
}

/** Every service of the tree by its name; of two with one name, the one nearer to the root. Prints as the tree. */
function servicesOf(application: object | undefined): object {
  const services: Record<string, unknown> = Object.create(null);
  for (
    let level = childrenOf(application);
    level.length > 0;
    level = level.flatMap(({ service }) => childrenOf(service))
  ) {
    for (const { name, service } of level) services[name] ??= service;
  }
  return printedAs(services, () => treeLines(application, "").join("\n") || "no services");
}

/** The protocol of each connection; its `transport` is the connection. Prints as a line for each. */
function connectionsOf(reactor: Reactor): object[] {
  const held = reactor.holdings().filter(({ kind }) => kind === "connection");
  const protocols = held.map(({ subject }) => protocolOf(subject as StreamTransport)?.innermost ?? subject);
  return printedAs(protocols, () => linesOf(held));
}

function treeLines(parent: unknown, indent: string): string[] {
  return childrenOf(parent).flatMap(({ name, state, service, error }) => {
    const why = error === undefined ? "" : `: ${error.message}`;
    return [escapeControls(`${indent}${name} (${state}${why})`), ...treeLines(service, `${indent}  `)];
  });
}

function linesOf(held: readonly Holding[]): string {
  return held.map(({ summary }, index) => escapeControls(`[${index}] ${summary}`)).join("\n") || "none";
}

/** What is shown of it is this text; what it is stays what it is. */
function printedAs<T extends object>(value: T, text: () => string): T {
  return Object.defineProperty(value, INSPECT, { value: text });
}

/** Told by its shape, as a tree may have services of another copy of this package. */
function childrenOf(service: unknown): readonly Child[] {
  const { children } = (service ?? {}) as { readonly children?: unknown };
  return Array.isArray(children) ? (children as Child[]) : [];
}

/** `ChildStatus` of a service tree. */
interface Child {
  readonly name: string;
  readonly service: unknown;
  readonly state: string;
  readonly error: Error | undefined;
}

/** Node's `util.inspect.custom`. */
const INSPECT: symbol = Symbol.for("nodejs.util.inspect.custom");
