/** TLS on the simulator, beyond what the conformance suites ask: one seed is one run, and time is virtual. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  type Address,
  type Deferred,
  type Port,
  Protocol,
  type TlsClientOptions,
  type TlsServerOptions,
} from "ropewalk";
import { type SimHost, Simulation } from "ropewalk/sim";
import { makeIdentity } from "../conformance/identity.ts";
import { runTls } from "./tls-program.ts";

const [one, other] = [makeIdentity("one.test"), makeIdentity("other.test")];
const client: TlsClientOptions = { trustRoots: one.cert, servername: "one.test" };

describe("a simulation with TLS", () => {
  test("is the same in every run of one seed, though the ciphertext is not", async () => {
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      const { sentBytes, ...run } = await runTls(seed, one, other);
      const { sentBytes: otherBytes, ...again } = await runTls(seed, one, other);
      assert.deepEqual(again, run, `seed ${seed}`);
      assert.notDeepEqual(otherBytes, sentBytes);
    }
  });

  test("is another one for another seed", async () => {
    const [first, second] = [await runTls(1, one, other), await runTls(2, one, other)];
    assert.notEqual(first.hash, second.hash);
  });

  test("gives a handshake its time in virtual time, at both ends", async () => {
    const { sim, server, listen, connect } = world();
    const silent = await sim.until(server.reactor.listenTcp({ port: 1 }, () => new Keeper()));
    await assert.rejects(sim.until(connect(silent, { ...client, handshakeTimeoutMs: 5_000 })), {
      name: "TlsError",
      message: "TLS handshake failed: Peer did not finish it within 5000 ms",
    });
    assert.equal(Math.round(sim.nowMs), 5_002);

    const port = await sim.until(listen({ identity: one, handshakeTimeoutMs: 7_000 }));
    const keeper = new Keeper();
    await sim.until(server.reactor.connectTcp({ host: "server", port: portOf(port.address) }, () => keeper));
    const startMs = sim.nowMs;
    await sim.until(() => keeper.reason !== undefined);
    assert.equal(Math.round(sim.nowMs - startMs), 7_000);
  });

  test("tells an end without close_notify from one with it", async () => {
    const { sim, server, accepted, listen, connect } = world();
    const port = await sim.until(listen({ identity: one }));
    const whole = await sim.until(connect(port, client));
    const cut = await sim.until(connect(port, client));
    await sim.advance(100);
    (accepted[0] as Keeper).transport.loseConnection();
    await sim.advance(100);
    server.kill();
    await sim.advance(100);
    assert.deepEqual([whole.reason?.name, cut.reason?.name], ["ConnectionDone", "ConnectionLost"]);
    assert.match(cut.reason?.message ?? "", /close_notify/);
  });

  test("gives the keys of each handshake to the observers, at both ends, in the form that Wireshark reads", async () => {
    const { sim, listen, connect } = world();
    const lines: string[] = [];
    sim.observe({ keysLogged: (line) => lines.push(line) });
    const port = await sim.until(listen({ identity: one }));
    await sim.until(connect(port, client));
    await sim.advance(100);
    const different = [...new Set(lines)];
    assert.equal(lines.length, 2 * different.length);
    const labels = different.map((line) => /^([A-Z_0-9]+) [0-9a-f]{64} [0-9a-f]{64,}$/.exec(line)?.[1]);
    assert.deepEqual(labels.toSorted(), [
      "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
      "CLIENT_TRAFFIC_SECRET_0",
      "EXPORTER_SECRET",
      "SERVER_HANDSHAKE_TRAFFIC_SECRET",
      "SERVER_TRAFFIC_SECRET_0",
    ]);
  });

  test("refuses to listen with a key that is none", async () => {
    const { sim, listen } = world();
    const spoilt = { cert: one.cert, key: "no key" };
    await assert.rejects(sim.until(listen({ identity: spoilt })), { name: "ListenError", message: /not usable/ });
    await sim.until(listen({ identity: one }));
  });

  test("a client certificate that is not accepted ends the connection at both ends", async () => {
    const { sim, accepted, listen, connect } = world();
    const port = await sim.until(listen({ identity: one, clientCertificates: "require", trustRoots: one.cert }));
    const known = await sim.until(connect(port, { ...client, identity: one }));
    const unknown = await sim.until(connect(port, { ...client, identity: other }));
    await sim.advance(1_000);
    assert.equal(known.reason, undefined);
    assert.equal(unknown.reason?.name, "ConnectionLost");
    assert.equal(accepted.length, 1);
  });

  test("survives a crash in the middle of a handshake", async () => {
    const { sim, server, listen, connect } = world();
    const port = await sim.until(listen({ identity: one }));
    const connecting = connect(port, client);
    await sim.advance(2.5);
    server.crash();
    await sim.advance(1_000);
    server.restart();
    await assert.rejects(sim.until(connecting), { name: "TlsError" });
  });

  test("does not resume a session with a server that was started anew", async () => {
    const { sim, server, listen, connect } = world();
    const tls = { identity: one };
    const sessions: boolean[] = [];
    let port: Port | undefined;
    let session: Uint8Array | undefined;
    for (const kills of [false, false, true]) {
      if (kills) server.kill();
      if (port === undefined || kills) port = await sim.until(listen(tls));
      const keeper = await sim.until(connect(port, { ...client, session }));
      await sim.advance(100);
      sessions.push(keeper.transport.tls?.resumed === true);
      session = keeper.transport.tls?.session;
    }
    assert.deepEqual(sessions, [false, true, false]);
  });
});

class Keeper extends Protocol {
  reason: Error | undefined = undefined;

  override connectionLost(reason: Error): void {
    this.reason = reason;
  }
}

interface World {
  readonly sim: Simulation;
  readonly server: SimHost;
  /** What the server has accepted, in order. */
  readonly accepted: Keeper[];
  listen(tls: TlsServerOptions): Deferred<Port>;
  connect(port: Port, tls: TlsClientOptions): Deferred<Keeper>;
}

function world(): World {
  const sim = new Simulation({ seed: 1 });
  const [server, caller] = [sim.host("server"), sim.host("client")];
  const accepted: Keeper[] = [];
  const accept = (): Keeper => {
    const keeper = new Keeper();
    accepted.push(keeper);
    return keeper;
  };
  return {
    sim,
    server,
    accepted,
    listen: (tls) => server.reactor.listenTcp({ port: 0, tls }, accept),
    connect: ({ address }, tls) => {
      const options = { host: "server", port: portOf(address), tls };
      return caller.reactor.connectTcp(options, () => new Keeper());
    },
  };
}

function portOf(address: Address): number {
  return address.kind === "tcp" ? address.port : 0;
}

const SEEDS = 50;
