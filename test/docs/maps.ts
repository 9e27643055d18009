/** The tables of docs/from-twisted.md and docs/from-node.md, and whether what they name is there. */
import { apiReportPath } from "../../tools/api-report.ts";
import { readProjectFile } from "../../tools/tree.ts";

export interface MapRow {
  /** `docs/from-node.md:12`. */
  readonly place: string;
  /** What stands in `code` in the first column: names of Twisted or Node. */
  readonly theirs: readonly string[];
  /** The whole first cell, for what is said beside a name. */
  readonly theirCell: string;
  /** What stands in `code` in the second column, without the modules. */
  readonly ours: readonly string[];
  /** The modules that this row, or else its table, names; or else the front door. */
  readonly modules: readonly string[];
}

/** The rows of all tables of a page. */
export function rowsOf(path: string, text: string = readProjectFile(path).text): MapRow[] {
  const rows: MapRow[] = [];
  let header: readonly string[] | undefined;
  for (const [index, line] of text.split("\n").entries()) {
    if (!line.startsWith("|")) {
      header = undefined;
    } else if (header === undefined) {
      header = codeIn(cellsOf(line)[1] ?? "");
    } else if (!/^[|\s:-]+$/.test(line)) {
      const [theirCell = "", ourCell = ""] = cellsOf(line);
      const named = codeIn(ourCell).filter(isModule);
      const modules = [named, header.filter(isModule), ["ropewalk"]].find(({ length }) => length > 0) ?? [];
      const ours = codeIn(ourCell).filter((name) => !isModule(name));
      rows.push({ place: `${path}:${index + 1}`, theirs: codeIn(theirCell), theirCell, ours, modules });
    }
  }
  return rows;
}

/** Whether one of the modules exports a name, or `Class.member` with that member, its own or an inherited one. */
export function isPublic(name: string, modules: readonly string[]): boolean {
  const [outer = "", member, ...rest] = name.split(".");
  if (rest.length > 0) return false;
  return modules.some((module) => {
    const report = declarationsOf(module);
    return report.has(outer) && (member === undefined || hasMember(report, outer, member));
  });
}

interface Declared {
  readonly bases: readonly string[];
  readonly members: ReadonlySet<string>;
}

/** What the API report of a module declares. What is there only to be inherited from has its name in parentheses. */
function declarationsOf(module: string): ReadonlyMap<string, Declared> {
  const known = reports.get(module);
  if (known !== undefined) return known;
  const { text } = readProjectFile(apiReportPath(module.replace(/^ropewalk/, ".")));
  const declared = new Map<string, Declared>();
  for (const block of text.split(/\n\n+/)) {
    const lines = block.split("\n").filter((line) => line !== "```ts" && line !== "```");
    const hidden = /^\/\/ not exported by name/.test(lines[0] ?? "");
    const alias = /^\/\/ exported as (\w+)/.exec(lines[0] ?? "")?.[1];
    const head = lines.find((line) => DECLARATION.test(line)) ?? "";
    const name = alias ?? DECLARATION.exec(head)?.[1];
    if (name === undefined) continue;
    const inherited = /\b(?:extends|implements) (.*)$/.exec(
      head.replace(/<[^{}]*>(?= (?:extends|implements|\{))/g, ""),
    );
    const bases = (inherited?.[1] ?? "").match(/\b[A-Z]\w*/g) ?? [];
    const members = lines.flatMap((line) => MEMBER.exec(line)?.[1] ?? []);
    declared.set(hidden ? `(${name})` : name, { bases, members: new Set(members) });
  }
  reports.set(module, declared);
  return declared;
}

function hasMember(report: ReadonlyMap<string, Declared>, name: string, member: string): boolean {
  const declared = report.get(name) ?? report.get(`(${name})`);
  if (declared === undefined) return false;
  return declared.members.has(member) || declared.bases.some((base) => hasMember(report, base, member));
}

function cellsOf(line: string): string[] {
  return line
    .split(/(?<!\\)\|/)
    .slice(1, -1)
    .map((cell) => cell.trim());
}

function codeIn(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, code = ""]) => code);
}

function isModule(code: string): boolean {
  return /^ropewalk(\/|$)/.test(code);
}

const reports = new Map<string, ReadonlyMap<string, Declared>>();
const DECLARATION = /^(?:abstract )?(?:class|interface|type|function|const) (\w+)/;
const MEMBER = /^ {2}(?:(?:static|readonly|protected|abstract|get|set) )*(\w+)/;
