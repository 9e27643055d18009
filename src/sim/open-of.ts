import type { Held } from "../core/holdings.ts";
import { StreamTransport } from "../core/stream-transport.ts";
import { ChildTransport } from "./process/child-transport.ts";
import { SimPort } from "./sim-port.ts";
import type { SimProcess } from "./sim-process.ts";
import { SimDatagramPort } from "./udp/sim-datagram-port.ts";

/** What a process has open, by kind. */
export function openOf({ open }: SimProcess): Pick<Held, "ports" | "connections" | "datagramPorts" | "processes"> {
  const all: readonly object[] = [...open];
  return {
    ports: all.filter((each) => each instanceof SimPort),
    connections: all.filter((each) => each instanceof StreamTransport),
    datagramPorts: all.filter((each) => each instanceof SimDatagramPort),
    processes: all.filter((each) => each instanceof ChildTransport),
  };
}
