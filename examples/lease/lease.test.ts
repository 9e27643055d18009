import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { DatagramProtocol } from "ropewalk";
import { type SimHost, Simulation } from "ropewalk/sim";
import { LeaseNode, type LeaseOptions } from "./lease.ts";

const TERM_MS = 3_000;
const PORT = 9_000;

class Node extends LeaseNode {
  readonly said: string[] = [];

  protected override gained(): void {
    this.said.push("gained");
  }

  protected override lost(): void {
    this.said.push("lost");
  }
}

class Cluster {
  readonly sim: Simulation = new Simulation({ seed: 3 });
  readonly nodes: Map<SimHost, Node> = new Map();

  constructor(size: number, options: Partial<LeaseOptions> = {}) {
    for (let at = 1; at <= size; at += 1) {
      this.sim.host(`n${at}`, {
        program: (reactor, host) => {
          const others = this.sim.hosts.filter((one) => one !== host && one.name.startsWith("n"));
          const peers = others.map(({ address }) => ({ host: address, port: PORT }));
          const node = new Node(reactor, { peers, termMs: TERM_MS, ...options });
          this.nodes.set(host, node);
          return reactor.listenUdp({ port: PORT }, node);
        },
      });
    }
  }

  get leaders(): SimHost[] {
    return [...this.nodes].flatMap(([host, { leads }]) => (leads && host.isUp ? [host] : []));
  }

  /** Waits until somebody leads. */
  async leader(): Promise<SimHost> {
    await this.sim.until(() => this.leaders.length > 0);
    return this.leaders[0] as SimHost;
  }
}

describe("a leader lease", () => {
  test("is nobody's within the first term, for it may be somebody's from before; then soon one's, who keeps it", async () => {
    const cluster = new Cluster(5);
    await cluster.sim.advance(TERM_MS);
    assert.deepEqual(cluster.leaders, []);
    const leader = await cluster.leader();
    assert.ok(cluster.sim.nowMs < 2 * TERM_MS);
    await cluster.sim.advance(100 * TERM_MS);
    assert.deepEqual(cluster.leaders, [leader]);
    const said = [...cluster.nodes.values()].map((node) => node.said);
    assert.deepEqual(said.flat(), ["gained"]);
  });

  test("is somebody else's when the leader has crashed, but not before its lease is over", async () => {
    const cluster = new Cluster(5);
    const leader = await cluster.leader();
    const crashedMs = cluster.sim.nowMs;
    leader.crash();
    const heir = await cluster.leader();
    assert.notEqual(heir, leader);
    assert.ok(cluster.sim.nowMs - crashedMs > 0.9 * TERM_MS);
  });

  test("ends by itself when the leader is cut off, before another one begins", async () => {
    const cluster = new Cluster(5);
    const { sim, nodes } = cluster;
    const leader = await cluster.leader();
    sim.rule(({ from, to }) => (from.name === leader.name || to?.name === leader.name ? { lose: "cut" } : undefined));
    await sim.until(() => cluster.leaders.length === 0);
    assert.deepEqual(nodes.get(leader)?.said, ["gained", "lost"]);
    assert.notEqual(await cluster.leader(), leader);
  });

  test("is nobody's without a majority", async () => {
    const cluster = new Cluster(5);
    for (const name of ["n1", "n2", "n3"]) cluster.sim.host(name).crash();
    await cluster.sim.advance(20 * TERM_MS);
    assert.deepEqual(cluster.leaders, []);
    cluster.sim.host("n3").restart();
    await cluster.leader();
  });

  test("is not granted again by those who have just restarted", async () => {
    const cluster = new Cluster(3);
    const leader = await cluster.leader();
    for (const host of cluster.sim.hosts) if (host !== leader) host.kill();
    leader.crash();
    const killedMs = cluster.sim.nowMs;
    await cluster.leader();
    assert.ok(cluster.sim.nowMs - killedMs >= TERM_MS);
  });

  test("is not granted to strangers", async () => {
    const cluster = new Cluster(3);
    const { sim, nodes } = cluster;
    await sim.advance(1);
    const stranger = sim.host("stranger");
    const answers: string[] = [];
    class Stranger extends DatagramProtocol {
      override datagramReceived(data: Uint8Array): void {
        answers.push(new TextDecoder().decode(data));
      }
    }
    const port = await sim.run(() => stranger.reactor.listenUdp({ port: PORT }, new Stranger()));
    for (let count = 0; count < 100; count += 1) {
      for (const { address } of nodes.keys()) port.write(`ask ${count}`, { host: address, port: PORT });
      await sim.advance(TERM_MS / 10);
    }
    assert.deepEqual(answers, []);
  });

  test("is the only node's own, in a cluster of one", async () => {
    const cluster = new Cluster(1);
    await cluster.leader();
    await cluster.sim.advance(10 * TERM_MS);
    assert.equal(cluster.leaders.length, 1);
  });
});
