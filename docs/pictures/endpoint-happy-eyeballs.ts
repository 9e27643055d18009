import { connect, listen, Protocol } from "ropewalk";
import { Simulation } from "ropewalk/sim";
import { drawTimeline, type Row } from "./lib/timeline.ts";

/** A name with three addresses of which the first does not answer: when each of them is tried. */
export default async function picture(): Promise<string> {
  const sim = new Simulation({ seed: 1 });
  const client = sim.host("client", { addresses: ["2001:db8::9", "10.0.0.9"] });
  const serve = { program: (reactor: Parameters<typeof listen>[0]) => listen(reactor, "tcp:80", () => new Protocol()) };
  const silent = sim.host("silent", { addresses: ["2001:db8::1"] });
  sim.host("far", { addresses: ["10.0.0.2"], ...serve });
  sim.host("near", { addresses: ["2001:db8::3"], ...serve });
  const addresses = ["2001:db8::1", "10.0.0.2", "2001:db8::3"];
  sim.zone.set("shop.example", ...addresses);
  sim.link("client", "far", { latencyMs: 200 });
  sim.link("client", "near", { latencyMs: 20 });
  silent.crash();
  const trace = sim.trace();
  const fromMs = sim.nowMs;
  const connected = await sim.run(() => connect(client.reactor, "tcp:shop.example:80", () => new Protocol()));
  const endMs = sim.nowMs - fromMs;
  const peer = connected.transport.peer;
  const winner = "host" in peer ? peer.host : "";
  await sim.advance(1_000);

  const rows: Row[] = [];
  for (const event of trace.events) {
    if (event.type !== "packet" || (event.flags & SYN_ACK) !== SYN || event.isRetransmission) continue;
    const { address } = event.to;
    const sentMs = event.timeMs - fromMs;
    const hasWon = address === winner;
    rows.push({
      label: address,
      spans: [
        {
          kind: hasWon ? "worker" : "failed",
          fromMs: sentMs,
          toMs: endMs,
          label: hasWon ? `connected at ${endMs} ms` : "dropped",
        },
      ],
    });
  }
  return drawTimeline({
    title: "A name with several addresses",
    description: `shop.example stands for ${addresses.join(", ")}. ${rows.map(({ label, spans }) => `${label} is tried at ${spans?.[0]?.fromMs} ms: ${spans?.[0]?.label}`).join(". ")}`,
    panels: [{ rows }],
    endMs: 600,
    tickMs: 100,
    tail: 110,
    key: [
      ["worker", "an attempt that connects"],
      ["failed", "one that is not needed any more"],
    ],
    note: "Recorded in a simulation: the first address never answers, the others are 200 and 20 ms away.",
  });
}

const SYN = 2;
const SYN_ACK = 18;
