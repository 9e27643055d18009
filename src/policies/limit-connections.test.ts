import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Address } from "../core/address.ts";
import { Protocol } from "../core/protocol.ts";
import { MemoryTransport } from "../testing/index.ts";
import { type ConnectionLimits, limitConnections } from "./limit-connections.ts";
import { peerKey } from "./peer-key.ts";

describe("limitConnections", () => {
  test("refuses beyond the total, and takes the next when one has ended", () => {
    const { dial } = limited({ total: 2 });
    const first = dial(host("192.0.2.1"));
    dial(host("192.0.2.2"));
    assert.equal(dial(host("192.0.2.3")), undefined);
    first?.remote.end();
    assert.notEqual(dial(host("192.0.2.3")), undefined);
    assert.equal(dial(host("192.0.2.4")), undefined);
  });

  test("refuses beyond the limit of one peer, whatever its port, and nobody else", () => {
    const { dial } = limited({ perPeer: 2 });
    const first = dial(host("192.0.2.1", 1));
    dial(host("192.0.2.1", 2));
    assert.equal(dial(host("192.0.2.1", 3)), undefined);
    assert.notEqual(dial(host("192.0.2.2")), undefined);
    first?.remote.reset();
    assert.notEqual(dial(host("192.0.2.1", 4)), undefined);
  });

  test("without limits takes everybody", () => {
    const { dial } = limited({});
    for (let port = 1; port < 50; port += 1) assert.notEqual(dial(host("192.0.2.1", port)), undefined);
  });

  test("a limit of 0 takes nobody, and does not ask the factory", () => {
    const factory = limitConnections(() => assert.fail("asked"), { total: 0 });
    assert.equal(factory.buildProtocol(host("192.0.2.1")), undefined);
  });

  test("what is never connected, and what the factory refuses, does not count", () => {
    const { dial, factory } = limited({ total: 1 });
    factory.buildProtocol(host("192.0.2.1"));
    limitConnections(() => undefined, { total: 1 }).buildProtocol(host("192.0.2.1"));
    assert.notEqual(dial(host("192.0.2.1")), undefined);
  });

  test("a connection whose connectionMade throws, or whose connectionLost does, stops to count", () => {
    for (const method of ["connectionMade", "connectionLost"] as const) {
      const { dial, faults } = limited({ total: 1, perPeer: 1 });
      faults.add(method);
      dial(host("192.0.2.1"))?.remote.end();
      assert.notEqual(dial(host("192.0.2.1")), undefined);
    }
  });

  test("an IPv6 host is its /64 network", () => {
    const { dial } = limited({ perPeer: 1 });
    dial(host("2001:db8::1"));
    assert.equal(dial(host("2001:db8:0:0:ffff::2")), undefined);
    assert.notEqual(dial(host("2001:db8:0:1::1")), undefined);
  });

  test("peers that cannot be told apart are not limited as one", () => {
    const { dial } = limited({ perPeer: 1 });
    for (let i = 0; i < 3; i += 1) assert.notEqual(dial({ kind: "unix", path: "" }), undefined);
  });

  test("a limit that is no number of at least 0 is refused", () => {
    assert.throws(() => limitConnections(() => undefined, { total: -1 }), RangeError);
    assert.throws(() => limitConnections(() => undefined, { perPeer: Number.NaN }), RangeError);
  });
});

describe("peerKey", () => {
  for (const [address, key] of [
    ["192.0.2.1", "192.0.2.1"],
    ["::ffff:192.0.2.1", "192.0.2.1"],
    ["::1", "0:0:0:0::/64"],
    ["::", "0:0:0:0::/64"],
    ["2001:0db8::", "2001:db8:0:0::/64"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["2001:db8:1:2:3:4:192.0.2.1", "2001:db8:1:2::/64"],
    ["1::2:3:4:5:192.0.2.1", "1:0:2:3::/64"],
    ["fe80::1%eth0", "fe80:0:0:0::/64"],
  ] as const) {
    test(`of ${address} is ${key}`, () => {
      assert.equal(peerKey(host(address)), key);
    });
  }
});

function limited(limits: ConnectionLimits) {
  const faults = new Set<"connectionMade" | "connectionLost">();
  const faulty = (method: "connectionMade" | "connectionLost") => {
    if (faults.delete(method)) throw new Error("a fault of the protocol");
  };
  class Faulty extends Protocol {
    override connectionMade(): void {
      faulty("connectionMade");
    }
    override connectionLost(): void {
      faulty("connectionLost");
    }
  }
  const factory = limitConnections(() => new Faulty(), limits);
  const dial = (peer: Address): MemoryTransport | undefined => {
    const protocol = factory.buildProtocol(peer);
    if (protocol === undefined) return undefined;
    const transport = new MemoryTransport({ peer });
    transport.attach(protocol);
    transport.settle();
    return transport;
  };
  return { dial, factory, faults };
}

function host(address: string, port = 1): Address {
  return { kind: "tcp", host: address, port, family: address.includes(":") ? 6 : 4 };
}
