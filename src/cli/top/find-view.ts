import { readFileSync } from "node:fs";
import { FailureError, UsageError } from "../usage-error.ts";
import type { TopOptions } from "./command.ts";
import { type NotedView, notedViews } from "./views.ts";

/** Where to look, and with which token. */
export type View = Pick<NotedView, "url" | "token">;

/** The view that the command line means. @throws UsageError, FailureError */
export function findView(url: string | undefined, options: TopOptions): View {
  if (url !== undefined) return viewAt(url, options);
  const views = notedViews();
  const pid = options.pidfile === undefined ? options.pid : readPid(options.pidfile);
  if (pid !== undefined) {
    const found = views.find((view) => view.pid === pid);
    if (found !== undefined) return found;
    throw new FailureError(`Cannot look at process ${pid}: it has no live view of yours; start it with --inspect-port`);
  }
  const [only, ...others] = views;
  if (only === undefined) {
    throw new FailureError("Cannot find a live view: no program of yours runs with --inspect-port; or give its URL");
  }
  if (others.length === 0) return only;
  const names = views.map((view) => `\n  --pid ${view.pid}  ${view.name}`).join("");
  throw new UsageError(`Cannot choose between ${views.length} programs:${names}`);
}

function viewAt(text: string, { token: file }: TopOptions): View {
  const spelled = /^\d+$/.test(text) ? `http://127.0.0.1:${text}/` : text;
  if (!URL.canParse(spelled)) throw new UsageError(`Cannot read the URL "${text}"`);
  const url = new URL(spelled);
  const token = file === undefined ? url.searchParams.get("token") : readText(file, "token");
  const place = new URL("/", url).href;
  const noted = token === null ? notedViews().find((view) => view.url === place)?.token : token;
  if (noted === undefined) throw new UsageError(`Cannot look at ${place} without its token: give the whole link`);
  return { url: place, token: noted };
}

function readPid(file: string): number {
  const pid = Number(readText(file, "process id"));
  if (!Number.isSafeInteger(pid) || pid <= 0) throw new FailureError(`Cannot find a process id in "${file}"`);
  return pid;
}

function readText(file: string, what: string): string {
  try {
    return readFileSync(file, "utf8").trim();
  } catch (error) {
    throw new FailureError(`Cannot read the ${what} from "${file}": ${(error as Error).message}`, { cause: error });
  }
}
