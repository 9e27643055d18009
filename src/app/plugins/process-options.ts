/** What `procmon` and `inetd` know of the programs that they start. */
import { type Option, option } from "../option.ts";

export const processOptions: {
  readonly env: Option<readonly string[]>;
  readonly cwd: Option<string | undefined>;
  readonly uid: Option<number | undefined>;
  readonly gid: Option<number | undefined>;
  readonly killTimeout: Option<number>;
} = {
  env: option.text("NAME=VALUE, for the environment", { repeatable: true }),
  cwd: option.path("the folder in which it runs"),
  uid: option.count("the user as whom it runs, as a number"),
  gid: option.count("the group as which it runs, as a number"),
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
