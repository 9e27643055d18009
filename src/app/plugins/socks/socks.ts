import { Logger } from "../../../core/log/logger.ts";
import type { Reactor } from "../../../core/reactor.ts";
import type { Checker } from "../../../cred/checker.ts";
import type { PasswordCredentials } from "../../../cred/credentials.ts";
import { InsecureSecrets } from "../../../cred/insecure-secrets.ts";
import { PasswordFile } from "../../../cred/password-file.ts";
import { PasswordHasher } from "../../../cred/password-hasher.ts";
import { remembered } from "../../../cred/remembered.ts";
import type { SocksLogin } from "../../../protocols/socks/events.ts";
import { socksServer } from "../../../protocols/socks/server.ts";
import { option } from "../../option.ts";
import { definePlugin, type Plugin } from "../../plugin.ts";
import { limitOptions, listenOption, servedOn } from "../ports.ts";
import { readRules } from "./rules.ts";

/** `twistd socks`. */
export const socks: Plugin = definePlugin({
  summary: "a SOCKS proxy, versions 4, 4a and 5, with rules and logins",
  options: {
    listen: listenOption("tcp:1080:interface=127.0.0.1"),
    allow: option.text("HOST[:PORT] that may be reached; a name, *.NAME, a network, or *", { repeatable: true }),
    deny: option.text("HOST[:PORT] that may not, whatever is allowed", { repeatable: true }),
    publicOnly: option.flag("let nobody get to this machine, private networks and the like"),
    connectOnly: option.flag("no BIND and no UDP"),
    login: option.text("NAME:PASSWORD of somebody who is served; others are not. Those on this machine can read it", {
      repeatable: true,
    }),
    passwordFile: option.path("logins, NAME:HASH on each line, as ropewalk/cred makes them"),
    ...limitOptions,
    connectTimeout: option.duration("give up reaching a target after so long", { default: "30s" }),
    idleTimeout: option.duration("reset both sides when nothing goes either way for so long", { default: "10m" }),
  },
  async makeService({ listen, ...values }, reactor) {
    const checkers = await checkersOf(reactor, values.login, values.passwordFile);
    const server = socksServer(reactor, {
      ...readRules(values),
      ...(values.connectOnly && { commands: ["connect"] }),
      ...(checkers.length > 0 && { authenticate: (login) => isRight(checkers, login) }),
      limits: { total: values.maxConnections, perPeer: values.maxPerPeer },
      connectTimeoutMs: values.connectTimeout,
      idleTimeoutMs: values.idleTimeout,
    });
    const isOpen = checkers.length === 0 && values.allow.length === 0;
    for (const endpoint of isOpen ? listen : []) {
      if (/interface=(?:127\.|localhost|\\?\[?\\?:\\?:1)|^unix:/i.test(endpoint)) continue;
      log.warn("Anybody who reaches {endpoint} can use this proxy: see --login and --allow", { endpoint });
    }
    return servedOn("socks", listen, server);
  },
});

type PasswordChecker = Checker<PasswordCredentials>;

async function checkersOf(
  reactor: Reactor,
  logins: readonly string[],
  file: string | undefined,
): Promise<readonly PasswordChecker[]> {
  const checkers: PasswordChecker[] = [];
  if (logins.length > 0) checkers.push(new InsecureSecrets(Object.fromEntries(logins.map(loginOf))));
  if (file !== undefined) {
    const passwords = new PasswordFile(reactor, file, new PasswordHasher(reactor));
    await passwords.load();
    checkers.push(remembered(reactor, passwords));
  }
  return checkers;
}

function loginOf(text: string): [string, string] {
  const at = text.indexOf(":");
  // What is wrong with a password is not for the log.
  if (at < 1 || at === text.length - 1) throw new TypeError("Cannot understand --login: want NAME:PASSWORD");
  return [text.slice(0, at), text.slice(at + 1)];
}

async function isRight(checkers: readonly PasswordChecker[], login: SocksLogin): Promise<boolean> {
  for (const checker of checkers) {
    if ((await checker.check({ kind: "password", ...login })) !== undefined) return true;
  }
  return false;
}

const log: Logger = new Logger("ropewalk.socks");
