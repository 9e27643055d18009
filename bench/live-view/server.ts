/**
 * A server that is looked at or not, by its argument: `off`, `on` (the view is open), `watched` (and somebody has its page open,
 * which is another process's work). It sends its parent the port, and processor time so far in µs for each message.
 */
import { NodeReactor } from "ropewalk";
import { Application, nodeVitals, openLiveView, Watch } from "ropewalk/app";
import { Response, serve } from "ropewalk/web";

const kind = process.argv[2];
const reactor = new NodeReactor();
const watch = kind === "off" ? undefined : new Watch(reactor, { vitals: nodeVitals() });
const port = await serve(reactor, "tcp:0:interface=127.0.0.1", () => new Response("Hello, World!"));
const view = watch && (await openLiveView(reactor, new Application({ name: "bench" }), watch));
process.on("message", () => {
  const { user, system } = process.cpuUsage();
  process.send?.(user + system);
});
process.send?.({ port: port.address.kind === "tcp" ? port.address.port : 0, url: view?.url, token: view?.token });
await reactor.run();
