import { optional, readArguments, required } from "./arguments.ts";
import { coerce } from "./coerce.ts";
import { defined } from "./defined.ts";
import type { ClientType, ServerType } from "./types.ts";

export const unixServer: ServerType = {
  name: "unix",
  form: "unix:PATH[:mode=660][:lockfile=0|1][:backlog=N]",
  make(source) {
    const options = defined(
      readArguments(source, ["path"], {
        path: required(coerce.text),
        mode: optional(coerce.octalMode),
        lockfile: optional(coerce.boolean),
        backlog: optional(coerce.count(1)),
      }),
    );
    return { listen: (reactor, factory) => reactor.listenUnix(options, factory) };
  },
};

export const unixClient: ClientType = {
  name: "unix",
  form: "unix:PATH[:timeoutMs=N]",
  make(source) {
    const options = defined(
      readArguments(source, ["path"], { path: required(coerce.text), timeoutMs: optional(coerce.milliseconds) }),
    );
    return { connect: (reactor, factory) => reactor.connectUnix(options, factory) };
  },
};
