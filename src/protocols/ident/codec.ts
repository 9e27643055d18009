import { TEXT } from "../../wire/text.ts";
import { LocalIdentError, RemoteIdentError } from "./errors.ts";
import type { IdentAnswer, IdentQuery } from "./events.ts";

/**
 * The query of a line, without its end. Ports out of range are read as they are: they get an answer, `INVALID-PORT`.
 *
 * @throws RemoteIdentError for a line that is no two numbers.
 * @example
 * ```ts
 * import { readIdentQuery } from "ropewalk/ident";
 *
 * console.log(readIdentQuery("6191, 23")); // { serverPort: 6191, clientPort: 23 }
 * ```
 */
export function readIdentQuery(line: string): IdentQuery {
  const match = PORTS.exec(line);
  if (match === null || match[3] !== "") throw new RemoteIdentError(`${shown(line)} is no pair of ports`);
  return { serverPort: Number(match[1]), clientPort: Number(match[2]) };
}

/**
 * A query, or an answer to one, as a line without its end.
 *
 * @throws LocalIdentError for a name or an error that has no place in a line, or is too long for one.
 * @example
 * ```ts
 * import { encodeIdentLine } from "ropewalk/ident";
 *
 * const query = { serverPort: 6191, clientPort: 23 };
 * console.log(encodeIdentLine(query, { kind: "user", system: "UNIX", user: "ann" })); // 6191, 23 : USERID : UNIX : ann
 * ```
 */
export function encodeIdentLine({ serverPort, clientPort }: IdentQuery, answer?: IdentAnswer): string {
  const ports = `${serverPort}, ${clientPort}`;
  if (answer === undefined) return ports;
  if (answer.kind === "error") {
    if (!ERROR.test(answer.error)) throw new LocalIdentError(`${shown(answer.error)} is no error of RFC 1413`);
    return `${ports} : ERROR : ${answer.error}`;
  }
  const { system, charset, user } = answer;
  for (const token of [system, charset ?? "UTF-8"]) {
    if (!TOKEN.test(token)) throw new LocalIdentError(`${shown(token)} is no name of a system or a character set`);
  }
  if (/[\0\r\n]/.test(user) || user === "") throw new LocalIdentError(`${shown(user)} cannot be a user id`);
  if (TEXT.utf8Length(user) > USER_BYTES) throw new LocalIdentError(`a user id has at most ${USER_BYTES} bytes`);
  return `${ports} : USERID : ${system}${charset === undefined ? "" : ` , ${charset}`} : ${user}`;
}

/**
 * The answer of a line, without its end. Blanks around the user id are dropped, as most servers send one that is not part
 * of it.
 *
 * @throws RemoteIdentError for a line that is no answer, or one to another query.
 * @example
 * ```ts
 * import { readIdentAnswer } from "ropewalk/ident";
 *
 * const answer = readIdentAnswer("6191, 23 : USERID : UNIX : ann", { serverPort: 6191, clientPort: 23 });
 * console.log(answer); // { kind: 'user', system: 'UNIX', charset: undefined, user: 'ann' }
 * ```
 */
export function readIdentAnswer(line: string, query: IdentQuery): IdentAnswer {
  const match = PORTS.exec(line);
  const [, serverPort, clientPort, rest = ""] = match ?? [];
  if (match === null) throw new RemoteIdentError(`${shown(line)} does not begin with two ports`);
  if (Number(serverPort) !== query.serverPort || Number(clientPort) !== query.clientPort) {
    throw new RemoteIdentError(`${shown(line)} answers another query`);
  }
  const failure = FAILURE.exec(rest)?.[1];
  if (failure !== undefined) return { kind: "error", error: failure };
  const [, system, charset, user] = USER.exec(rest) ?? [];
  if (system === undefined || user === undefined) throw new RemoteIdentError(`${shown(line)} is no answer`);
  if (TEXT.utf8Length(user) > USER_BYTES) throw new RemoteIdentError(`the user id has more than ${USER_BYTES} bytes`);
  return { kind: "user", system, charset, user };
}

function shown(text: string): string {
  return JSON.stringify(text.length > SHOWN_LENGTH ? `${text.slice(0, SHOWN_LENGTH)}…` : text);
}

/** RFC 1413 §6: blanks are allowed nearly everywhere. */
const PORTS = /^[ \t]*(\d{1,5})[ \t]*,[ \t]*(\d{1,5})[ \t]*(|:.*)$/s;
const FAILURE = /^:[ \t]*ERROR[ \t]*:[ \t]*(INVALID-PORT|NO-USER|HIDDEN-USER|UNKNOWN-ERROR|X[!-9;-~]{0,63})[ \t]*$/;
const USER =
  /^:[ \t]*USERID[ \t]*:[ \t]*([!-+\--9;-~]{1,40})[ \t]*(?:,[ \t]*([!-9;-~]{1,40})[ \t]*)?:[ \t]*([^\0\r\n]*[^\0\r\n \t])[ \t]*$/;
const ERROR = /^(INVALID-PORT|NO-USER|HIDDEN-USER|UNKNOWN-ERROR|X[!-9;-~]{0,63})$/;
const TOKEN = /^[!-+\--9;-~]{1,40}$/;
/** RFC 1413 §6. */
const USER_BYTES = 512;
const SHOWN_LENGTH = 60;
