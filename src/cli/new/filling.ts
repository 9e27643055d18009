import type { OwnPackage } from "./write-new.ts";

/** A file of a template, filled in; its text and its path still have the name `sample`. */
export interface Filled {
  readonly path: string;
  readonly text: string;
}

/** `sample`, `Sample` and `sampleServer` become words of `name`: `traffic-report`, `TrafficReport`, `trafficReportServer`. */
export function named(text: string, name: string): string {
  const camel = name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
  const pascal = camel.charAt(0).toUpperCase() + camel.slice(1);
  return text
    .replaceAll("Sample", pascal)
    .replace(/sample(?=[A-Z])|(?<=(?:const|default|import) )sample\b|\bsample(?=\.makeService)/g, camel)
    .replaceAll("sample", name);
}

/** As a package of its own. What is called `.template` here would mean something where the templates are. */
export function asPackage(path: string, text: string, own: OwnPackage): Filled {
  const plain = path === "gitignore.template" ? ".gitignore" : path.replace(".template", "");
  const versions: Readonly<Record<string, string | undefined>> = {
    ropewalk: `^${own.version}`,
    types: own.devDependencies["@types/node"],
    typescript: own.devDependencies["typescript"],
  };
  return {
    path: plain,
    text: text
      .replaceAll('"ropewalk/sample"', '"sample"')
      .replace(/"\$(\w+)"/g, (_, key: string) => `"${versions[key]}"`),
  };
}

/** As a family of src/protocols/: its sources and its ledger, importing what a family imports. */
export function asFamily(path: string, text: string): Filled | undefined {
  if (path !== "README.md" && !path.startsWith("src/")) return undefined;
  return {
    path: path.replace(/^src\//, ""),
    text: text.replace(PUBLIC_IMPORT, (_, type: string | undefined, names: string) => importsInside(type, names)),
  };
}

/** A family imports each thing from the file where it is. */
function importsInside(type: string | undefined, names: string): string {
  const places = new Map<string, string[]>();
  for (const name of names.split(", ")) {
    const place = INSIDE[name.replace(/^type /, "")];
    if (place === undefined) throw new Error(`Cannot tell where "${name}" of a template is inside of this package`);
    places.set(place, [...(places.get(place) ?? []), name]);
  }
  const sorted = [...places].sort(([a], [b]) => (a < b ? -1 : 1));
  return sorted.map(([place, here]) => `import ${type ?? ""}{ ${here.join(", ")} } from "../../${place}";`).join("\n");
}

const PUBLIC_IMPORT = /^import (type )?\{ (.*) \} from "ropewalk[\w/]*";$/gm;

const INSIDE: Readonly<Record<string, string>> = {
  Clock: "core/time/clock.ts",
  connect: "endpoints/connect.ts",
  Deferred: "core/deferred/deferred.ts",
  Factory: "core/protocol.ts",
  feedThreeWays: "testing/feed-three-ways.ts",
  idleTimeout: "policies/idle-timeout.ts",
  listen: "endpoints/connect.ts",
  MemoryReactor: "testing/memory-reactor.ts",
  Protocol: "core/protocol.ts",
  Reactor: "core/reactor.ts",
  TimeoutError: "core/deferred/errors.ts",
};
