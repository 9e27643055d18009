/**
 * Who the process is: a user and a group, by name or number, and becoming them for good. The order is the one that cannot be
 * turned round: groups while root may still set them, root itself last. What the calls say is not believed: afterwards
 * the process tries to get root back, and looks at what the system knows of each of its threads.
 */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";

/** A user and a group of this machine. */
export interface Identity {
  readonly uid: number;
  readonly gid: number;
  /** Undefined for a number that has no name here: it has no supplementary groups then. */
  readonly user: string | undefined;
  readonly home: string | undefined;
}

/**
 * The user and the group that `--uid` and `--gid` name; the group is the user's own unless given.
 *
 * @throws Error if there is no such user or group, if this process may not become them, or if there is nothing to shed.
 */
export function findIdentity(user: string, group: string | undefined): Identity {
  if (process.geteuid === undefined)
    throw new Error(`Cannot become user "${user}": this system has no users by number`);
  const own = process.geteuid();
  if (own !== 0) throw new Error(`Cannot become user "${user}": only root may, and this process is user ${own}`);
  const entry = lookUp("passwd", user);
  const uid = entry === undefined ? numberOf(user) : Number(entry[UID]);
  if (uid === undefined) throw new Error(`Cannot become user "${user}": this machine has no user of that name`);
  if (uid === 0) throw new Error(`Cannot become user "${user}": that is root, which --uid is there to give up`);
  const gid = group === undefined ? numberOf(entry?.[PRIMARY_GID]) : gidOf(group);
  if (gid === undefined) throw new Error(`Cannot become user "${user}": it has no entry, so give its --gid as well`);
  return { uid, gid, user: entry?.[NAME], home: entry?.[HOME] };
}

/**
 * Becomes that user for good, and leaves the environment of that user behind: HOME, USER and LOGNAME.
 *
 * @throws Error if it fails, or if any part of root is left; the process must not go on then.
 */
export function become(identity: Identity): void {
  const { uid, gid, user, home } = identity;
  if (user === undefined) process.setgroups?.([gid]);
  else (process as WithGroups).initgroups?.(user, gid);
  process.setgid?.(gid);
  process.setuid?.(uid);
  const left = whatIsLeft(identity);
  if (left !== undefined) throw new Error(`Cannot give up root for user ${uid}: ${left}`);
  if (user === undefined) return;
  Object.assign(process.env, { USER: user, LOGNAME: user, ...(home !== undefined && { HOME: home }) });
}

/** What of root this process still has; undefined if nothing. */
export function whatIsLeft({ uid, gid, user }: Identity): string | undefined {
  const ids = [process.getuid?.(), process.geteuid?.(), process.getgid?.(), process.getegid?.()];
  if (ids.join() !== [uid, uid, gid, gid].join()) return `the system says users and groups ${ids.join(", ")}`;
  const groups = process.getgroups?.() ?? [];
  if (groups.includes(0) && gid !== 0 && !groupsOf(user).includes(0))
    return `group 0 is still among ${groups.join(", ")}`;
  for (const [name, attempt] of ATTEMPTS) {
    if (succeeds(attempt)) return `${name} gave it back`;
  }
  for (const status of threadStatuses()) {
    const wrong = wrongLine(status, uid, gid);
    if (wrong !== undefined) return `a thread still has "${wrong}"`;
  }
  return undefined;
}

const ATTEMPTS: readonly (readonly [name: string, attempt: () => void])[] = [
  ["setuid(0)", () => process.setuid?.(0)],
  ["seteuid(0)", () => process.seteuid?.(0)],
  ["setgroups([0])", () => process.setgroups?.([0])],
];

function succeeds(attempt: () => void): boolean {
  try {
    attempt();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EPERM") throw error;
    return false;
  }
}

/** Of each thread, since for Linux they are users of their own; none where there is no /proc. */
function threadStatuses(): string[] {
  const folder = "/proc/self/task";
  if (!existsSync(folder)) return [];
  return readdirSync(folder).flatMap((thread) => {
    try {
      return [readFileSync(`${folder}/${thread}/status`, "latin1")];
    } catch (error) {
      // It has ended since.
      if (["ENOENT", "ESRCH"].includes((error as NodeJS.ErrnoException).code ?? "")) return [];
      throw error;
    }
  });
}

/** Real, effective, saved and file system's user and group are all the new ones, and no capability is left. */
function wrongLine(status: string, uid: number, gid: number): string | undefined {
  return status.split("\n").find((line) => {
    const [name, ...values] = line.split(/\s+/);
    if (name === "Uid:") return values.some((value) => Number(value) !== uid);
    if (name === "Gid:") return values.some((value) => Number(value) !== gid);
    return CAPABILITIES.has(name ?? "") && !/^0+$/.test(values[0] ?? "");
  });
}

function gidOf(group: string): number {
  const entry = lookUp("group", group);
  const gid = entry === undefined ? numberOf(group) : Number(entry[GID]);
  if (gid === undefined) throw new Error(`Cannot become group "${group}": this machine has no group of that name`);
  return gid;
}

function groupsOf(user: string | undefined): number[] {
  if (user === undefined) return [];
  return lines("group")
    .filter((entry) => entry[MEMBERS]?.split(",").includes(user))
    .map((entry) => Number(entry[GID]));
}

/** The entry of a name or a number. A name that is made of digits wins over the number. */
function lookUp(table: Table, key: string): readonly string[] | undefined {
  const asked = asksSystem(table, key);
  if (asked !== undefined) return asked;
  const all = lines(table).filter((entry) => entry.length > GID);
  return all.find((entry) => entry[NAME] === key) ?? all.find((entry) => entry[UID] === key);
}

/** Users may be kept elsewhere than in a file: getent asks wherever the system would. Undefined if it knows nobody. */
function asksSystem(table: Table, key: string): readonly string[] | undefined {
  if (key === "" || key.startsWith("-")) return undefined;
  try {
    const text = execFileSync("getent", [table, key], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
    return text.trimEnd().split(":");
  } catch (error) {
    const { code, status } = error as NodeJS.ErrnoException & { status?: number };
    // Not there, or "one or more supplied keys could not be found".
    if (code === "ENOENT" || status === GETENT_NOT_FOUND) return undefined;
    throw new Error(`Cannot look up "${key}" in ${table}: getent failed`, { cause: error });
  }
}

function lines(table: Table): (readonly string[])[] {
  const file = `/etc/${table}`;
  return existsSync(file)
    ? readFileSync(file, "utf8")
        .split("\n")
        .map((line) => line.split(":"))
    : [];
}

function numberOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,10}$/.test(text) && Number(text) < NOBODY_AT_ALL ? Number(text) : undefined;
}

/** Node's types forget it. */
interface WithGroups {
  initgroups?(user: string, group: number): void;
}

type Table = "passwd" | "group";

/** passwd(5): name, password, uid, gid, comment, home, shell. group(5): name, password, gid, members. */
const NAME = 0;
const UID = 2;
const GID = 2;
const PRIMARY_GID = 3;
const MEMBERS = 3;
const HOME = 5;
const GETENT_NOT_FOUND = 2;
/** (uid_t) -1 means "leave it as it is". */
const NOBODY_AT_ALL = 0xffff_ffff;
const CAPABILITIES: ReadonlySet<string> = new Set(["CapPrm:", "CapEff:", "CapAmb:"]);
