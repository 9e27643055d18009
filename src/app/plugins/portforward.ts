import { forwardTo } from "../../policies/forward.ts";
import { option } from "../option.ts";
import { definePlugin, type Plugin } from "../plugin.ts";
import { limited, limitOptions, listenOption, servedOn } from "./ports.ts";

/** `twistd portforward`. */
export const portforward: Plugin = definePlugin({
  summary: "joins each connection with one of its own to somewhere else",
  options: {
    listen: listenOption(),
    connect: option.endpoint("where to, any client endpoint", { required: true }),
    ...limitOptions,
    connectTimeout: option.duration("give up reaching the other side after so long", { default: "30s" }),
    idleTimeout: option.duration("reset both sides when nothing goes either way for so long; without it, never"),
  },
  makeService: ({ listen, connect, connectTimeout, idleTimeout, ...limits }, reactor) => {
    const options = { connectTimeoutMs: connectTimeout, idleTimeoutMs: idleTimeout };
    // The relay has an idle timeout of its own, which counts both sides.
    return servedOn("portforward", listen, limited(reactor, forwardTo(reactor, connect, options), limits));
  },
});
