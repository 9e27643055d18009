import { echoServer } from "../../protocols/wire/server.ts";
import { MultiService } from "../multi-service.ts";
import { option } from "../option.ts";
import { definePlugin, type Plugin } from "../plugin.ts";
import { StreamServerService } from "../stream-server-service.ts";

/** `twistd echo`. */
export const echo: Plugin = definePlugin({
  summary: "says back what it hears",
  options: { listen: option.endpoint("where to listen", { default: "tcp:7", repeatable: true }) },
  makeService: ({ listen }, reactor) =>
    new MultiService({
      name: "echo",
      services: listen.map((endpoint) => new StreamServerService(endpoint, echoServer(reactor))),
    }),
});
