import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { DatagramProtocol } from "../../core/datagram.ts";
import { ListenError } from "../../core/errors.ts";
import { Simulation } from "../simulation.ts";

describe("simulated UDP", () => {
  test("a group is heard by its members, on whatever host, and by the sender unless it says otherwise", async () => {
    const { sim, ears } = await makeEars(3);
    const [one, two, three] = ears as [Ear, Ear, Ear];
    for (const ear of [one, two]) ear.transport.joinGroup("239.1.2.3");
    one.transport.write("to all", { host: "239.1.2.3", port: 7 });
    await sim.advance(10);
    assert.deepEqual([one.heard, two.heard, three.heard], [["to all"], ["to all"], []]);
    one.transport.setMulticastLoopback(false);
    one.transport.write("to the others", { host: "239.1.2.3", port: 7 });
    await sim.advance(10);
    assert.equal(one.heard.length, 1);
    assert.equal(two.heard.length, 2);
    two.transport.leaveGroup("239.1.2.3");
    one.transport.write("to nobody", { host: "239.1.2.3", port: 7 });
    await sim.advance(10);
    assert.equal(two.heard.length, 2);
    assert.throws(() => two.transport.leaveGroup("239.1.2.3"), { code: "EADDRNOTAVAIL" });
    assert.throws(() => two.transport.joinGroup("10.0.0.1"), { code: "EINVAL" });
  });

  test("with a reach of 0 hops a group stays in its host", async () => {
    const { sim, ears } = await makeEars(2);
    const [one, two] = ears as [Ear, Ear];
    for (const ear of [one, two]) ear.transport.joinGroup("239.1.2.3");
    one.transport.setMulticastTtl(0);
    one.transport.write("quietly", { host: "239.1.2.3", port: 7 });
    await sim.advance(10);
    assert.deepEqual([one.heard, two.heard], [["quietly"], []]);
  });

  test("each who hears a group gets bytes of their own", async () => {
    const { sim, ears } = await makeEars(3);
    for (const ear of ears) {
      ear.transport.joinGroup("239.1.2.3");
      ear.spoils = true;
    }
    ears[0]?.transport.write("whole", { host: "239.1.2.3", port: 7 });
    await sim.advance(10);
    for (const ear of ears) assert.deepEqual(ear.heard, ["whole"]);
  });

  test("a datagram that is larger than any can be is lost at once, and the largest is not", async () => {
    const { sim, ears } = await makeEars(2);
    const [one, two] = ears as [Ear, Ear];
    let sent = 0;
    sim.observe({
      packetSent() {
        sent += 1;
      },
    });
    const to = { host: sim.host("h1").address, port: 7 };
    one.transport.write(new Uint8Array(65_508), to);
    assert.equal(sent, 0);
    one.transport.write("x".repeat(65_507), to);
    await sim.advance(10);
    assert.deepEqual([sent, two.heard.map(({ length }) => length)], [1, [65_507]]);
  });

  test("a broadcast reaches all others, if the port may send one", async () => {
    const { sim, ears } = await makeEars(3);
    const [one, two, three] = ears as [Ear, Ear, Ear];
    one.transport.write("refused", { host: "10.0.0.255", port: 7 });
    one.transport.setBroadcast(true);
    one.transport.write("hear", { host: "255.255.255.255", port: 7 });
    await sim.advance(10);
    assert.deepEqual([one.heard, two.heard, three.heard], [[], ["hear"], ["hear"]]);
  });

  test("IPv6 has its own ports and groups", async () => {
    const sim = new Simulation();
    const hosts = ["a", "b"].map((name, at) => sim.host(name, { addresses: [`10.0.0.${at + 1}`, `fd00::${at + 1}`] }));
    const ears = hosts.map(() => new Ear());
    for (const [at, host] of hosts.entries()) await host.reactor.listenUdp({ port: 7, family: 6 }, ears[at] as Ear);
    const [one, two] = ears as [Ear, Ear];
    two.transport.joinGroup("ff02::1234");
    one.transport.write("group", { host: "ff02::1234", port: 7 });
    one.transport.write("one", { host: "fd00::2", port: 7 });
    await sim.advance(10);
    assert.deepEqual(two.heard, ["group", "one"]);
    assert.deepEqual(two.senders, ["fd00::1", "fd00::1"]);
    assert.throws(() => one.transport.write("x", { host: "10.0.0.2", port: 7 }), /family 6/);
  });

  test("two ports of one number need the leave to share it, or different addresses", async () => {
    const sim = new Simulation();
    const { reactor } = sim.host("a");
    await reactor.listenUdp({ port: 7, reuseAddress: true }, new Ear());
    await reactor.listenUdp({ port: 7, reuseAddress: true }, new Ear());
    await assert.rejects(async () => await reactor.listenUdp({ port: 7 }, new Ear()), ListenError);
    await reactor.listenUdp({ port: 8, host: "127.0.0.1" }, new Ear());
    await reactor.listenUdp({ port: 8, host: "127.0.0.2" }, new Ear());
    await assert.rejects(async () => await reactor.listenUdp({ port: 9, host: "10.9.9.9" }, new Ear()), {
      code: "EADDRNOTAVAIL",
    });
  });

  test("a datagram to nobody's address is lost, one to nobody's port is answered", async () => {
    const { sim, ears } = await makeEars(2);
    const [one] = ears as [Ear];
    const lost: string[] = [];
    using _watch = sim.observe({ packetLost: (_packet, _now, reason) => void lost.push(reason) });
    one.transport.write("x", { host: "10.9.9.9", port: 7 });
    await one.transport.connect({ host: "10.0.0.2", port: 99 });
    one.transport.write("x");
    await sim.advance(10);
    assert.deepEqual(lost, ["no such address"]);
    assert.equal(one.refusals, 1);
  });
});

class Ear extends DatagramProtocol {
  readonly heard: string[] = [];
  readonly senders: string[] = [];
  refusals = 0;
  spoils = false;

  override datagramReceived(data: Uint8Array, from: { readonly host: string }): void {
    this.heard.push(new TextDecoder().decode(data));
    this.senders.push(from.host);
    if (this.spoils) data.fill(0);
  }

  override connectionRefused(): void {
    this.refusals += 1;
  }
}

async function makeEars(count: number): Promise<{ readonly sim: Simulation; readonly ears: readonly Ear[] }> {
  const sim = new Simulation();
  const ears = Array.from({ length: count }, () => new Ear());
  for (const [at, ear] of ears.entries()) await sim.host(`h${at}`).reactor.listenUdp({ port: 7 }, ear);
  return { sim, ears };
}
