import { Hono } from "hono";
import { hello } from "./wire.ts";

/** The same application behind both servers. */
export function honoApp(): Hono {
  const app = new Hono();
  app.get("/", (context) => context.text(hello));
  app.post("/", async (context) => context.json(await context.req.json()));
  return app;
}
