/** A wrapped protocol cannot tell: the same scenarios with and without each policy, and with each pair of them. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { addObserver, captureLogs } from "../core/log/index.ts";
import { buildProtocol, Protocol, type ProtocolFactory } from "../core/protocol.ts";
import type { Clock as ClockInterface } from "../core/time/clock.ts";
import type { TlsFacts } from "../core/tls.ts";
import { Clock, MemoryTransport } from "../testing/index.ts";
import { idleTimeout, limitConnections, ProtocolWrapper, throttle, trafficLog, wrapFactory } from "./index.ts";

type Policy = (factory: ProtocolFactory, clock: ClockInterface) => ProtocolFactory;

/** Each so generous that it changes nothing. */
const POLICIES: Readonly<Record<string, Policy>> = {
  "a plain wrapper": (factory) => wrapFactory(factory, (inner) => new ProtocolWrapper(inner)),
  idleTimeout: (factory, clock) => idleTimeout(factory, { clock, idleTimeoutMs: 1_000_000 }),
  limitConnections: (factory) => limitConnections(factory, { total: 1, perPeer: 1 }),
  "throttle with rates": (factory, clock) => {
    const rates = { readBytesPerSecond: 1e9, writeBytesPerSecond: 1e9 };
    return throttle(factory, { clock, total: rates, perConnection: rates });
  },
  "throttle without rates": (factory, clock) => throttle(factory, { clock }),
  trafficLog: (factory) => trafficLog(factory, { to: () => {} }),
};

interface Scene {
  readonly probe: Probe;
  readonly transport: MemoryTransport;
  readonly remote: MemoryTransport["remote"];
  readonly clock: Clock;
  /** Whatever is due now, happens. */
  settle(): void;
}

interface Scenario {
  readonly halfClose?: boolean;
  readonly script?: Script;
  run(scene: Scene): void;
}

const FAULT = new RangeError("a fault of the protocol");
const fault = () => {
  throw FAULT;
};

const SCENARIOS: Readonly<Record<string, Scenario>> = {
  "bytes both ways, then the peer ends": {
    script: { data: (probe, data) => probe.transport.write(data) },
    run: ({ remote }) => {
      remote.write("one");
      remote.write("two");
      remote.end();
    },
  },
  "text, Latin-1 and bytes leave in order, and nothing after loseConnection": {
    run: ({ probe }) => {
      probe.transport.write("é");
      probe.transport.writeLatin1("é");
      probe.transport.write(Uint8Array.of(1, 2));
      probe.transport.write("");
      probe.transport.loseConnection();
      probe.transport.write("never");
      probe.transport.writeLatin1("never");
      probe.transport.loseWriteConnection();
    },
  },
  "loseConnection waits for a slow peer": {
    run: ({ probe, remote, settle }) => {
      remote.stopTaking();
      probe.transport.write("x".repeat(1_000));
      probe.transport.loseConnection();
      settle();
      probe.events.push(`connected ${probe.transport.connected}`);
      remote.write("never");
      remote.startTaking();
    },
  },
  "loseConnection gives up on a peer that takes nothing": {
    run: ({ probe, remote, clock }) => {
      remote.stopTaking();
      probe.transport.write("x".repeat(200_000));
      probe.transport.loseConnection();
      clock.advance(100_000);
    },
  },
  "abortConnection drops what is written": {
    run: ({ probe, remote }) => {
      remote.stopTaking();
      probe.transport.write("x".repeat(100_000));
      probe.transport.abortConnection();
      probe.transport.abortConnection();
      remote.startTaking();
    },
  },
  "abortConnection after loseConnection": {
    run: ({ probe, remote }) => {
      remote.stopTaking();
      probe.transport.write("x".repeat(100_000));
      probe.transport.loseConnection();
      probe.transport.abortConnection();
    },
  },
  "the peer resets": { run: ({ remote }) => remote.reset() },
  "the peer ends, without half-close: what is buffered still leaves": {
    run: ({ probe, remote }) => {
      remote.stopTaking();
      probe.transport.write("x".repeat(100_000));
      remote.end();
      remote.startTaking();
    },
  },
  "the peer ends first, with half-close": {
    halfClose: true,
    run: ({ probe, remote, settle }) => {
      remote.end();
      settle();
      probe.transport.write("still");
      probe.transport.loseWriteConnection();
      probe.transport.write("never");
    },
  },
  "this side ends first, with half-close": {
    halfClose: true,
    run: ({ probe, remote, settle }) => {
      probe.transport.write("last");
      probe.transport.loseWriteConnection();
      settle();
      remote.write("still");
      remote.end();
    },
  },
  "this side ends its writing, without half-close": {
    run: ({ probe, remote, settle }) => {
      probe.transport.loseWriteConnection();
      settle();
      remote.write("still");
      remote.end();
    },
  },
  "backpressure is told once, and the end of it once": {
    run: ({ probe, remote, settle }) => {
      remote.stopTaking();
      for (let i = 0; i < 5; i += 1) {
        probe.transport.write("x".repeat(30_000));
        probe.events.push(`wrote ${i}`);
      }
      settle();
      remote.startTaking();
      settle();
      probe.transport.write("more");
    },
  },
  "a push producer is paused and resumed, and finishes after loseConnection": {
    run: ({ probe, remote, settle }) => {
      const producer = {
        pauseProducing: () => probe.events.push("pauseProducing"),
        resumeProducing: () => probe.events.push("resumeProducing"),
        stopProducing: () => probe.events.push("stopProducing"),
      };
      remote.stopTaking();
      probe.transport.registerProducer(producer, "push");
      assert.throws(() => probe.transport.registerProducer(producer, "push"), /second producer/);
      probe.transport.write("x".repeat(100_000));
      settle();
      probe.transport.loseConnection();
      remote.startTaking();
      settle();
      probe.transport.write("last");
      probe.transport.unregisterProducer();
      probe.transport.write("never");
    },
  },
  "a pull producer is asked once a drain": {
    run: ({ probe, settle }) => {
      let left = 3;
      const producer = {
        resumeProducing: () => {
          probe.events.push(`asked ${left}`);
          probe.transport.write(`piece ${left}`);
          left -= 1;
          if (left === 0) probe.transport.unregisterProducer();
        },
        stopProducing: () => probe.events.push("stopProducing"),
      };
      probe.transport.registerProducer(producer, "pull");
      settle();
      settle();
      settle();
      probe.transport.loseConnection();
    },
  },
  "a producer that is left is stopped by a loss": {
    run: ({ probe, remote, settle }) => {
      const producer = { resumeProducing: () => {}, stopProducing: () => probe.events.push("stopProducing") };
      probe.transport.registerProducer(producer, "pull");
      remote.reset();
      settle();
      probe.transport.registerProducer(producer, "pull");
    },
  },
  "pauseReading holds bytes back, resumeReading brings them": {
    run: ({ probe, remote, settle }) => {
      probe.transport.pauseReading();
      remote.write("later");
      settle();
      probe.events.push("resuming");
      probe.transport.resumeReading();
      settle();
    },
  },
  "TLS starts in mid-stream": {
    run: ({ probe, transport, settle }) => {
      probe.transport.write("STARTTLS");
      probe.transport.startTls({ side: "client", tls: {} }).addCallback(() => probe.events.push("secure"));
      probe.transport.write("secret");
      settle();
      probe.events.push(`sent ${transport.text()}`);
      transport.completeTls({ protocol: "TLSv1.3" } as TlsFacts);
      probe.events.push(`tls ${probe.transport.tls?.protocol}`);
    },
  },
  "settings of the socket": {
    run: ({ probe, transport }) => {
      probe.transport.setNoDelay(false);
      probe.transport.setKeepAlive(5_000);
      probe.events.push(`${transport.noDelay} ${transport.keepAliveMs}`);
    },
  },
  "connectionMade throws": { script: { made: fault }, run: ({ remote }) => remote.write("never") },
  "dataReceived throws": { script: { data: fault }, run: ({ remote }) => remote.write("data") },
  "connectionLost throws": { script: { lost: fault }, run: ({ remote }) => remote.end() },
  "readConnectionLost throws": { halfClose: true, script: { readEnded: fault }, run: ({ remote }) => remote.end() },
  "writeConnectionLost throws": {
    halfClose: true,
    script: { writeEnded: fault },
    run: ({ probe }) => probe.transport.loseWriteConnection(),
  },
  "writingPaused throws": {
    script: { paused: fault },
    run: ({ probe, remote }) => {
      remote.stopTaking();
      probe.transport.write("x".repeat(100_000));
      remote.startTaking();
    },
  },
  "writingResumed throws": {
    script: { resumed: fault },
    run: ({ probe, remote }) => {
      remote.stopTaking();
      probe.transport.write("x".repeat(100_000));
      remote.startTaking();
    },
  },
  "disposing it loses the connection": { run: ({ probe }) => void probe[Symbol.asyncDispose]() },
};

const NAMES = Object.keys(POLICIES);

for (const [name, scenario] of Object.entries(SCENARIOS)) {
  describe(name, () => {
    const bare = () => traceOf(scenario, (factory) => factory);
    for (const outer of NAMES) {
      const policy = POLICIES[outer] as Policy;
      test(`is the same with ${outer}`, () => {
        assert.deepEqual(traceOf(scenario, policy), bare());
      });
    }
    test("is the same with any two of them", () => {
      for (const outer of NAMES) {
        for (const inner of NAMES) {
          const both: Policy = (factory, clock) =>
            (POLICIES[outer] as Policy)((POLICIES[inner] as Policy)(factory, clock), clock);
          assert.deepEqual(traceOf(scenario, both), bare(), `${outer} around ${inner}`);
        }
      }
    });
  });
}

test("half-close is declared below if the protocol declares it", () => {
  const bare = idleTimeout(() => new Probe({}), { clock: new Clock(), idleTimeoutMs: 1 }).buildProtocol(PEER);
  assert.equal(bare?.readConnectionLost, undefined);
  const half = idleTimeout(() => new HalfCloseProbe({}), { clock: new Clock(), idleTimeoutMs: 1 }).buildProtocol(PEER);
  assert.notEqual(half?.readConnectionLost, undefined);
});

test("a factory that refuses stays one", () => {
  for (const policy of Object.values(POLICIES)) {
    const factory = policy(() => undefined, new Clock());
    assert.equal(typeof factory === "function" ? "function" : factory.buildProtocol(PEER), undefined);
  }
});

test("what a wrapped protocol throws is logged under its own name", () => {
  for (const outer of Object.values(POLICIES)) {
    for (const inner of Object.values(POLICIES)) {
      using logs = captureLogs();
      const clock = new Clock();
      const factory = outer(
        inner(() => new Probe({ data: fault }), clock),
        clock,
      );
      const transport = new MemoryTransport();
      transport.attach(buildProtocol(factory, PEER) as Protocol);
      transport.remote.write("x");
      assert.deepEqual(
        logs.events.filter(({ level }) => level === "error").map(({ protocol }) => protocol),
        ["Probe"],
      );
    }
  }
});

test("disposing a wrapper disposes what is inside", async () => {
  const transport = new MemoryTransport();
  const wrapped = trafficLog(() => new Probe({}), { to: () => {} }).buildProtocol(PEER) as ProtocolWrapper<Probe>;
  transport.attach(wrapped);
  await wrapped[Symbol.asyncDispose]();
  assert.match(wrapped.inner.events.at(-1) ?? "", /^closed ConnectionDone/);
});

interface Script {
  made?(probe: Probe): void;
  data?(probe: Probe, data: Uint8Array): void;
  paused?(): void;
  resumed?(): void;
  readEnded?(): void;
  writeEnded?(): void;
  lost?(): void;
}

class Probe extends Protocol {
  readonly events: string[] = [];
  readonly script: Script;
  constructor(script: Script) {
    super();
    this.script = script;
  }
  override connectionMade(): void {
    const { transport } = this;
    this.events.push(`made ${transport.connected} ${JSON.stringify([transport.peer, transport.local, transport.tls])}`);
    transport.whenClosed().addCallback((reason) => this.events.push(`closed ${reason}`));
    this.script.made?.(this);
  }
  override dataReceived(data: Uint8Array): void {
    this.events.push(`data ${new TextDecoder().decode(data)}`);
    this.script.data?.(this, data);
  }
  override writingPaused(): void {
    this.events.push("paused");
    this.script.paused?.();
  }
  override writingResumed(): void {
    this.events.push("resumed");
    this.script.resumed?.();
  }
  override connectionLost(reason: Error): void {
    this.events.push(`lost ${reason} connected ${this.transport.connected}`);
    this.script.lost?.();
  }
}

class HalfCloseProbe extends Probe {
  override readConnectionLost(): void {
    this.events.push("read ended");
    this.script.readEnded?.();
  }
  override writeConnectionLost(): void {
    this.events.push("write ended");
    this.script.writeEnded?.();
  }
}

/** What the protocol and the peer saw, and that no timer is left. */
function traceOf({ halfClose = false, script = {}, run }: Scenario, policy: Policy): unknown {
  const clock = new Clock();
  const transport = new MemoryTransport({ clock });
  const probe = halfClose ? new HalfCloseProbe(script) : new Probe(script);
  const factory = policy(() => probe, clock);
  const protocol = typeof factory === "function" ? factory(transport.peer) : factory.buildProtocol(transport.peer);
  assert.ok(protocol !== undefined);
  // The faults are part of the scenario; their log is not for the screen.
  using _observer = addObserver(() => {});
  const thrown = transport.attach(protocol);
  const { remote } = transport;
  const settle = () => {
    for (let i = 0; i < 5; i += 1) {
      transport.settle();
      clock.advance(0);
    }
    transport.settle();
  };
  settle();
  run({ probe, transport, remote, clock, settle });
  settle();
  const sent = new TextDecoder().decode(transport.bytes());
  const seen = { thrown, events: [...probe.events], sent, sawEnd: remote.sawEnd, sawReset: remote.sawReset };
  // Whatever is still open ends here, so that each policy shows that it leaves no timer behind.
  probe.transport.abortConnection();
  settle();
  return {
    ...seen,
    lost: probe.events.filter((event) => event.startsWith("lost")).length,
    timers: clock.getDelayedCalls().length,
  };
}

const PEER = { kind: "tcp", host: "192.0.2.1", port: 1, family: 4 } as const;
