import { readFileSync } from "node:fs";
import type { Application } from "../../app/application.ts";
import { type LiveViewOptions, openLiveView } from "../../app/inspect/live-view.ts";
import { Watch } from "../../app/inspect/watch.ts";
import { Logger } from "../../core/log/logger.ts";
import type { Reactor } from "../../core/reactor.ts";
import { EndpointSyntaxError } from "../../endpoints/errors.ts";
import { nodeVitals } from "../../reactor/vitals.ts";
import { noteView } from "../top/views.ts";
import { FailureError } from "../usage-error.ts";
import type { TwistdOptions } from "./options.ts";

/** Looks on from now, until it is disposed. */
export function beginWatch(reactor: Reactor): Watch {
  return new Watch(reactor, { vitals: nodeVitals() });
}

/** Serves the live view, until it is disposed. @throws FailureError */
export async function openInspection(
  reactor: Reactor,
  root: Application,
  watch: Watch,
  { options, name: given }: { readonly options: TwistdOptions; readonly name: string },
): Promise<AsyncDisposable> {
  // `twistd` is what a root is called that nobody has named.
  const name = root.name === "twistd" ? given : root.name;
  const view = await openLiveView(reactor, root, watch, viewOptions(options, name)).catch((error: Error) => {
    const isTheirs = error instanceof RangeError || error instanceof EndpointSyntaxError;
    throw isTheirs ? new FailureError(error.message, { cause: error }) : error;
  });
  // A token that somebody keeps in a file has no business in a log.
  log.info("Live view at {link}", { link: options.inspectToken === undefined ? view.link : view.url });
  const note = noteView({ pid: reactor.environment.pid, name, url: view.url, token: view.token });
  return {
    [Symbol.asyncDispose]: async () => {
      note[Symbol.dispose]();
      await view.close();
    },
  };
}

function viewOptions(options: TwistdOptions, name: string): LiveViewOptions {
  const { inspectPort, inspectAnywhere, inspectHost, inspectToken } = options;
  return {
    where: inspectPort,
    anywhere: inspectAnywhere,
    exclusive: options.workers !== undefined,
    hosts: inspectHost,
    token: inspectToken === undefined ? undefined : readToken(inspectToken),
    name,
  };
}

function readToken(file: string): string {
  try {
    return readFileSync(file, "utf8").trim();
  } catch (error) {
    throw new FailureError(`Cannot read the token from "${file}": ${(error as Error).message}`, { cause: error });
  }
}

const log: Logger = new Logger("ropewalk.inspect");
