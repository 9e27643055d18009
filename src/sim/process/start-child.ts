import { maybeDeferred } from "../../core/deferred/succeed.ts";
import { Logger } from "../../core/log/logger.ts";
import type { SpawnOptions } from "../../core/process.ts";
import { disconnectAll } from "../disconnect.ts";
import type { HostKernel } from "../host-kernel.ts";
import { makeChild } from "./child.ts";
import type { ChildProcess } from "./child-transport.ts";

/** Makes a process for the program of that name; undefined if the host has none. */
export function startChild(
  host: HostKernel,
  program: string,
  { args = [], cwd = "/", env }: SpawnOptions,
  environment: Readonly<Record<string, string | undefined>>,
): ChildProcess | undefined {
  const main = host.programs.get(program);
  if (main === undefined) return undefined;
  const [owner, reactor] = host.startProcess(env ?? environment);
  host.children.add(owner);
  const child = makeChild(owner, reactor, { program, args, cwd });
  // As a program that has nothing left to do: what it wrote leaves before it ends.
  const end = (exitCode: number): void => {
    disconnectAll(owner).addBoth(() => owner.exit({ exitCode }));
  };
  const run = (): void => {
    maybeDeferred(() => main(child)).addCallbacks(
      (value) => end(statusOf(program, value)),
      (error: Error) => {
        log.failure("Program {program} of {host} failed", error, { program, host: host.name });
        end(1);
      },
    );
  };
  return { owner, pid: reactor.environment.pid, begin: () => owner.soon(run) };
}

function statusOf(program: string, value: unknown): number {
  if (value === undefined) return 0;
  if (Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 255) return value as number;
  log.error("Program {program} gave {value} for an exit status: want an integer from 0 to 255", { program, value });
  return 1;
}

const log: Logger = new Logger("ropewalk.sim");
