/** What `procmon` and `inetd` know of the programs that they start. */
import type { Reactor } from "../../core/reactor.ts";
import { type Option, option } from "../option.ts";

export const processOptions: {
  readonly env: Option<readonly string[]>;
  readonly cwd: Option<string | undefined>;
  readonly uid: Option<string | undefined>;
  readonly gid: Option<string | undefined>;
  readonly killTimeout: Option<number>;
} = {
  env: option.text("NAME=VALUE, for the environment", { repeatable: true }),
  cwd: option.path("the folder in which it runs"),
  uid: option.text("the user as whom it runs: a name of /etc/passwd, or a number"),
  gid: option.text("the group as which it runs: a name of /etc/group, or a number; default: the user's own"),
  killTimeout: option.duration("kill a program that was asked to end after so long", { default: "5s" }),
};

/** Variables that were given as `NAME=VALUE`. @throws TypeError */
export function variablesOf(env: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    env.map((text) => {
      const at = text.indexOf("=");
      if (at < 1) throw new TypeError(`Cannot set variable "${text}": want NAME=VALUE`);
      return [text.slice(0, at), text.slice(at + 1)];
    }),
  );
}

/** A command as a program and its arguments. @throws TypeError if there is none. */
export function commandOf(words: readonly string[]): readonly [string, ...string[]] {
  const [program, ...args] = words;
  if (program === undefined || program === "") throw new TypeError("Cannot start a program: give its command after --");
  return [program, ...args];
}

/** Who a program is to be. */
export interface ProgramIdentity {
  readonly uid: number | undefined;
  readonly gid: number | undefined;
}

/**
 * The user and the group that were given. Without a group it is that of the user, because nobody means to leave a program in root's.
 *
 * @throws TypeError if there is no such user or group, or none that the user has.
 */
export async function identityOf(
  { files }: Pick<Reactor, "files">,
  user: string | undefined,
  group: string | undefined,
): Promise<ProgramIdentity> {
  const entry = user === undefined ? undefined : await entryOf(files, "passwd", user);
  const uid = user === undefined ? undefined : numberOf(entry?.[NUMBER] ?? user);
  if (user !== undefined && uid === undefined) {
    throw new TypeError(`Cannot run as user "${user}": /etc/passwd has none of that name; give the number`);
  }
  if (group === undefined) {
    const gid = numberOf(entry?.[PRIMARY_GROUP]);
    if (uid === undefined || gid !== undefined) return { uid, gid };
    throw new TypeError(`Cannot run as user "${user}": it has no entry in /etc/passwd, so give its --gid as well`);
  }
  const gid = numberOf((await entryOf(files, "group", group))?.[NUMBER] ?? group);
  if (gid !== undefined) return { uid, gid };
  throw new TypeError(`Cannot run as group "${group}": /etc/group has none of that name; give the number`);
}

/** The entry of a name or a number. A name that is made of digits wins over the number. */
async function entryOf(
  files: Reactor["files"],
  table: "passwd" | "group",
  key: string,
): Promise<readonly string[] | undefined> {
  const text = await files.readText(`/etc/${table}`).addErrback((error: Error & { code?: string }) => {
    // A machine without users by name: numbers are what they are.
    if (error.code === "ENOENT") return "";
    throw error;
  });
  const entries = text.split("\n").map((line) => line.split(":"));
  return entries.find(([name]) => name === key) ?? entries.find((entry) => entry[NUMBER] === key);
}

function numberOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,10}$/.test(text) && Number(text) < NOBODY_AT_ALL ? Number(text) : undefined;
}

/** passwd(5): name, password, uid, gid. group(5): name, password, gid. */
const NUMBER = 2;
const PRIMARY_GROUP = 3;
/** (uid_t) -1 means "leave it as it is". */
const NOBODY_AT_ALL = 0xffff_ffff;
