/** Who may import whom: layers, the front door, protocol families, and sans-IO by file name. */
import { posix } from "node:path";
import { importsOf, type SourceFile, type SyntaxNode, syntaxOf } from "../../tools/syntax.ts";
import { isTest, type Rule, roomOf, shippedSources, violation } from "./rule.ts";

/** A folder that is not in this table does not exist for the house: give it a layer first. */
const LAYERS: Readonly<Record<string, number>> = {
  core: 0,
  wire: 0,
  // Between the two: what both doors to the world need for TLS, and nobody else.
  tls: 0.5,
  reactor: 1,
  sim: 1,
  testing: 1,
  endpoints: 2,
  policies: 2,
  cred: 2,
  protocols: 3,
  app: 4,
  trial: 4,
  cli: 5,
};

/** What the tests of any room may stand on. */
const TEST_ROOMS = new Set(["testing", "trial"]);

/** The few families that stand on another one. */
const FAMILY_IMPORTS: Readonly<Record<string, readonly string[]>> = {
  chat: ["line"],
  finger: ["line"],
  framing: ["line"],
  ident: ["line"],
  sftp: ["ssh"],
  web: ["http1", "websocket"],
  websocket: ["http1"],
};

/** Files of a family that may know transports, reactors and endpoints. */
const BINDING_ROOMS = new Set(["protocol.ts", "client.ts", "server.ts"]);
/** Files of a family that are pure: bytes in, events out. */
const PURE_ROOMS = new Set(["codec.ts", "machine.ts", "events.ts", "errors.ts", "connection.ts"]);
/** What a pure room may take from core/: values without a clock or a callback. */
const CORE_FOR_PURE_ROOMS = new Set(["errors.ts", "address.ts"]);
/** What any other non-binding file of a family may take from core/; a new core file is I/O until it is listed here. */
const CORE_WITHOUT_IO = new Set([...CORE_FOR_PURE_ROOMS, "deferred.ts", "clock.ts", "deadline.ts", "logger.ts"]);

export const layers: Rule = {
  name: "imports go to the same or a lower layer",
  check: (files) => files.filter(isSource).flatMap((file) => projectImports(file).flatMap(layerViolation)),
};

export const frontDoor: Rule = {
  name: "src/ itself holds only the front door, and nobody imports it",
  check: (files) =>
    files.filter(isSource).flatMap((file) => [
      ...(roomOf(file.path) === "" && !/^src\/index(\.test)?\.ts$/.test(file.path)
        ? [
            violation(
              file.path,
              1,
              "a file in src/ itself",
              "only index.ts lives there; give the file a layer's folder",
            ),
          ]
        : []),
      ...projectImports(file)
        .filter(({ target }) => target === "src/index.ts" && file.path !== "src/index.test.ts")
        .map(({ line }) =>
          violation(file.path, line, "imports the front door", "it stands above every layer; import the file itself"),
        ),
    ]),
};

export const families: Rule = {
  name: "protocol families import one another only through a short table",
  check: (files) =>
    shippedSources(files).flatMap((file) => {
      const family = familyOf(file.path);
      if (family === undefined) return [];
      const allowed = [family, ...(FAMILY_IMPORTS[family] ?? [])];
      return projectImports(file).flatMap(({ target, line }) => {
        const other = familyOf(target);
        if (other === undefined || allowed.includes(other)) return [];
        const reason = "families stand alone, so that each can be read alone; FAMILY_IMPORTS lists the few exceptions";
        return [violation(file.path, line, `family ${family} imports family ${other}`, reason)];
      });
    }),
};

export const sansIo: Rule = {
  name: "only protocol.ts, client.ts and server.ts of a family know transports",
  check: (files) =>
    shippedSources(files).flatMap((file) => {
      const name = posix.basename(file.path);
      if (familyOf(file.path) === undefined || BINDING_ROOMS.has(name)) return [];
      if (name === "index.ts") return reExportsOnly(file);
      return projectImports(file).flatMap(({ target, line }) => {
        const seen = ioSeen(name, target);
        const reason = "the parser is sans-IO by file name; move this to protocol.ts, client.ts or server.ts";
        return seen === undefined ? [] : [violation(file.path, line, seen, reason)];
      });
    }),
};

export const familyRooms: Rule = {
  name: "a protocol family is a folder of at least two files",
  check: (files) => {
    const rooms = new Map<string, number>();
    const loose: string[] = [];
    for (const { path } of shippedSources(files)) {
      if (!path.startsWith("src/protocols/")) continue;
      const family = familyOf(path);
      if (family === undefined) {
        loose.push(violation(path, 1, "a file in protocols/ itself", "one folder a family; give it one"));
      } else {
        rooms.set(family, (rooms.get(family) ?? 0) + (path.endsWith("/index.ts") ? 0 : 1));
      }
    }
    const reason = "what is said on the wire and what is bound to a transport are two files, even when both are small";
    const lonely = [...rooms].filter(([, count]) => count < 2);
    return [
      ...loose,
      ...lonely.map(([family]) => violation(`src/protocols/${family}`, 1, "fewer than two files", reason)),
    ];
  },
};

interface ProjectImport {
  readonly from: string;
  readonly target: string;
  readonly line: number;
}

function layerViolation({ from, target, line }: ProjectImport): string[] {
  const [room, other] = [roomOf(from), roomOf(target)];
  if (!target.startsWith("src/")) {
    return [violation(from, line, `imports "${target}"`, "what ships stands on src/ alone")];
  }
  if (room === "" || other === "" || room === other || (isTest(from) && TEST_ROOMS.has(other))) return [];
  const [rank, otherRank] = [LAYERS[room], LAYERS[other]];
  if (rank === undefined || otherRank === undefined) {
    const unknown = rank === undefined ? room : other;
    return [violation(from, line, `src/${unknown}/ has no layer`, "every folder has a place in LAYERS of test/house")];
  }
  if (otherRank > rank) {
    const seen = `${room}/ (layer ${rank}) imports ${other}/ (layer ${otherRank})`;
    return [violation(from, line, seen, "imports go to the same or a lower layer; turn the dependency round")];
  }
  if (rank === 1 && otherRank === 1 && !(room === "testing" && other === "sim")) {
    const reason = "the doors to the world are alternatives; what they share belongs in core/ or wire/";
    return [violation(from, line, `${room}/ imports ${other}/`, reason)];
  }
  return [];
}

function ioSeen(name: string, target: string): string | undefined {
  const room = roomOf(target);
  const targetName = posix.basename(target);
  if (room === "wire") return undefined;
  // Who it is that logs in is no I/O, but it is no business of a parser's either.
  if (room === "cred" && !PURE_ROOMS.has(name)) return undefined;
  if (room === "core") {
    const allowed = PURE_ROOMS.has(name) ? CORE_FOR_PURE_ROOMS : CORE_WITHOUT_IO;
    return allowed.has(targetName) ? undefined : `${name} imports core/${targetName}`;
  }
  if (familyOf(target) !== undefined && !BINDING_ROOMS.has(targetName) && targetName !== "index.ts") return undefined;
  return `${name} imports ${target}`;
}

function reExportsOnly(file: SourceFile): string[] {
  const { program, lineAt } = syntaxOf(file);
  return (program["body"] as SyntaxNode[])
    .filter((node) => !(node.type.startsWith("Export") && node["source"] != null))
    .map((node) => violation(file.path, lineAt(node.start), "code in index.ts", "a family's index.ts only re-exports"));
}

function projectImports(file: SourceFile): ProjectImport[] {
  return importsOf(file)
    .filter(({ specifier }) => specifier.startsWith("."))
    .map(({ specifier, line }) => ({
      from: file.path,
      target: posix.join(posix.dirname(file.path), specifier),
      line,
    }));
}

function familyOf(path: string): string | undefined {
  return /^src\/protocols\/([^/]+)\//.exec(path)?.[1];
}

function isSource({ path }: SourceFile): boolean {
  return path.startsWith("src/") && path.endsWith(".ts");
}
