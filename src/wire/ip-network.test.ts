import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseIp } from "./ip.ts";
import { IpNetwork } from "./ip-network.ts";

describe("a network", () => {
  for (const [description, inside, outside] of [
    ["10.0.0.0/8", ["10.0.0.0", "10.255.255.255"], ["9.255.255.255", "11.0.0.0", "::ffff:10.0.0.1"]],
    ["192.168.4.0/22", ["192.168.4.0", "192.168.7.255"], ["192.168.3.255", "192.168.8.0"]],
    ["127.0.0.1", ["127.0.0.1"], ["127.0.0.0", "127.0.0.2"]],
    ["0.0.0.0/0", ["0.0.0.0", "255.255.255.255"], ["::1"]],
    ["2001:db8::/33", ["2001:db8:7fff::1"], ["2001:db8:8000::1", "2001:db9::"]],
    ["::1", ["::1"], ["::2", "127.0.0.1"]],
  ] as const) {
    it(`${description} has its own addresses and no others`, () => {
      const network = new IpNetwork(description);
      const covers = (host: string) => network.covers(parseIp(host) as Uint8Array);
      assert.deepEqual([inside.filter(covers), outside.filter(covers)], [inside, []]);
    });
  }

  for (const description of ["", "rope", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/8/8", "::/129", "10.0.0.0/-1"]) {
    it(`is not ${JSON.stringify(description)}`, () => {
      assert.throws(() => new IpNetwork(description), /a network is an IP address, and perhaps \/bits/);
    });
  }
});
