import { readArguments, required } from "./arguments.ts";
import { coerce } from "./coerce.ts";
import type { ClientType, ServerType } from "./types.ts";

/** A listening socket that a parent process opened. */
export const fdServer: ServerType = {
  name: "fd",
  form: "fd:N",
  make(source) {
    const { descriptor } = readArguments(source, ["descriptor"], { descriptor: required(coerce.count(0)) });
    return { listen: (reactor, factory) => reactor.adoptPort(descriptor, {}, factory) };
  },
};

/** A connected socket that a parent process opened. */
export const fdClient: ClientType = {
  name: "fd",
  form: "fd:N",
  make(source) {
    const { descriptor } = readArguments(source, ["descriptor"], { descriptor: required(coerce.count(0)) });
    return { connect: (reactor, factory) => reactor.adoptConnection(descriptor, {}, factory) };
  },
};
