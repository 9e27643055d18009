/** ClientService on a simulated network for a whole day: when exactly it calls a server that comes and goes. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Protocol } from "../core/protocol.ts";
import type { Reactor } from "../core/reactor.ts";
import { deferLater } from "../core/time/defer-later.ts";
import { LoopingCall } from "../core/time/looping-call.ts";
import { type Packet, Simulation } from "../sim/index.ts";
import { type BackoffOptions, backoff, type ReconnectPolicy } from "./backoff.ts";
import { ClientService } from "./client-service.ts";
import { listen } from "./connect.ts";

describe("ClientService and a server that is there for 20 minutes of each hour, for a day", () => {
  for (const options of [{ factor: 2, maxDelayMs: 600_000, jitter: 0 }, { factor: 2, maxDelayMs: 600_000 }, {}]) {
    test(`calls at the very instants that backoff(${JSON.stringify(options)}) says`, async () => {
      const { calls, connections } = await dayOf(options, 7);
      assert.deepEqual(calls, expectedCalls(backoff(options), randomOfClient(7)));
      assert.equal(connections, 24);
    });
  }

  test("calls at the same instants again with the same seed, and at others with another one", async () => {
    const options = { factor: 2, maxDelayMs: 600_000 };
    const [one, again, other] = [await dayOf(options, 1), await dayOf(options, 1), await dayOf(options, 2)];
    assert.deepEqual(again, one);
    assert.notDeepEqual(other.calls, one.calls);
  });
});

/** Runs the day, and answers when the client sent a SYN and how often it got through. */
async function dayOf(options: BackoffOptions, seed: number): Promise<{ calls: number[]; connections: number }> {
  const sim = new Simulation({ seed });
  const client = sim.host("client");
  let connections = 0;
  const greet = (): Protocol => {
    connections += 1;
    return new Protocol();
  };
  sim.host("server", { program: (reactor) => keepHours(reactor, greet) });
  const calls: number[] = [];
  sim.observe({ packetSent: (packet, timeMs) => void (isCall(packet) && calls.push(timeMs)) });
  const service = new ClientService(client.reactor, "tcp:server:7", () => new Protocol(), { policy: backoff(options) });
  await sim.advance(START_MS);
  service.startService();
  await sim.advance(DAY_MS - START_MS);
  return { calls, connections };
}

/** Opens at each full hour, and 20 minutes later closes with everybody who is there. */
function keepHours(reactor: Reactor, greet: () => Protocol): void {
  new LoopingCall(reactor, async () => {
    const guests: Protocol[] = [];
    const port = await listen(reactor, "tcp:7", () => {
      const guest = greet();
      guests.push(guest);
      return guest;
    });
    await deferLater(reactor, OPEN_MS);
    for (const { transport } of guests) transport.loseConnection();
    await port.stopListening();
  }).start(HOUR_MS);
}

/** What the policy makes of the day, reckoned without a network: a call takes a millisecond each way. */
function expectedCalls(policy: ReconnectPolicy, random: () => number): number[] {
  const calls: number[] = [];
  let retries = 0;
  for (let callMs = START_MS; callMs <= DAY_MS; ) {
    calls.push(callMs);
    const arrivesMs = callMs + 1;
    const sinceHourMs = arrivesMs % HOUR_MS;
    const isOpen = sinceHourMs < OPEN_MS;
    if (isOpen) retries = 0;
    const failedMs = (isOpen ? arrivesMs - sinceHourMs + OPEN_MS : arrivesMs) + 1;
    callMs = failedMs + policy(retries, random);
    retries += 1;
  }
  return calls;
}

/** What the client's reactor draws its random numbers from: the seed, and the host's name. */
function randomOfClient(seed: number): () => number {
  const { reactor } = new Simulation({ seed }).host("client");
  return () => reactor.random();
}

function isCall({ flags, isRetransmission }: Packet): boolean {
  return flags === SYN && !isRetransmission;
}

const SYN = 2;
/** The server must have opened. */
const START_MS = 1;
const HOUR_MS = 3_600_000;
const OPEN_MS = 1_200_000;
const DAY_MS = 24 * HOUR_MS;
