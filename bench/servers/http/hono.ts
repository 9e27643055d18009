/** Hono behind its own server for Node, as people write it: `hono.js hello`. */
import { serve } from "@hono/node-server";
import { honoApp } from "./hono-app.ts";
import { sayPort } from "./wire.ts";

serve({ fetch: honoApp().fetch, port: 0, hostname: "127.0.0.1" }, ({ port }) => sayPort(port));
