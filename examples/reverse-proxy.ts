/**
 * One address for several web servers: `node build/examples/reverse-proxy.js tcp:8080:interface=127.0.0.1 http://127.0.0.1:3000
 * http://127.0.0.1:3001`. Each in its turn; those that fail are left alone for a while. `/health` tells how they are.
 */
import { formatAddress, run } from "ropewalk";
import { type Request, Response, reverseProxy, type ServedRequest, serve } from "ropewalk/web";

const [endpoint = "tcp:8080:interface=127.0.0.1", ...targets] = process.argv.slice(2);

function served({ request, status, tookMs }: ServedRequest): void {
  console.log(`${request.method} ${request.path} ${status} ${tookMs.toFixed(0)} ms`);
}

await run(async (reactor) => {
  const proxy = reverseProxy(reactor, targets, { balance: "least-connections", restMs: 5_000 });
  reactor.addTrigger("before", "shutdown", () => proxy.close());
  const application = (request: Request) =>
    request.path === "/health" ? Response.json(proxy.targets.map(({ url, isUp }) => ({ url, isUp }))) : proxy(request);
  const port = await serve(reactor, endpoint, application, { served });
  console.log(`Listening on ${formatAddress(port.address)}`);
});
