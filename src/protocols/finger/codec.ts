import { LocalFingerError, RemoteFingerError } from "./errors.ts";

/** Who is asked about (RFC 1288 §2.3). */
export interface FingerQuery {
  /** `/W`: with more detail. */
  readonly verbose: boolean;
  /** Empty: all users. No blanks or `@`. */
  readonly user: string;
  /** Hosts to pass the query on to, the last one first; usually none. */
  readonly hosts: readonly string[];
}

/** Whom to ask about: without a user all of them, without hosts the server itself. */
export type FingerTarget = Partial<FingerQuery>;

/**
 * The query of a line, without its end.
 *
 * @throws RemoteFingerError for control characters, or more than one user.
 * @example
 * ```ts
 * import { readFingerQuery } from "ropewalk/finger";
 *
 * console.log(readFingerQuery("/W ann")); // { verbose: true, user: 'ann', hosts: [] }
 * ```
 */
export function readFingerQuery(line: string): FingerQuery {
  const match = QUERY.exec(line);
  if (match === null) throw new RemoteFingerError(`${JSON.stringify(line.slice(0, SHOWN_LENGTH))} is no query`);
  const [, verbose, user = "", hosts = ""] = match;
  return { verbose: verbose !== undefined, user, hosts: hosts === "" ? [] : hosts.slice(1).split("@") };
}

/**
 * A query as a line without its end.
 *
 * @throws LocalFingerError for a user or host that would be read as something else.
 * @example
 * ```ts
 * import { encodeFingerQuery } from "ropewalk/finger";
 *
 * console.log(encodeFingerQuery({ user: "ann", verbose: true })); // /W ann
 * ```
 */
export function encodeFingerQuery({ verbose = false, user = "", hosts = [] }: FingerTarget): string {
  for (const name of [user, ...hosts]) {
    if (/^[^\p{Cc}\s@]*$/u.test(name) && !/^\/w$/i.test(name)) continue;
    throw new LocalFingerError(`${JSON.stringify(name)} is no name of a user or a host`);
  }
  if (hosts.includes("")) throw new LocalFingerError("a host has no name");
  return [...(verbose ? ["/W"] : []), [user, ...hosts].join("@")].filter((part) => part !== "").join(" ");
}

/**
 * Makes an answer fit for the wire: line ends as RFC 1288 §2.2 wants them, and no control characters (§3.3) but tabs: an
 * answer is shown on a terminal, and may hold what its users wrote.
 */
export function cleanAnswer(text: string): string {
  const lines = text.replace(/\r\n?/g, "\n").split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines.map((line) => `${line.replace(NOT_SHOWN, "?")}\r\n`).join("");
}

/** RFC 1288 §2.3; blanks around are allowed, as people at `nc` send them. `/W` is the switch wherever it stands, and no user. */
const QUERY = /^ *(?:(\/W)(?=[ @]|$))? *(?!\/W(?:[ @]|$))([^\p{Cc}\s@]*)((?:@[^\p{Cc}\s@]+)*) *$/iu;
const NOT_SHOWN = /[\p{Bidi_Control}\p{Zl}\p{Zp}]|(?!\t)\p{Cc}/gu;
const SHOWN_LENGTH = 60;
