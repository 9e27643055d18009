import type { Address } from "../core/address.ts";
import type { Deferred } from "../core/deferred/deferred.ts";
import { fail } from "../core/deferred/succeed.ts";
import type { Port, ProcessEnvironment } from "../core/reactor.ts";
import { argumentError, optional, readArguments } from "./arguments.ts";
import { coerce } from "./coerce.ts";
import { EndpointError } from "./errors.ts";
import type { ServerType } from "./types.ts";

/** A socket that systemd opened for this service, chosen by its place or by its `FileDescriptorName=`. */
export const systemdServer: ServerType = {
  name: "systemd",
  form: "systemd[:domain=INET|INET6|UNIX]:index=N or …:name=S",
  make(source) {
    const { domain, index, name } = readArguments(source, [], {
      domain: optional(coerce.oneOf("INET", "INET6", "UNIX")),
      index: optional(coerce.count(0)),
      name: optional(coerce.text),
    });
    if ((index === undefined) === (name === undefined)) {
      const problem = "exactly one of the arguments index and name is needed";
      throw argumentError(source, index === undefined ? "index" : "name", problem);
    }
    return {
      listen(reactor, factory) {
        const passed = systemdDescriptors(reactor.environment);
        const matching = passed.filter((socket, i) => (name === undefined ? i === index : socket.name === name));
        const [socket] = matching;
        if (socket === undefined || matching.length > 1) {
          return fail(new EndpointError(wrongNumber(source.description, passed, matching.length)));
        }
        const adopted = reactor.adoptPort(socket.descriptor, {}, factory);
        return domain === undefined ? adopted : adopted.addCallback((port) => checkDomain(port, domain));
      },
    };
  },
};

/** One socket that systemd passed to this process. */
export interface SystemdSocket {
  readonly descriptor: number;
  /** Its `FileDescriptorName=`, `"unknown"` if it has none. */
  readonly name: string;
}

/**
 * The sockets that systemd passed, from LISTEN_PID, LISTEN_FDS and LISTEN_FDNAMES: none if they are for another process.
 *
 * @example
 * ```ts
 * import { systemdDescriptors } from "ropewalk/endpoints";
 * const variables = { LISTEN_PID: "42", LISTEN_FDS: "2", LISTEN_FDNAMES: "web:admin" };
 * console.log(systemdDescriptors({ pid: 42, variables }));
 * // [ { descriptor: 3, name: 'web' }, { descriptor: 4, name: 'admin' } ]
 * ```
 */
export function systemdDescriptors({ pid, variables }: ProcessEnvironment): SystemdSocket[] {
  const { LISTEN_PID: forPid = "", LISTEN_FDS: fds = "", LISTEN_FDNAMES: names } = variables;
  if (!/^\d+$/.test(forPid) || Number(forPid) !== pid || !/^\d{1,6}$/.test(fds)) return [];
  const given = names === undefined || names === "" ? [] : names.split(":");
  return Array.from({ length: Number(fds) }, (_, i) => ({
    descriptor: FIRST_DESCRIPTOR + i,
    name: given[i] ?? "unknown",
  }));
}

function wrongNumber(description: string, passed: readonly SystemdSocket[], matches: number): string {
  const list = passed.map(({ name }, i) => `${i} "${name}"`).join(", ");
  const sockets = passed.length === 0 ? "no socket (start it from a .socket unit)" : `these sockets: ${list}`;
  const problem = matches === 0 ? "it matches none" : `it matches ${matches} of them, choose by index`;
  return `Cannot listen on "${description}": ${problem}; systemd passed this process ${sockets}`;
}

function checkDomain(port: Port, domain: "INET" | "INET6" | "UNIX"): Port | Deferred<Port> {
  const found = domainOf(port.address);
  if (found === domain) return port;
  const problem = `Cannot listen on a socket of systemd as ${domain}: it is ${found}; change domain= or the .socket unit`;
  return port.stopListening().addCallback((): Port => {
    throw new EndpointError(problem);
  });
}

function domainOf(address: Address): string {
  if (address.kind === "tcp") return address.family === 6 ? "INET6" : "INET";
  return address.kind.toUpperCase();
}

/** SD_LISTEN_FDS_START. */
const FIRST_DESCRIPTOR = 3;
