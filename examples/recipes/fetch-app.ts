/** An application of Hono's, mounted as it is: `npm install hono`, `node fetch-app.ts`, `curl http://127.0.0.1:8080/ropes/hemp`. */
import { Hono } from "hono";
import { formatAddress, run } from "ropewalk";
import { serve } from "ropewalk/web";

const app = new Hono();
app.get("/ropes/:name", (context) => context.json({ rope: context.req.param("name") }));
app.post("/ropes", async (context) => context.json({ got: await context.req.json() }, 201));

const [endpoint = "tcp:8080:interface=127.0.0.1"] = process.argv.slice(2);

await run(async (reactor) => {
  const port = await serve(reactor, endpoint, app);
  console.log(`Listening on ${formatAddress(port.address)}`);
});
