import type { Deferred } from "../core/deferred/deferred.ts";
import { succeed } from "../core/deferred/succeed.ts";
import type { Port } from "../core/reactor.ts";
import { readArguments } from "./arguments.ts";
import type { ClientType, ServerType } from "./types.ts";

/** One connection, made at once: the port is there for the caller's sake, and stopping it does not end the connection. */
export const stdioServer: ServerType = {
  name: "stdio",
  form: "stdio: (no arguments)",
  make(source) {
    readArguments(source, [], {});
    return { listen: (reactor, factory) => reactor.openStdio(factory).addCallback((): Port => new StdioPort()) };
  },
};

export const stdioClient: ClientType = {
  name: "stdio",
  form: "stdio: (no arguments)",
  make(source) {
    readArguments(source, [], {});
    return { connect: (reactor, factory) => reactor.openStdio(factory) };
  },
};

class StdioPort implements Port {
  readonly address = { kind: "stdio" } as const;
  listening = true;

  stopListening(): Deferred<void> {
    this.listening = false;
    return succeed(undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stopListening();
  }
}
