/** Time, randomness, sockets and files come in by one door: src/reactor/ (and src/cli/, which starts it). */
import { isBuiltin } from "node:module";
import { importsOf, type SourceFile, type SyntaxNode, syntaxOf, walk } from "../../tools/syntax.ts";
import { type Rule, roomOf, shippedSources, violation } from "./rule.ts";

/** Built-ins that are pure functions of their input, or that carry context and nothing else. */
const PURE_BUILTINS = new Set(["crypto", "zlib", "async_hooks"]);
/** In the one room that gives applications what Node's own server would give them: streams as they know them. */
const STREAM_ROOM = "src/protocols/web/node/";
/** Trial and the exported conformance suites stand on Node's test runner. */
const TEST_BUILTINS = new Set(["test", "assert", "assert/strict"]);
const TEST_ROOMS = new Set(["testing", "trial"]);
/** Packages without I/O that any layer may use; each is argued in docs/dependencies.md. */
const PURE_PACKAGES = new Set<string>(["@fastify/busboy", "mime", "tough-cookie"]);

const OUTSIDE_GLOBALS = new Set([
  "Date",
  "performance",
  "setTimeout",
  "setInterval",
  "setImmediate",
  "clearTimeout",
  "clearInterval",
  "clearImmediate",
  "queueMicrotask",
  "process",
  "fetch",
  "WebSocket",
  "Worker",
  "require",
]);
const OUTSIDE_MEMBERS: Readonly<Record<string, ReadonlySet<string>>> = {
  Math: new Set(["random"]),
  AbortSignal: new Set(["timeout"]),
  crypto: new Set(["getRandomValues", "randomUUID"]),
};
const RANDOM_OF_CRYPTO = new Set([
  "randomBytes",
  "pseudoRandomBytes",
  "randomFill",
  "randomFillSync",
  "randomInt",
  "randomUUID",
  "getRandomValues",
  "webcrypto",
]);

export const builtins: Rule = {
  name: "only reactor/ and cli/ import what reaches outside",
  check: (files) =>
    insideSources(files).flatMap((file) =>
      importsOf(file).flatMap(({ specifier, line }) =>
        specifier.startsWith(".") || isAllowedModule(specifier, file.path)
          ? []
          : [violation(file.path, line, `imports ${specifier}`, `${ONE_DOOR}; take it from the reactor`)],
      ),
    ),
};

export const globals: Rule = {
  name: "only reactor/ and cli/ read the time, set timers or draw random numbers",
  check: (files) => insideSources(files).flatMap(globalsSeen),
};

export const randomness: Rule = {
  name: "random bytes come from the reactor",
  check: (files) =>
    insideSources(files).flatMap((file) => {
      const { program, lineAt } = syntaxOf(file);
      const seen: string[] = [];
      walk(program, (node) => {
        const name = node.type === "ImportSpecifier" ? nameOf(node["imported"]) : memberOf(node);
        if (name === undefined || !RANDOM_OF_CRYPTO.has(name) || isReactor(node["object"])) return;
        const reason = "a seed must decide every byte of a simulated run; ask the reactor for random bytes";
        seen.push(violation(file.path, lineAt(node.start), `uses ${name}`, reason));
      });
      return seen;
    }),
};

function globalsSeen(file: SourceFile): string[] {
  const { program, lineAt } = syntaxOf(file);
  const seen: string[] = [];
  walk(program, (node, parent) => {
    if (isTypeOnly(node)) return "skip";
    const name = outsideName(node, parent);
    if (name === undefined) return;
    seen.push(violation(file.path, lineAt(node.start), `uses ${name}`, `${ONE_DOOR}; time and chance are inputs`));
    return "skip";
  });
  return seen;
}

/** The forbidden thing that this node names. A local of the same name counts too: it reads as the global, so rename it. */
function outsideName(node: SyntaxNode, parent: SyntaxNode | undefined): string | undefined {
  const object = node.type === "MemberExpression" ? nameOf(node["object"]) : undefined;
  if (object !== undefined && (GLOBAL_OBJECTS.has(object) || object in OUTSIDE_MEMBERS)) {
    const forbidden = OUTSIDE_MEMBERS[object] ?? OUTSIDE_GLOBALS;
    const member = memberOf(node);
    if (member === undefined) return `a computed member of ${object}`;
    return forbidden.has(member) ? `${object}.${member}` : undefined;
  }
  if (node.type === "VariableDeclarator") {
    const from = nameOf(node["init"]);
    return from !== undefined && (from in OUTSIDE_MEMBERS || GLOBAL_OBJECTS.has(from)) ? `all of ${from}` : undefined;
  }
  if (node.type !== "Identifier" || isPlainKey(node, parent)) return undefined;
  const name = String(node["name"]);
  return OUTSIDE_GLOBALS.has(name) ? name : undefined;
}

/** True of `x` in `a.x`, `{ x: 1 }` and `class { x() {} }`: a name that refers to nothing outside. */
function isPlainKey(node: SyntaxNode, parent: SyntaxNode | undefined): boolean {
  if (parent === undefined || parent["computed"] === true) return false;
  if (parent.type === "MemberExpression") return parent["property"] === node;
  return parent["key"] === node && parent["shorthand"] !== true;
}

function isTypeOnly(node: SyntaxNode): boolean {
  if (node.type === "ImportDeclaration" || node.type === "ExportNamedDeclaration") {
    return node["importKind"] === "type" || node["exportKind"] === "type";
  }
  return TYPE_NODES.has(node.type);
}

function isAllowedModule(specifier: string, path: string): boolean {
  if (!isBuiltin(specifier)) return PURE_PACKAGES.has(specifier);
  const name = specifier.replace(/^node:/, "");
  if (name === "stream" && path.startsWith(STREAM_ROOM)) return true;
  return PURE_BUILTINS.has(name) || (TEST_ROOMS.has(roomOf(path)) && TEST_BUILTINS.has(name));
}

/** src/tls/ is the part of the door that reactor/ and sim/ share: handshakes are OpenSSL's, on whatever carries the bytes. */
function insideSources(files: readonly SourceFile[]): SourceFile[] {
  return shippedSources(files).filter(({ path }) => {
    return !["reactor", "cli", "tls"].includes(roomOf(path)) && !path.startsWith(SIMULATOR_DOOR);
  });
}

function memberOf(node: SyntaxNode): string | undefined {
  if (node.type !== "MemberExpression") return undefined;
  const property = node["property"] as SyntaxNode;
  if (node["computed"] !== true) return nameOf(property);
  return typeof property["value"] === "string" ? property["value"] : undefined;
}

/** `reactor`, `this.reactor`, `this.#reactor`: the one that may be asked. */
function isReactor(value: unknown): boolean {
  const node = value as SyntaxNode | undefined;
  if (node?.type !== "MemberExpression") return nameOf(node) === "reactor";
  return (node["property"] as { readonly name?: unknown }).name === "reactor";
}

function nameOf(value: unknown): string | undefined {
  const node = value as SyntaxNode | null | undefined;
  return node?.type === "Identifier" ? String(node["name"]) : undefined;
}

/** The simulator waits for Node's microtasks, lends TLS from it, guards its globals, and writes what it captured. */
const SIMULATOR_DOOR = "src/sim/node/";

const ONE_DOOR = "only src/reactor/ and src/cli/ reach outside";
const GLOBAL_OBJECTS = new Set(["globalThis", "global", "self", "window"]);
const TYPE_NODES = new Set([
  "TSTypeAnnotation",
  "TSTypeParameterInstantiation",
  "TSTypeParameterDeclaration",
  "TSTypeAliasDeclaration",
  "TSInterfaceDeclaration",
  "TSClassImplements",
]);
