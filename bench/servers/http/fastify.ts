/** fastify as people write it: `fastify.js hello|json|static`. */
import type { AddressInfo } from "node:net";
import fastifyStatic from "@fastify/static";
import fastify from "fastify";
import { staticFolder } from "./static-folder.ts";
import { hello, sayPort } from "./wire.ts";

const app = fastify();
if (process.argv[2] === "static") app.register(fastifyStatic, { root: staticFolder() });
else app.get("/", (_request, reply) => reply.type("text/plain;charset=UTF-8").send(hello));
app.post("/", (request) => request.body);
await app.listen({ port: 0, host: "127.0.0.1" });
sayPort((app.server.address() as AddressInfo).port);
