/** Ours, as its users write it: `ropewalk.js hello|tree|platform|hono|hono-platform|json|tls|static`. */
import { NodeReactor } from "ropewalk";
import { type Application, Resource, Response, serve, staticFiles, useLightGlobals } from "ropewalk/web";
import { certificatePaths } from "./certificate.ts";
import { honoApp } from "./hono-app.ts";
import { staticFolder } from "./static-folder.ts";
import { hello, sayPort } from "./wire.ts";

class Hello extends Resource {
  override readonly isLeaf = true;
  override get(): Response {
    return new Response(hello);
  }
}

const modes: Record<string, Application> = {
  hello: () => new Response(hello),
  tls: () => new Response(hello),
  tree: new Hello(),
  hono: honoApp(),
  "hono-platform": honoApp(),
  platform: () => new globalThis.Response(hello),
  json: async (request) => Response.json(await request.json()),
};

const mode = process.argv[2] ?? "";
const reactor = new NodeReactor();
const application = mode === "static" ? staticFiles(reactor, staticFolder()) : modes[mode];
if (application === undefined) throw new Error(`Unknown mode "${mode}": use one of ${Object.keys(modes)},static`);
if (mode === "hono") useLightGlobals();
const [key, certificate] = mode === "tls" ? certificatePaths() : [];
const endpoint =
  mode === "tls" ? `tls:0:interface=127.0.0.1:key=${key}:cert=${certificate}` : "tcp:0:interface=127.0.0.1";
const port = await serve(reactor, endpoint, application);
sayPort(port.address.kind === "tcp" ? port.address.port : 0);
await reactor.run();
