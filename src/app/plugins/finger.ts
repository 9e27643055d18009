import type { Reactor } from "../../core/reactor.ts";
import { fingerServer } from "../../protocols/finger/server.ts";
import { TEXT } from "../../wire/text.ts";
import { option } from "../option.ts";
import { definePlugin, type Plugin } from "../plugin.ts";
import { idleOption, limited, limitOptions, listenOption, servedOn } from "./ports.ts";

/** `twistd finger`. */
export const finger: Plugin = definePlugin({
  summary: "says what there is to say of a user",
  options: {
    listen: listenOption("tcp:79"),
    user: option.text("NAME=TEXT, somebody and what to say of them", { repeatable: true }),
    plans: option.path("a folder with a file for each user, named after them, which is read each time"),
    ...limitOptions,
    idleTimeout: idleOption("30s"),
  },
  async makeService({ listen, user, plans, idleTimeout, ...limits }, reactor) {
    const told = new Map(user.map(userOf));
    if (plans !== undefined) await namesIn(reactor, plans);
    const answer = async (query: { readonly user: string }): Promise<string> => {
      if (query.user !== "") {
        const text = told.get(query.user) ?? (await planOf(reactor, plans, query.user));
        return text ?? "No such user\n";
      }
      const names = plans === undefined ? [] : (await namesIn(reactor, plans)).filter((name) => IS_NAME.test(name));
      return [...new Set([...told.keys(), ...names])].sort().join("\n") || "Nobody is here";
    };
    const server = fingerServer(answer, { clock: reactor, idleTimeoutMs: idleTimeout });
    return servedOn("finger", listen, limited(reactor, server, limits));
  },
});

function userOf(text: string): [string, string] {
  const at = text.indexOf("=");
  if (!IS_NAME.test(text.slice(0, Math.max(0, at)))) throw new TypeError(`Cannot add user "${text}": want NAME=TEXT`);
  return [text.slice(0, at), text.slice(at + 1)];
}

async function namesIn(reactor: Reactor, folder: string): Promise<readonly string[]> {
  try {
    return await reactor.files.list(folder);
  } catch (error) {
    throw new Error(`Cannot read folder "${folder}": ${(error as Error).message}`, { cause: error });
  }
}

/** What the file says, or its beginning; undefined if there is none. */
async function planOf(reactor: Reactor, folder: string | undefined, user: string): Promise<string | undefined> {
  // A name with a slash, or a dot in front, would lead elsewhere.
  if (folder === undefined || !IS_NAME.test(user)) return undefined;
  try {
    await using file = await reactor.files.open(`${folder}/${user}`);
    if ((await file.status()).kind !== "file") return undefined;
    const bytes = await file.read(0, MAX_PLAN_BYTES);
    return TEXT.decodeUtf8(bytes, 0, bytes.length);
  } catch (error) {
    if ((error as { readonly code?: unknown }).code === "ENOENT") return undefined;
    throw error;
  }
}

const IS_NAME = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/;
/** Several screens; finger has no pages. */
const MAX_PLAN_BYTES = 65_536;
