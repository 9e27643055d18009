import { environmentWith } from "../../core/process.ts";
import { processEndpoint } from "../../endpoints/process.ts";
import { forwardTo } from "../../policies/forward.ts";
import { definePlugin, type Plugin } from "../plugin.ts";
import { limited, limitOptions, listenOption, servedOn } from "./ports.ts";
import { commandOf, identityOf, processOptions, variablesOf } from "./process-options.ts";

/** `twistd inetd`. */
export const inetd: Plugin = definePlugin({
  summary: "runs a program for each connection, which is its standard input and output",
  options: { listen: listenOption(), ...limitOptions, ...processOptions },
  operands: { name: "COMMAND", summary: "the program and its arguments, after --", repeatable: true, required: true },
  makeService: async ({ listen, env, cwd, uid, gid, killTimeout, operands, ...limits }, reactor) => {
    const program = processEndpoint(commandOf(operands), {
      env: environmentWith(reactor.environment.variables, variablesOf(env)),
      cwd,
      ...(await identityOf(reactor, uid, gid)),
      ownGroup: true,
      killTimeoutMs: killTimeout,
      // Whatever it had to say has been said: an exit status is no reason to lose it.
      endsCleanly: true,
    });
    return servedOn("inetd", listen, limited(reactor, forwardTo(reactor, program), limits));
  },
});
