/** From the path of a URL to names of files, and back. Nothing that comes out of here can lead out of a folder. */

/**
 * The names that a path has, decoded once; the last is empty for a folder (`/`, `/ropes/`). Undefined for a path that can
 * stand for no file: names that are empty, `.` or `..`, that have separators or controls in them, or are no UTF-8.
 */
export function namesOf(path: string): readonly string[] | undefined {
  if (!path.startsWith("/")) return undefined;
  const names = path.slice(1).split("/");
  for (const [at, encoded] of names.entries()) {
    if (encoded === "" && at === names.length - 1) break;
    const name = encoded.includes("%") ? decoded(encoded) : encoded;
    if (name === undefined || name === "" || name === "." || name === ".." || UNSAFE.test(name)) return undefined;
    names[at] = name;
  }
  return names;
}

/** The path of these names. It begins with one slash, so that no browser takes it for another site. */
export function pathOf(names: readonly string[]): string {
  return `/${names.map(encodeURIComponent).join("/")}`;
}

/** Whether a name is one that is not meant for everybody. `/.well-known/` is (RFC 8615). */
export function isHidden(name: string, at: number): boolean {
  return name.startsWith(".") && !(at === 0 && name === ".well-known");
}

/** The rest of `path` behind `mount`, which ends in a slash; undefined if it is elsewhere. */
export function pathBehind(path: string, mount: string): string | undefined {
  return path.startsWith(mount) ? path.slice(mount.length - 1) : undefined;
}

function decoded(encoded: string): string | undefined {
  try {
    return decodeURIComponent(encoded);
  } catch {
    // Not encoded by anything that knows UTF-8, so it names nothing here.
    return undefined;
  }
}

/** A backslash separates names elsewhere; the end of C's texts would cut a name short. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const UNSAFE = /[/\\\x00-\x1f\x7f]/;
