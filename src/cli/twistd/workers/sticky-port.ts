/*
 * A port whose connections the primary accepts and hands over: each client address has its worker. As in accept.ts, the
 * accepted handle is taken from `net.Server` before it becomes a Socket, so that no byte is read on this side.
 */

import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import type { Address } from "../../../core/address.ts";
import { Logger } from "../../../core/log/logger.ts";
import type { Told, Where } from "../../../reactor/primary.ts";
import { serverAddressOf } from "../../../reactor/socket-address.ts";
import type { Member } from "./member.ts";
import { preference } from "./preference.ts";
import type { Place } from "./workforce.ts";

export class StickyPort {
  readonly number: number;
  readonly address: Address;
  readonly #server: Server;
  readonly #places: readonly Place[];
  /** Workers that want its connections. */
  readonly #open: Set<Member> = new Set();
  /** Connections for which there is no worker now. */
  #waiting: Connection[] = [];

  /** Fails with the system's error. */
  static async open(number: number, where: Where, places: readonly Place[]): Promise<StickyPort> {
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true });
    server.listen(where);
    await once(server, "listening");
    return new StickyPort(number, server, places);
  }

  private constructor(number: number, server: Server, places: readonly Place[]) {
    this.number = number;
    this.address = serverAddressOf(server);
    this.#server = server;
    this.#places = places;
    server.on("error", (error) => log.error("A shared port reports {error}", { error }));
    const handle = (server as unknown as { _handle?: Listening })._handle;
    if (typeof handle?.onconnection === "function") {
      handle.onconnection = (error, client) => {
        if (client === undefined) log.warn("Cannot accept a connection: the system answered {error}", { error });
        else this.#accepted({ handle: client, host: hostOf(client), close: () => client.close() });
      };
    } else {
      server.on("connection", (socket: Socket) =>
        this.#accepted({ handle: socket, host: socket.remoteAddress ?? "", close: () => socket.destroy() }),
      );
    }
  }

  open(member: Member): void {
    this.#open.add(member);
  }

  close(member: Member): void {
    this.#open.delete(member);
  }

  /** Gives the connections that waited to those who serve now. */
  deliver(): void {
    for (const connection of this.#waiting.splice(0)) this.#accepted(connection);
  }

  end(): void {
    this.#server.close();
    for (const { close } of this.#waiting.splice(0)) close();
  }

  /** The first of the address's preference that serves: without its own worker a client has a second one, and always the same. */
  #accepted(connection: Connection): void {
    for (const number of preference(connection.host, this.#places.length)) {
      const member = this.#places[number - 1]?.member;
      if (member?.state === "serving" && this.#open.has(member) && member.worker.isConnected()) {
        this.#hand(connection, member);
        return;
      }
    }
    if (this.#waiting.length >= MAX_WAITING) connection.close();
    else this.#waiting.push(connection);
  }

  #hand(connection: Connection, member: Member): void {
    const told: Told = { ropewalk: "connection", port: this.number };
    member.worker.process.send(told, connection.handle as Socket, { keepOpen: true }, (error) => {
      // What was sent is the worker's, which has a descriptor of its own. What was not is still here.
      if (error === null) {
        connection.close();
      } else if (!member.worker.isConnected()) {
        this.#accepted(connection);
      } else {
        log.error("Cannot hand a connection to worker {number}: {error}", { number: member.place.number, error });
        connection.close();
      }
    });
  }
}

/** An address as the system gives it: without what an IPv6 port says before an IPv4 one. */
function hostOf(client: Client): string {
  const peer: { address?: string } = {};
  client.getpeername?.(peer);
  return (peer.address ?? "").replace(/^::ffff:/, "");
}

interface Connection {
  readonly handle: object;
  readonly host: string;
  close(): void;
}

interface Client {
  getpeername?(out: object): number;
  close(): void;
}

interface Listening {
  onconnection: (error: number, client: Client | undefined) => void;
}

const log: Logger = new Logger("ropewalk.twistd.workers");
/** As many as a kernel keeps by Node's default backlog, twice: all workers crashed at once, and one comes in a moment. */
const MAX_WAITING = 1_022;
