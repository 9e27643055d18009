/** An application of Express's, mounted as it is: `npm install express`, `node express-app.ts`, `curl http://127.0.0.1:8080/`. */
import express from "express";
import { formatAddress, run } from "ropewalk";
import { nodeApplication, serve } from "ropewalk/web";

const app = express();
app.use(express.json());
app.get("/ropes/:name", (request, response) => {
  response.json({ rope: request.params.name });
});
app.post("/ropes", (request, response) => {
  response.status(201).json({ got: request.body });
});

const [endpoint = "tcp:8080:interface=127.0.0.1"] = process.argv.slice(2);

await run(async (reactor) => {
  const port = await serve(reactor, endpoint, nodeApplication(app));
  console.log(`Listening on ${formatAddress(port.address)}`);
});
