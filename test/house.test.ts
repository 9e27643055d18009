/** The house rules hold on the real tree, and each is seen failing on a planted violation. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { SourceFile } from "../tools/syntax.ts";
import { builtFiles, projectFiles } from "../tools/tree.ts";
import { none } from "./house/none.ts";
import { RULES } from "./house/rules.ts";
import { FILE_LINES, FUNCTION_LINES, PAGE_LINES, README_LINES } from "./house/size.ts";

const tree = [...projectFiles(), ...builtFiles()];

describe("the project's own files", () => {
  for (const rule of Object.values(RULES)) {
    test(rule.name, () => {
      none(rule.check(tree));
    });
  }
  test("are really there to be checked", () => {
    const shipped = tree.filter(({ path }) => /^src\/.*(?<!\.test)\.ts$/.test(path));
    assert.ok(shipped.length > 0 && tree.some(({ path }) => path === "dist/index.js"));
  });
});

describe("planted violations", () => {
  caught("layers", { "src/core/a.ts": `import { x } from "../reactor/x.ts";` }, /core\/ \(layer 0\) imports reactor\//);
  caught("layers", { "src/core/a.ts": `import type { X } from "../endpoints/x.ts";` }, /same or a lower layer/);
  caught("layers", { "src/core/a.ts": `const x = await import("../app/x.ts");` }, /app\/ \(layer 4\)/);
  caught("layers", { "src/core/a.ts": `let x: import("../cli/x.ts").X;` }, /cli\/ \(layer 5\)/);
  caught("layers", { "src/reactor/a.ts": `export * from "../sim/x.ts";` }, /reactor\/ imports sim\//);
  caught("layers", { "src/sim/a.ts": `export { x } from "../testing/x.ts";` }, /sim\/ imports testing\//);
  caught("layers", { "src/core/a.test.ts": `import "../reactor/x.ts";` }, /core\/ \(layer 0\)/);
  caught("layers", { "src/core/a.ts": `import "../../tools/x.ts";` }, /stands on src\/ alone/);
  caught("layers", { "src/attic/a.ts": `import "../core/x.ts";` }, /src\/attic\/ has no layer/);
  passes("layers", {
    "src/testing/a.ts": `import "../sim/x.ts"; import "../core/x.ts"; import "node:assert"`,
    "src/core/a.test.ts": `import "../testing/clock.ts";`,
    "src/core/a.ts": `import "../wire/x.ts";`,
    "src/index.ts": `export * from "./endpoints/x.ts";`,
  });

  caught("frontDoor", { "src/core/a.ts": `import { x } from "../index.ts";` }, /imports the front door/);
  caught("frontDoor", { "src/stray.ts": "" }, /only index\.ts lives there/);
  passes("frontDoor", { "src/index.ts": "", "src/index.test.ts": `import "./index.ts";` });

  caught("families", { "src/protocols/dns/server.ts": `import "../smtp/index.ts";` }, /dns imports family smtp/);
  passes("families", { "src/protocols/websocket/server.ts": `import "../http1/index.ts"; import "./codec.ts";` });

  caught("familyRooms", { "src/protocols/dns/protocol.ts": "", "src/protocols/dns/index.ts": "" }, /fewer than two/);
  caught("familyRooms", { "src/protocols/dns.ts": "" }, /one folder a family/);
  passes("familyRooms", { "src/protocols/dns/codec.ts": "", "src/protocols/dns/protocol.ts": "" });

  const codec = "src/protocols/dns/codec.ts";
  caught("sansIo", { [codec]: `import type { Transport } from "../../core/transport.ts";` }, /core\/transport\.ts/);
  caught(
    "sansIo",
    { [codec]: `import { Deferred } from "../../core/deferred.ts";` },
    /codec\.ts imports core\/deferred/,
  );
  caught("sansIo", { [codec]: `import { listen } from "../../endpoints/listen.ts";` }, /endpoints\/listen\.ts/);
  caught(
    "sansIo",
    { [codec]: `import { Portal } from "../../cred/portal.ts";` },
    /codec\.ts imports src\/cred\/portal\.ts/,
  );
  caught("sansIo", { [codec]: `import { X } from "./protocol.ts";` }, /sans-IO by file name/);
  caught("sansIo", { "src/protocols/web/site.ts": `import "../http1/index.ts";` }, /site\.ts imports/);
  caught("sansIo", { "src/protocols/dns/index.ts": `export const x = 1;` }, /only re-exports/);
  passes("sansIo", {
    [codec]: `import "../../wire/bytes.ts"; import "../../core/errors.ts"; import "./events.ts";`,
    "src/protocols/dns/protocol.ts": `import "../../core/transport.ts";`,
    "src/protocols/dns/login.ts": `import "../../cred/portal.ts";`,
    "src/protocols/dns/index.ts": `export * from "./protocol.ts"; export { x } from "./codec.ts";`,
    "src/protocols/dns/codec.test.ts": `import "../../testing/feed.ts";`,
  });
});

const OUTSIDE_CALLS = [
  ["Date.now()", "Date"],
  ["new Date(0)", "Date"],
  ["performance.now()", "performance"],
  ["setTimeout(f, 1)", "setTimeout"],
  ["setInterval(f, 1)", "setInterval"],
  ["setImmediate(f)", "setImmediate"],
  ["queueMicrotask(f)", "queueMicrotask"],
  ["process.nextTick(f)", "process"],
  ["Math.random()", "Math.random"],
  [`Math["random"]()`, "Math.random"],
  ["AbortSignal.timeout(5)", "AbortSignal.timeout"],
  ["crypto.getRandomValues(x)", "crypto.getRandomValues"],
  ["globalThis.setTimeout(f)", "globalThis.setTimeout"],
  ["globalThis[name](f)", "a computed member of globalThis"],
] as const;

describe("planted ways round the one door", () => {
  for (const name of [
    "net",
    "tls",
    "dgram",
    "http",
    "https",
    "timers/promises",
    "child_process",
    "fs",
    "worker_threads",
  ]) {
    caught("builtins", { "src/core/a.ts": `import x from "node:${name}";` }, new RegExp(`imports node:${name}`));
  }
  caught("builtins", { "src/protocols/web/a.ts": `import { Readable } from "node:stream";` }, /imports node:stream/);
  caught("builtins", { "src/wire/a.ts": `import { x } from "fs";` }, /imports fs/);
  caught("builtins", { "src/wire/a.ts": `await import("node:net");` }, /imports node:net/);
  caught("builtins", { "src/wire/a.ts": `await import(somewhere);` }, /imports somewhere/);
  caught("builtins", { "src/app/a.ts": `import { Piscina } from "piscina";` }, /imports piscina/);
  caught("builtins", { "src/core/a.ts": `import { Deferred } from "ropewalk";` }, /imports ropewalk/);
  passes("builtins", {
    "src/reactor/a.ts": `import net from "node:net";`,
    "src/cli/a.ts": `import fs from "node:fs";`,
    "src/protocols/web/node/a.ts": `import { Readable } from "node:stream";`,
    "src/core/a.test.ts": `import { test } from "node:test";`,
    "src/core/a.ts": `import { AsyncLocalStorage } from "node:async_hooks"; import "node:crypto"; import "node:zlib";`,
    "src/testing/a.ts": `import assert from "node:assert/strict";`,
  });

  for (const [call, name] of OUTSIDE_CALLS) {
    caught("globals", { "src/policies/a.ts": `const x = () => ${call};` }, new RegExp(`uses ${name}:`));
  }
  caught("globals", { "src/core/a.ts": "const { random } = Math;" }, /all of Math/);
  caught("globals", { "src/core/a.ts": "const later = { setTimeout };" }, /uses setTimeout/);
  passes("globals", {
    "src/core/a.ts": `interface A { Date: Date } class B { process(): void {} } const d = { performance: 1 }; d.performance;
      Math.max(1, 2); AbortSignal.abort(); function at(x: Date): typeof x { return x }`,
    "src/core/a.test.ts": "Date.now()",
    "src/reactor/a.ts": "setTimeout(() => Math.random(), 1)",
  });

  caught("randomness", { "src/protocols/ssh/codec.ts": `import { randomBytes } from "node:crypto";` }, /randomBytes/);
  caught("randomness", { "src/wire/a.ts": `import * as c from "node:crypto"; c.randomUUID();` }, /randomUUID/);
  passes("randomness", {
    "src/wire/a.ts": `import { createHash } from "node:crypto";`,
    "src/policies/a.ts": "reactor.randomBytes(1); this.reactor.randomBytes(1); this.#reactor.randomBytes(1);",
    "src/reactor/a.ts": `import { randomBytes } from "node:crypto";`,
  });
});

describe("planted untidiness", () => {
  caught("fileSize", { "src/core/a.ts": "\n".repeat(FILE_LINES + 1) }, /501 lines, 500 allowed/);
  caught("fileSize", { "test/a.test.ts": "\n".repeat(FILE_LINES + 1) }, /501 lines/);
  passes("fileSize", { "src/core/a.ts": "\n".repeat(FILE_LINES) });

  const lines = (count: number) => "\n".repeat(count - 1);
  caught("functionSize", { "src/core/a.ts": `function f() {${lines(FUNCTION_LINES + 1)}}` }, /71 lines, 70 allowed/);
  caught(
    "functionSize",
    { "src/core/a.ts": `class A {\n  m() {${lines(FUNCTION_LINES + 1)}}\n}` },
    /a\.ts:2: a function/,
  );
  caught("functionSize", { "tools/a.ts": `export const f = () => {${lines(FUNCTION_LINES + 1)}};` }, /71 lines/);
  caught("functionSize", { "test/a.test.ts": `test("x", () => {${lines(FUNCTION_LINES + 1)}});` }, /71 lines/);
  passes("functionSize", {
    "src/core/a.ts": `class A {${lines(200)} m() {${lines(FUNCTION_LINES)}} }`,
    "test/a.test.ts": `describe("x", () => {${lines(200)}});`,
  });

  const pages = Object.fromEntries(
    ["README.md", "ARCHITECTURE.md", "STYLE.md", "CONTRIBUTING.md", "CHANGELOG.md"].map((page) => [page, "# A page\n"]),
  );
  caught("pageSize", { ...pages, "STYLE.md": "\n".repeat(PAGE_LINES + 1) }, /STYLE\.md:201: 201 lines/);
  caught(
    "pageSize",
    { ...pages, "README.md": "\n".repeat(README_LINES + 1) },
    /README\.md:151: 151 lines, 150 allowed/,
  );
  caught("pageSize", { "README.md": "" }, /CHANGELOG\.md:1: missing/);
  passes("pageSize", pages);

  caught("names", { "src/core/a.ts": "export class ConnectionManager {}" }, /"ConnectionManager"/);
  caught("names", { "src/core/request-handler.ts": "" }, /file name/);
  passes("names", { "src/core/a.ts": "export class Connection {}" });

  caught("silentCatches", { "src/core/a.ts": "try { f(); } catch {}" }, /a\.ts:1: an empty catch/);
  passes("silentCatches", { "src/core/a.ts": "try { f(); } catch { /* gone already */ }" });

  const exporting = { "package.json": `{ "exports": { "./line": "./dist/protocols/line/index.js" } }` };
  const built = { "dist/protocols/line/index.js": "" };
  const documented = { "README.md": "`ropewalk/line`" };
  const reported = { "docs/api/line.api.md": "" };
  caught("exportedSubpaths", { ...exporting, ...documented, ...reported }, /no dist\/protocols\/line\/index\.js/);
  caught("exportedSubpaths", { ...exporting, ...built, ...reported }, /ropewalk\/line: not in README\.md/);
  caught("exportedSubpaths", { ...exporting, ...built, ...documented }, /no docs\/api\/line\.api\.md/);
  passes("exportedSubpaths", { ...exporting, ...built, ...documented, ...reported });

  const depending = { "package.json": `{ "dependencies": { "left-pad": "1" } }` };
  caught("arguedDependencies", { ...depending, "docs/dependencies.md": "" }, /left-pad is not argued/);
  caught(
    "arguedDependencies",
    { "docs/package.json": depending["package.json"] },
    /docs\/package\.json:1: left-pad is not/,
  );
  passes("arguedDependencies", { ...depending, "docs/dependencies.md": "`left-pad`: pads" });

  const optional = `"node_modules/a": { "optionalDependencies": { "@a/cli-linux-x64-musl": "1.0.0" } }`;
  const present = `"node_modules/@a/cli-linux-x64-musl": { "version": "1.0.0" }`;
  caught("completeLock", { "package-lock.json": `{ "packages": { ${optional} } }` }, /no node_modules\/@a\/cli-linux/);
  caught("completeLock", {}, /package-lock\.json:1: missing/);
  const whole = { "package-lock.json": `{ "packages": { ${optional}, ${present} } }` };
  caught(
    "completeLock",
    { ...whole, "docs/package-lock.json": `{ "packages": { ${optional} } }` },
    /docs\/package-lock/,
  );
  const placed = `{ "packages": { "node_modules/a": { "resolved": "https://example.org/a.tgz" } } }`;
  caught("completeLock", { ...whole, "docs/package-lock.json": placed }, /docs\/package-lock\.json:1: an address/);
  passes("completeLock", { ...whole, "docs/package-lock.json": `{ "packages": {} }` });

  const folder = (...parts: string[]) => ["", ...parts].join("/");
  caught("noMachine", { "docs/a.md": `see ${folder("work", "main")}` }, /a\.md:1: names/);
  caught("noMachine", { "test/a.ts": `\nconst at = "${folder("home", "me")}/x";` }, /a\.ts:2: names/);
  caught(
    "noMachine",
    { "package-lock.json": `"resolved": "https://${["registry", "example", "org"].join(".")}/a.tgz"` },
    /example/,
  );
  passes("noMachine", { "docs/a.md": "see ./work/main, examples/home/x and https://example.org/home/x" });
});

type Planted = Readonly<Record<string, string>>;

function caught(rule: string, planted: Planted, message: RegExp): void {
  test(`${rule} catches ${JSON.stringify(planted).slice(0, 90)}`, () => {
    const found = RULES[rule]?.check(asFiles(planted)) ?? [];
    assert.match(found.join("\n"), message);
  });
}

function passes(rule: string, planted: Planted): void {
  test(`${rule} lets through what is allowed`, () => {
    assert.deepEqual(RULES[rule]?.check(asFiles(planted)), []);
  });
}

function asFiles(planted: Planted): SourceFile[] {
  return Object.entries(planted).map(([path, text]) => ({ path, text }));
}
