/** Ours, as its users write it: `ropewalk.js hello|tree|platform|json|tls`. */
import { NodeReactor } from "ropewalk";
import { type Application, Response, serve } from "ropewalk/web";
import { certificatePaths } from "./certificate.ts";
import { hello, sayPort } from "./wire.ts";

const modes: Record<string, Application> = {
  hello: () => new Response(hello),
  tls: () => new Response(hello),
  platform: () => new globalThis.Response(hello),
  json: async (request) => Response.json(await request.json()),
};

const mode = process.argv[2] ?? "";
const application = modes[mode];
if (application === undefined) throw new Error(`Unknown mode "${mode}": use one of ${Object.keys(modes)}`);
const reactor = new NodeReactor();
const [key, certificate] = mode === "tls" ? certificatePaths() : [];
const endpoint =
  mode === "tls" ? `tls:0:interface=127.0.0.1:key=${key}:cert=${certificate}` : "tcp:0:interface=127.0.0.1";
const port = await serve(reactor, endpoint, application);
sayPort(port.address.kind === "tcp" ? port.address.port : 0);
await reactor.run();
