import type { Application } from "../../app/application.ts";
import type { Reactor } from "../../core/reactor.ts";
import { notYet } from "./not-yet.ts";

/** Serves the live view, until it is disposed. */
export async function openInspection(_port: number, _reactor: Reactor, _root: Application): Promise<AsyncDisposable> {
  throw notYet("--inspect-port");
}
