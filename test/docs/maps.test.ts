/** What the maps for people from Twisted and from Node name is there, on both sides. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, test } from "node:test";
import { endpointTypes } from "ropewalk/endpoints";
import { ROOT, readProjectFile } from "../../tools/tree.ts";
import { none } from "../house/none.ts";
import { twistedAbsence } from "../oracle/twisted.ts";
import { isPublic, type MapRow, rowsOf } from "./maps.ts";
import "ropewalk/haproxy";
import "ropewalk/socks";
import "ropewalk/web";

const TWISTED = rowsOf("docs/from-twisted.md");
const NODE = rowsOf("docs/from-node.md");

describe("the maps", () => {
  for (const [page, rows] of Object.entries({ "from-twisted": TWISTED, "from-node": NODE })) {
    test(`${page} names what this project exports, under the module that it says`, () => {
      assert.ok(rows.length > 30, "the tables are read");
      none(rows.flatMap(strayNames));
    });
    test(`${page} names options that the commands have`, () => {
      none(rows.flatMap(strayOptions));
    });
    test(`${page} takes a minute to read, its tables left out`, () => {
      const words = proseOf(`docs/${page}.md`).split(/\s+/).filter(Boolean).length;
      assert.ok(words <= 230, `${words} words`);
    });
  }

  test("name what Twisted has", { skip: twistedAbsence() }, () => {
    const names = TWISTED.filter(({ theirCell }) => !theirCell.includes("(since ")).flatMap(({ theirs }) => theirs);
    const asked = names.filter((name) => !isCommand(name));
    none(missingInTwisted(asked).map((name) => `docs/from-twisted.md: Twisted has no ${name}`));
    assert.deepEqual(missingInTwisted(["defer.Deferred", "defer.Defered"]), ["defer.Defered"]);
  });

  test("name what Node and its packages have", async () => {
    const stray: string[] = [];
    for (const { place, theirs } of NODE) {
      for (const name of theirs) if (!(await isInNode(name))) stray.push(`${place}: Node has no ${name}`);
    }
    none(stray);
    assert.equal(await isInNode("net.Socket.wriet"), false);
  });
});

describe("a planted row", () => {
  test("is caught if what it names is not exported, or by another module", () => {
    const [gone, elsewhere, right] = rowsOf(
      "planted.md",
      "| Twisted | `ropewalk/web` | why |\n|--|--|--|\n| `a` | `Deferrred` | |\n| `a` | `Deferred` | |\n| `a` | `Deferred.addBoth` of `ropewalk` | |\n",
    ).map(strayNames);
    assert.deepEqual(gone, ["planted.md:3: ropewalk/web exports no Deferrred"]);
    assert.deepEqual(elsewhere, ["planted.md:4: ropewalk/web exports no Deferred"]);
    assert.deepEqual(right, []);
  });
  test("is caught if a class has no such member; what is inherited counts", () => {
    const seen = ["Reactor.callLater", "Reactor.callSooner", "DeferredLock.acquire", "Deferred.a.b"];
    assert.deepEqual(
      seen.map((name) => isPublic(name, ["ropewalk"])),
      [true, false, true, false],
    );
  });
});

function strayNames({ place, ours, modules }: MapRow): string[] {
  return ours
    .filter((name) => !isCommand(name))
    .filter((name) => (name.endsWith(":") ? !ENDPOINTS.has(name.slice(0, -1)) : !isPublic(name, modules)))
    .map((name) => `${place}: ${modules.join(" or ")} exports no ${name}`);
}

function strayOptions({ place, ours }: MapRow): string[] {
  return ours.filter(isCommand).flatMap((command) => {
    const [program = "", ...words] = command.split(" ");
    const options = words.filter((word) => word.startsWith("-"));
    const help = helpOf(program);
    return options
      .filter((option) => !new RegExp(`(^|[\\s,])${option}([\\s,<[]|$)`, "m").test(help))
      .map((option) => `${place}: ${program} has no ${option}`);
  });
}

function isCommand(code: string): boolean {
  return /^(twistd|trial|ropewalk) /.test(code);
}

function helpOf(program: string): string {
  const known = helps.get(program);
  if (known !== undefined) return known;
  const { stdout, status } = spawnSync(process.execPath, [`${ROOT}bin/${program}.js`, "--help"], {
    cwd: ROOT,
    encoding: "utf8",
  });
  assert.equal(status, 0);
  helps.set(program, stdout);
  return stdout;
}

function missingInTwisted(names: readonly string[]): string[] {
  const { stdout, stderr, status } = spawnSync("/usr/bin/python3", [`${ROOT}test/docs/maps-twisted.py`], {
    input: JSON.stringify(names),
    encoding: "utf8",
  });
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout);
}

/** `net.Socket.write`, `Promise.all`, `undici.request`, `process.on("exit")`: of a module, a global or a package. */
async function isInNode(name: string): Promise<boolean> {
  const path = name.replace(/\(.*\)$/, "").split(".");
  const [head = ""] = path;
  if (path.length > 1) {
    for (const specifier of [`node:${head}`, head]) {
      const module = await import(specifier).catch(() => undefined);
      if (module !== undefined && leadsSomewhere(module, path.slice(1))) return true;
    }
  }
  return leadsSomewhere(globalThis, path);
}

/** Follows names through objects, and through the prototypes of classes. */
function leadsSomewhere(start: object, path: readonly string[]): boolean {
  let value: unknown = start;
  for (const name of path) {
    const holder = [value, (value as { prototype?: unknown } | undefined)?.prototype].find(
      (candidate) => candidate !== undefined && candidate !== null && name in Object(candidate),
    );
    if (holder === undefined) return false;
    value = (holder as Record<string, unknown>)[name];
  }
  return true;
}

function proseOf(path: string): string {
  const [, , body = ""] = readProjectFile(path).text.split(/^---$/m);
  return body
    .split("\n")
    .filter((line) => !line.startsWith("|"))
    .join("\n");
}

const ENDPOINTS = new Set([...endpointTypes.names("server"), ...endpointTypes.names("client")]);
const helps = new Map<string, string>();
