/** What package.json promises, and what must never be in a tracked file. */
import { apiReportPath } from "../../tools/api-report.ts";
import { LOCKFILES, type Lockfile, missingEntries } from "../../tools/lockfile.ts";
import type { SourceFile } from "../../tools/syntax.ts";
import { type Rule, violation } from "./rule.ts";

interface PackageJson {
  readonly exports?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

export const exportedSubpaths: Rule = {
  name: "every exported subpath exists, is documented, and is in the API report",
  check: (files) => {
    const paths = new Set(files.map(({ path }) => path));
    const readme = files.find(({ path }) => path === "README.md")?.text ?? "";
    return Object.entries(packageJson(files).exports ?? {}).flatMap(([subpath, target]) => {
      if (subpath === "./package.json") return [];
      const name = subpath.replace(/^\./, "ropewalk");
      const built = target.replace(/^\.\//, "");
      const report = apiReportPath(subpath);
      const about = (seen: string, reason: string) => violation("package.json", 1, `${name}: ${seen}`, reason);
      return [
        ...(paths.has(built) ? [] : [about(`no ${built}`, "a promise of package.json is kept by the build")]),
        ...(readme.includes(`\`${name}\``) ? [] : [about("not in README.md", "what nobody can find is not there")]),
        ...(paths.has(report) ? [] : [about(`no ${report}`, "run `npm run api` and read the difference")]),
      ];
    });
  },
};

export const arguedDependencies: Rule = {
  name: "every dependency is argued in docs/dependencies.md",
  check: (files) => {
    const argued = files.find(({ path }) => path === "docs/dependencies.md")?.text ?? "";
    const reason = "a dependency is somebody else's bug in our users' process; say in docs/dependencies.md why it pays";
    return ["package.json", "docs/package.json"].flatMap((path) => {
      const { dependencies, devDependencies, optionalDependencies, peerDependencies } = packageJson(files, path);
      const names = Object.keys({ ...devDependencies, ...optionalDependencies, ...peerDependencies, ...dependencies });
      return names
        .filter((name) => !argued.includes(`\`${name}\``))
        .map((name) => violation(path, 1, `${name} is not argued`, reason));
    });
  },
};

export const completeLock: Rule = {
  name: "each package-lock.json has an entry for every optional package it names, and no address",
  check: (files) =>
    LOCKFILES.flatMap((path) => {
      const file = files.find((candidate) => candidate.path === path);
      if (file === undefined) return [violation(path, 1, "missing", "`npm ci` needs it")];
      const reason = "`npm ci` refuses a lock with holes; run `npm run lockfile`";
      const missing = Object.keys(missingEntries(JSON.parse(file.text) as Lockfile));
      const holes = missing.map((name) => violation(path, 1, `no ${name}`, reason));
      const elsewhere = "another machine asks another registry; install with `--omit-lockfile-registry-resolved`";
      return file.text.includes(`"resolved": "http`) ? [...holes, violation(path, 1, "an address", elsewhere)] : holes;
    }),
};

export const noMachine: Rule = {
  name: "no tracked file names a machine's folders or a registry's host",
  check: (files) =>
    files
      .filter(({ path }) => !path.startsWith("dist/"))
      .flatMap(({ path, text }) =>
        text.split("\n").flatMap((line, index) => {
          const [seen] = MACHINE_PATH.exec(line) ?? REGISTRY_HOST.exec(line) ?? [];
          const reason = "the next machine has other folders and other hosts; use a relative path or a setting";
          return seen === undefined ? [] : [violation(path, index + 1, `names "${seen}"`, reason)];
        }),
      ),
};

function packageJson(files: readonly SourceFile[], at = "package.json"): PackageJson {
  const file = files.find(({ path }) => path === at);
  return file === undefined ? {} : (JSON.parse(file.text) as PackageJson);
}

/** An absolute path below a folder where people and build machines keep their work. */
const MACHINE_PATH = /(?<![\w.)\]}$-])[/\\](?:work|home|root|Users)[/\\][\w.@-]+/;
const REGISTRY_HOST =
  /\b(?:registry|mirrors?|artifactory|nexus|packages)\.[a-z0-9-]+\.[a-z]{2,}\b|\b(?:deb|ftp)\.debian\.[a-z]+\b|\bpypi\.org\b/i;
