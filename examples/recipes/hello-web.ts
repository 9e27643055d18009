/** Says hello over HTTP: `node hello-web.ts`, then `curl "http://127.0.0.1:8080/?name=Ann"`. */
import { formatAddress, run } from "ropewalk";
import { Response, serve } from "ropewalk/web";

const [endpoint = "tcp:8080:interface=127.0.0.1"] = process.argv.slice(2);

await run(async (reactor) => {
  const port = await serve(reactor, endpoint, (request) => {
    if (request.path !== "/") return new Response("There is nothing here\n", { status: 404 });
    return new Response(`Hello, ${request.query.get("name") ?? "world"}!\n`);
  });
  console.log(`Listening on ${formatAddress(port.address)}`);
});
