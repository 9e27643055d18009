import { Protocol } from "ropewalk";
import { backoff, ClientService } from "ropewalk/endpoints";
import { MemoryReactor } from "ropewalk/testing";
import { drawTimeline, type Row } from "./lib/timeline.ts";

/** A client whose server is away for a minute: when it tries. */
export default async function picture(): Promise<string> {
  const reactor = new MemoryReactor();
  const service = new ClientService(reactor, "tcp:example.org:80", () => new Protocol(), {
    policy: backoff({ jitter: 0 }),
  });
  const rows: Row[] = [];
  service.startService();
  let lastMs = 0;
  for (let attempt = 1; reactor.now() <= 60_000; attempt += 1) {
    const atMs = reactor.now();
    const waited = { kind: "waiting" as const, fromMs: lastMs, toMs: atMs };
    reactor.connects.at(-1)?.refuse();
    rows.push({
      label: `attempt ${attempt}`,
      spans: attempt === 1 ? [] : [waited],
      instants: [{ kind: "failed", atMs, label: `${(atMs / 1_000).toFixed(1)} s` }],
    });
    lastMs = atMs;
    const [next] = reactor.getDelayedCalls();
    reactor.advance((next?.time ?? atMs) - atMs);
  }
  await service.stopService();
  return drawTimeline({
    title: "When a client tries again",
    description: `${rows.length} attempts within a minute: ${rows.map(({ instants }) => instants?.[0]?.label).join(", ")}`,
    panels: [{ rows }],
    endMs: 60_000,
    tickMs: 10_000,
    tick: (ms) => `${ms / 1_000} s`,
    key: [
      ["waiting", "waits, each time half as long again"],
      ["failed", "is refused"],
    ],
    tail: 30,
  });
}
