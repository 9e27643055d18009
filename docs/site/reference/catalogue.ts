/** Which name has its page where. */
import { KIND, type Reflection, type Subpath } from "./model.ts";

/** A name as one subpath exports it. */
export interface Exported {
  readonly reflection: Reflection;
  /** "ropewalk/web" */
  readonly from: string;
  readonly url: string;
}

export interface Module {
  readonly from: string;
  readonly url: string;
  readonly names: readonly Exported[];
}

export interface Catalogue {
  readonly modules: readonly Module[];
  /** The page of a declaration, or of a member of one. */
  urlOf(id: number): string | undefined;
  reflectionOf(id: number): Reflection | undefined;
}

export function catalogueOf(subpaths: readonly Subpath[]): Catalogue {
  const reflections = new Map<number, Reflection>();
  for (const { module } of subpaths) for (const name of module.children ?? []) reflections.set(name.id, name);
  const modules = subpaths.map(({ subpath, module }) => moduleOf(subpath, module, reflections));
  const homes = new Map<number, string>();
  for (const { names, folder } of modules) {
    for (const { reflection, url } of names) {
      const isAtHome = reflection.sources?.[0]?.fileName.startsWith(folder) === true;
      if (!homes.has(reflection.id) || isAtHome) homes.set(reflection.id, url);
    }
  }
  const members = new Map<number, { readonly owner: number; readonly member: Reflection }>();
  for (const { id: owner, children = [] } of reflections.values()) {
    for (const member of children) members.set(member.id, { owner, member });
  }
  /** A member that came down stands on the page of the class that declares it, or of the first that shows it. */
  const memberUrl = (id: number): string | undefined => {
    const line = [id];
    for (;;) {
      const from = members.get(line.at(-1) ?? id)?.member.inheritedFrom?.target;
      if (from === undefined || !members.has(from)) break;
      // Two that inherit from a class that is not exported are said to inherit from one another.
      if (line.includes(from)) {
        line.push(Math.min(...line.slice(line.indexOf(from))));
        break;
      }
      line.push(from);
    }
    const found = members.get(line.at(-1) ?? id);
    return found === undefined ? undefined : `${homes.get(found.owner) ?? ""}#${memberId(found.member)}`;
  };
  const urlOf = (id: number) => homes.get(id) ?? memberUrl(id);
  return { modules, urlOf, reflectionOf: (id) => reflections.get(id) };
}

/** The fragment of a member on the page of its class. */
export function memberId({ name, flags }: Reflection): string {
  const plain = name.replace(/^\[(.*)\]$/, "$1").replace(/[^\w.]/g, "-");
  return flags.isStatic === true ? `static-${plain}` : plain;
}

export function wordOf({ kind }: Reflection): string {
  return WORDS[kind] ?? "Name";
}

function moduleOf(subpath: string, module: Reflection, reflections: ReadonlyMap<number, Reflection>) {
  const from = subpath.replace(/^\./, "ropewalk");
  const folder = `reference/${subpath === "." ? "ropewalk" : subpath.slice(2)}`;
  const found = (module.children ?? []).map((child) => {
    const reflection = child.target === undefined ? child : reflections.get(child.target);
    if (reflection === undefined) throw new Error(`Cannot find ${child.name} of ${from} in what typedoc says`);
    return { ...reflection, name: child.name };
  });
  const names = found.map((reflection) => ({ reflection, from, url: `${folder}/${fileOf(reflection, found)}.html` }));
  const source = module.sources?.[0]?.fileName ?? "";
  return { from, url: `${folder}/index.html`, names, folder: source.replace(/index\.ts$/, "") };
}

/** Some disks hold `request` and `Request` for the same name, and the index of a folder is taken. */
function fileOf(reflection: Reflection, all: readonly Reflection[]): string {
  const { name } = reflection;
  const isTaken = all.some((other) => other.name !== name && other.name.toLowerCase() === name.toLowerCase());
  const isLesser = reflection.kind === KIND.function || reflection.kind === KIND.variable;
  return (isTaken && isLesser) || name === "index" ? `${name}-${wordOf(reflection).toLowerCase()}` : name;
}

const WORDS: Readonly<Record<number, string>> = {
  [KIND.function]: "Function",
  [KIND.class]: "Class",
  [KIND.interface]: "Interface",
  [KIND.alias]: "Type",
  [KIND.variable]: "Constant",
};
