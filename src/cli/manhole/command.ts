import { connect, type Socket } from "node:net";
import { whyNotToEnter } from "../../reactor/manhole/socket-guard.ts";
import { FailureError } from "../usage-error.ts";
import { visitWithLines } from "./lines.ts";
import { visitWithTerminal } from "./terminal.ts";

/** `ropewalk manhole PATH`: gives the exit status. @throws FailureError if nobody should enter, or can. */
export async function enterManhole(path: string): Promise<number> {
  const why = whyNotToEnter(path, process.geteuid?.() ?? 0);
  if (why !== undefined) throw new FailureError(`Cannot enter the manhole "${path}": ${why}`);
  const socket = await dial(path);
  const broke = once(socket);
  if (process.stdin.isTTY && process.stdout.isTTY) visitWithTerminal(socket, process.stdin, process.stdout);
  else visitWithLines(socket, process.stdin, process.stdout);
  const error = await broke;
  if (error === undefined) return 0;
  process.stderr.write(`ropewalk: The manhole "${path}" is gone: ${error.message}\n`);
  return 1;
}

function dial(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ path, allowHalfOpen: true });
    const fail = (error: NodeJS.ErrnoException): void => {
      const why = error.code === "ECONNREFUSED" ? "nobody listens there any more" : error.message;
      reject(new FailureError(`Cannot enter the manhole "${path}": ${why}`, { cause: error }));
    };
    socket.once("error", fail);
    socket.once("connect", () => {
      socket.off("error", fail);
      resolve(socket);
    });
  });
}

/** Settles when the connection is over, with what was wrong with its end. */
function once(socket: Socket): Promise<Error | undefined> {
  return new Promise((resolve) => {
    let wrong: Error | undefined;
    socket.on("error", (error) => {
      wrong = error;
    });
    socket.on("end", () => socket.end());
    socket.on("close", () => resolve(wrong));
  });
}
