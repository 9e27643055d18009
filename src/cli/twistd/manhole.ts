import type { Application } from "../../app/application.ts";
import type { Reactor } from "../../core/reactor.ts";
import { notYet } from "./not-yet.ts";

/** Opens the REPL on a socket at `path`, until it is disposed. */
export async function openManhole(_path: string, _reactor: Reactor, _root: Application): Promise<AsyncDisposable> {
  throw notYet("--manhole");
}
