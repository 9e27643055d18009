import type { Reactor } from "../../../core/reactor.ts";
import { compress } from "../../../protocols/web/compression/server.ts";
import { staticFiles } from "../../../protocols/web/files/server.ts";
import { accessLog, combinedLogLine, jsonLogLine } from "../../../protocols/web/log/access-log.ts";
import { type ReverseProxy, reverseProxy } from "../../../protocols/web/proxy/reverse/server.ts";
import { webServer } from "../../../protocols/web/server/server.ts";
import type { Responder, ServedRequest } from "../../../protocols/web/server/site.ts";
import { option } from "../../option.ts";
import { definePlugin, type Plugin } from "../../plugin.ts";
import { Service, type ServiceLike } from "../../service.ts";
import { limited, limitOptions, listenOption, servedOn } from "../ports.ts";
import { withHeaders } from "./headers.ts";
import { LineFile } from "./line-file.ts";

/** `twistd web`. */
export const web: Plugin = definePlugin({
  summary: "serves the files of a folder, or what other web servers answer",
  options: {
    listen: listenOption("tcp:8080"),
    path: option.path("the folder to serve"),
    index: option.text("what is shown for a folder, the first that there is", {
      repeatable: true,
      default: "index.html",
    }),
    listing: option.flag("show what is in a folder that has no index"),
    proxy: option.text("URL of a server to ask: for everything, or with --path for what is no file", {
      repeatable: true,
    }),
    header: option.text('"NAME: VALUE", a field of each answer', { repeatable: true }),
    compress: option.flag("leave answers as they are; without it they are compressed for whoever can unpack them", {
      default: true,
    }),
    log: option.choice("how each request is noted", ["combined", "json", "none"], { default: "combined" }),
    logFile: option.path("note requests there, and not in the log of the program"),
    ...limitOptions,
    drainTimeout: option.duration("how long the stop waits for answers that are under way", { default: "5s" }),
  },
  async makeService({ listen, path, index, listing, proxy, header, ...values }, reactor) {
    const asked = proxy.length === 0 ? undefined : reverseProxy(reactor, proxy);
    const responder = withHeaders(header, await responderOf(reactor, path, { index, listing }, asked));
    const file = values.logFile === undefined ? undefined : new LineFile(reactor, values.logFile);
    const server = webServer(reactor, values.compress ? compress({}, responder) : responder, {
      served: noteOf(reactor, values.log, file),
    });
    const before: ServiceLike[] = [...(file ? [file] : []), ...(asked ? [new ProxyEnd(asked)] : [])];
    return servedOn("web", listen, limited(reactor, server, values), {
      before,
      drainTimeoutMs: values.drainTimeout,
    });
  },
});

async function responderOf(
  reactor: Reactor,
  path: string | undefined,
  options: { readonly index: readonly string[]; readonly listing: boolean },
  proxy: ReverseProxy | undefined,
): Promise<Responder> {
  // Not the folder it is started in, unless somebody says so: there may be keys in it.
  if (path === undefined && proxy === undefined) throw new TypeError("Cannot serve nothing: give --path or --proxy");
  if (path === undefined) return proxy as Responder;
  let kind: string;
  try {
    kind = (await reactor.files.stat(path)).kind;
  } catch (error) {
    throw new Error(`Cannot serve folder "${path}": ${(error as Error).message}`, { cause: error });
  }
  if (kind !== "directory") throw new Error(`Cannot serve folder "${path}": it is no folder`);
  return staticFiles(reactor, path, { ...options, otherwise: proxy });
}

function noteOf(
  reactor: Reactor,
  format: "combined" | "json" | "none",
  file: LineFile | undefined,
): ((served: ServedRequest) => void) | undefined {
  if (format === "none") return undefined;
  return accessLog({
    clock: reactor,
    format: format === "json" ? jsonLogLine : combinedLogLine,
    write: file && ((line) => file.add(line)),
  });
}

/** The connections to the servers behind end with the service. */
class ProxyEnd extends Service {
  readonly #proxy: ReverseProxy;

  constructor(proxy: ReverseProxy) {
    super();
    this.name = "connections to servers behind";
    this.#proxy = proxy;
  }

  override startService(): void {}

  override stopService(): unknown {
    return this.#proxy.close();
  }
}
