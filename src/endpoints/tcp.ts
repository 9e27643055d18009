import { optional, readArguments, required } from "./arguments.ts";
import { type Coercion, coerce } from "./coerce.ts";
import { defined } from "./defined.ts";
import type { ClientType, ServerType } from "./types.ts";

export const tcpServer: ServerType = {
  name: "tcp",
  form: "tcp:PORT[:interface=A][:backlog=N]",
  make(source) {
    const {
      port,
      interface: host,
      backlog,
    } = readArguments(source, ["port"], {
      port: required(coerce.port),
      interface: optional(coerce.text),
      backlog: optional(coerce.count(1)),
    });
    const options = defined({ port, host, backlog });
    return { listen: (reactor, factory) => reactor.listenTcp(options, factory) };
  },
};

/** IPv6 only, so that it can stand beside a `tcp:` on the same port. */
export const tcp6Server: ServerType = {
  name: "tcp6",
  form: "tcp6:PORT[:interface=A][:backlog=N], the colons of A escaped with \\",
  make(source) {
    const {
      port,
      interface: host = "::",
      backlog,
    } = readArguments(source, ["port"], {
      port: required(coerce.port),
      interface: optional(ipv6Literal),
      backlog: optional(coerce.count(1)),
    });
    const options = defined({ port, host, backlog, ipv6Only: true });
    return { listen: (reactor, factory) => reactor.listenTcp(options, factory) };
  },
};

export const tcpClient: ClientType = {
  name: "tcp",
  form: "tcp:HOST:PORT[:timeoutMs=N][:bindAddress=A]",
  make(source) {
    const options = defined(
      readArguments(source, ["host", "port"], {
        host: required(coerce.text),
        port: required(coerce.remotePort),
        timeoutMs: optional(coerce.milliseconds),
        bindAddress: optional(coerce.text),
      }),
    );
    return { connect: (reactor, factory) => reactor.connectTcp(options, factory) };
  },
};

const ipv6Literal: Coercion<string> = (value) => {
  if (!value.includes(":")) throw new Error(`"${value}" is not an IPv6 address`);
  return value;
};
