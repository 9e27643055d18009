/*
 * The one place that relies on a shape inside Node: `net.Server` calls `_handle.onconnection(error, handle)` for each accepted
 * connection and makes a Socket that reads through streams. Taking the handle over lets the Socket be made with `onread`,
 * which is public for outgoing connections only. Where the shape is not what is expected, the "connection" event and "data"
 * events do the same, slower; the conformance suite runs on both.
 */
import type { Server } from "node:net";
import { Logger } from "../core/log/logger.ts";
import type { NodeTransport } from "./node-transport.ts";

/** Gives each accepted connection a transport from `make`, and passes that to `accepted`. */
export function acceptConnections(
  server: Server,
  make: () => NodeTransport,
  accepted: (transport: NodeTransport) => void,
  direct: boolean,
): void {
  const handle = (server as unknown as { _handle?: ListeningHandle })._handle;
  if (!direct || typeof handle?.onconnection !== "function") {
    server.on("connection", (socket) => {
      const transport = make();
      transport.attach(socket);
      accepted(transport);
    });
    return;
  }
  handle.onconnection = (error: number, client: object | undefined) => {
    if (client === undefined) {
      log.warn("Cannot accept a connection: the system answered {error}; the port goes on", { error });
      return;
    }
    const transport = make();
    transport.attach(transport.makeSocket({ handle: client }));
    accepted(transport);
  };
}

interface ListeningHandle {
  onconnection: (error: number, client: object | undefined) => void;
}

const log: Logger = new Logger("ropewalk.reactor");
