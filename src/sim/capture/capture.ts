import type { Selector } from "../network/link-options.ts";
import { isSelected, type Network, type NetworkHost } from "../network/network.ts";
import { FileSink } from "../node/file-sink.ts";
import type { Observers } from "../trace/observer.ts";
import { PacketCapture } from "./packet-capture.ts";
import { type ByteSink, PcapngWriter } from "./pcapng-writer.ts";

/** A recording that is under way. Disposed of, it has written all, and has closed its file. */
export type Capture = Disposable & AsyncDisposable;

/** What to record. */
export interface CaptureOptions {
  /** On whose interfaces; default `"*"`, which has what passes between two hosts twice: when it left, and when it came. */
  readonly hosts?: Selector | undefined;
}

/** Records what happens from now on, into the file of that path or into a sink. */
export function startCapture(recorded: Recorded, to: string | ByteSink, { hosts = "*" }: CaptureOptions): Capture {
  const { network, observers, seed, wallStartMs } = recorded;
  network.checkSelector(hosts);
  const file = typeof to === "string" ? new FileSink(to) : undefined;
  const writer = new PcapngWriter(file ?? (to as ByteSink), `Simulation with seed ${seed}`);
  const capture = new PacketCapture(writer, wallStartMs, (hostId) =>
    isSelected(network.hosts[hostId] as NetworkHost, hosts),
  );
  const watching = observers.add(capture);
  let isOver = false;
  const end = (): void => {
    if (isOver) return;
    isOver = true;
    watching[Symbol.dispose]();
    capture.end();
    file?.close();
  };
  return { [Symbol.dispose]: end, [Symbol.asyncDispose]: async () => end() };
}

/** What a recording needs of a simulation. */
export interface Recorded {
  readonly network: Network;
  readonly observers: Observers;
  readonly seed: number;
  readonly wallStartMs: number;
}
