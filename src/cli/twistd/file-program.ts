import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { ServiceLike } from "../../app/service.ts";
import type { Reactor } from "../../core/reactor.ts";
import { FailureError } from "../usage-error.ts";
import type { Program } from "./program.ts";

/**
 * What a module exports, as its default or by the name `application` or `service`: a service, or a function that gets the
 * reactor and `args` and may return one.
 */
export function fileProgram(file: string, args: readonly string[]): Program {
  const path = resolve(file);
  if (!existsSync(path)) throw new FailureError(`Cannot run "${file}": there is no such file`);
  return {
    name: file,
    load: async (reactor) => servicesOf(file, await importModule(file, path), reactor, args),
  };
}

async function importModule(file: string, path: string): Promise<Exports> {
  if (/\.[mc]?ts$/.test(path)) (await import("../typescript/register.ts")).readTypeScript();
  try {
    return (await import(pathToFileURL(path).href)) as Exports;
  } catch (error) {
    throw new FailureError(`Cannot load "${file}": ${messageOf(error)}`, { cause: error });
  }
}

async function servicesOf(
  file: string,
  exports: Exports,
  reactor: Reactor,
  args: readonly string[],
): Promise<ServiceLike | undefined> {
  const exported = exports.default ?? exports.application ?? exports.service;
  if (typeof exported !== "function") return asService(file, exported, "its export");
  let made: unknown;
  try {
    made = await exported(reactor, args);
  } catch (error) {
    throw new FailureError(`Cannot start "${file}": ${messageOf(error)}`, { cause: error });
  }
  return made === undefined ? undefined : asService(file, made, "what its function returned");
}

function asService(file: string, value: unknown, what: string): ServiceLike {
  const { startService, stopService } = (value ?? {}) as Partial<ServiceLike>;
  if (typeof startService === "function" && typeof stopService === "function") return value as ServiceLike;
  const seen = value === undefined ? "it exports no default, application or service" : `${what} is no service`;
  throw new FailureError(
    `Cannot run "${file}": ${seen}; export a Service, an Application, or a function of the reactor`,
  );
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

interface Exports {
  readonly default?: unknown;
  readonly application?: unknown;
  readonly service?: unknown;
}
