import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { NetworkInterface } from "../network/interface.ts";
import { ACK, type Packet, PSH, SYN } from "../network/packet.ts";
import { encodeFrame } from "./frame.ts";

describe("a packet as a frame", () => {
  test("TCP over IPv4, its numbers reduced to 32 bits", () => {
    assert.equal(
      hex({ sequence: 2 ** 32 + 5, flags: SYN, windowBytes: 65_535 }),
      "0200000000010200000000000800 4500002800014000400626cd0a0000010a000002 c001005000000005000000005002ffffdb890000",
    );
  });

  test("TCP over IPv6", () => {
    const segment = { sequence: 2 ** 32 + 6, acknowledgment: 77, flags: PSH | ACK, windowBytes: 65_535, data: HEY };
    assert.equal(
      hex({ from: A6, to: B6, ...segment }),
      "02000000000102000000000086dd 600000000017064020010db800000000000000000000000120010db8000000000000000000000002 " +
        "c0010050000000060000004d5018ffffb24a0000686579",
    );
  });

  test("UDP", () => {
    assert.equal(
      hex({ protocol: "udp", data: HEY }),
      "0200000000010200000000000800 4500001f00000000401166cc0a0000010a000002 c0010050000b4a1e686579",
    );
  });

  test("ICMP quotes the header of the datagram that it answers, and 8 bytes", () => {
    assert.equal(
      hex({ protocol: "icmp", from: B, to: A, sourcePort: 80, destinationPort: 49_153, data: HEY }),
      "0200000000000200000000010800 4500003800000000400166c30a0000020a000001 " +
        "0303f281000000004500001f00000000401166cc0a0000010a000002c0010050000b4a1e",
    );
  });

  test("ICMPv6 quotes all of it", () => {
    assert.equal(
      hex({ protocol: "icmp", from: B6, to: A6, sourcePort: 80, destinationPort: 49_153, data: HEY }),
      "02000000000002000000000186dd 60000000003b3a4020010db800000000000000000000000220010db8000000000000000000000001 " +
        "010431e20000000060000000000b114020010db800000000000000000000000120010db8000000000000000000000002" +
        "c0010050000b02ac686579",
    );
  });

  test("ICMPv6 keeps to 1 280 bytes", () => {
    const packet = { protocol: "icmp", from: B6, to: A6, data: new Uint8Array(5_000) } as const;
    assert.equal(frameOf(packet).length, 14 + 1_280);
  });

  for (const [group, to, mac] of [
    ["239.129.2.3", "b", "01005e010203"],
    ["ff02::1:3", "b6", "333300010003"],
    ["255.255.255.255", "b", "ffffffffffff"],
  ] as const) {
    test(`to ${group} it goes to ${mac}, and no further than the next network`, () => {
      const ends = to === "b" ? { from: A, to: B } : { from: A6, to: B6 };
      const frame = frameOf({ protocol: "udp", ...ends, destinationHost: group });
      assert.equal(frame.toString("hex", 0, 6), mac);
      assert.equal(frame[14 + (to === "b" ? 8 : 7)], 1);
    });
  }

  test("to an address that no host has it goes to a machine that is not there", () => {
    assert.equal(frameOf({ to: undefined, destinationHost: "10.9.9.9" }).toString("hex", 0, 6), "02ffffffffff");
  });

  test("within a host there are no Ethernet addresses", () => {
    assert.equal(frameOf({ to: A }).toString("hex", 0, 12), "00".repeat(12));
  });

  test("an IPv4 host that calls an IPv6 address has a mapped one", () => {
    const frame = frameOf({ to: undefined, destinationHost: "2001:db8::9" });
    assert.equal(frame.toString("hex", 14 + 8, 14 + 24), "00000000000000000000ffff0a000001");
  });

  test("a zone is left out", () => {
    const from = { ...A6, host: "fe80::1%eth0" };
    assert.equal(frameOf({ from, to: B6 }).toString("hex", 14 + 8, 14 + 24), "fe800000000000000000000000000001");
  });

  test("an address that is none makes no frame", () => {
    assert.equal(encodeFrame(packetOf({ to: undefined, destinationHost: "999.0.0.1" })), undefined);
  });

  test("a UDP checksum of 0 is sent as all ones, because 0 says that there is none", () => {
    const checksumAt = 14 + 20 + 6;
    const empty = frameOf({ protocol: "udp", data: new Uint8Array(2) });
    const data = Uint8Array.of(empty[checksumAt] as number, empty[checksumAt + 1] as number);
    assert.equal(frameOf({ protocol: "udp", data }).readUInt16BE(checksumAt), 0xffff);
  });

  test("a segment longer than IP can say has no length, as from a network card that cuts it", () => {
    assert.equal(frameOf({ flags: ACK, data: new Uint8Array(70_000) }).readUInt16BE(14 + 2), 0);
  });
});

/** In hexadecimal digits, with a space after Ethernet's header and after IP's. */
function hex(fields: Partial<Packet>): string {
  const frame = frameOf(fields);
  const payloadAt = frame.readUInt16BE(12) === 0x0800 ? 34 : 54;
  return [frame.subarray(0, 14), frame.subarray(14, payloadAt), frame.subarray(payloadAt)]
    .map((part) => part.toString("hex"))
    .join(" ");
}

function frameOf(fields: Partial<Packet>): Buffer {
  const frame = encodeFrame(packetOf(fields));
  assert.ok(frame);
  return Buffer.from(frame);
}

function packetOf(fields: Partial<Packet>): Packet {
  const to = "to" in fields ? fields.to : B;
  return {
    protocol: "tcp",
    from: A,
    to,
    sourcePort: 49_153,
    destinationHost: to?.host ?? "",
    destinationPort: 80,
    data: new Uint8Array(0),
    sequence: 0,
    acknowledgment: 0,
    flags: 0,
    windowBytes: 0,
    isRetransmission: false,
    wireBytes: 0,
    isOpaque: false,
    id: 1,
    sentMs: 0,
    ...fields,
  };
}

const A: NetworkInterface = { name: "a", host: "10.0.0.1", family: 4, id: 0, hostId: 0, isLoopback: false };
const B: NetworkInterface = { name: "b", host: "10.0.0.2", family: 4, id: 1, hostId: 1, isLoopback: false };
const A6: NetworkInterface = { ...A, host: "2001:db8::1", family: 6 };
const B6: NetworkInterface = { ...B, host: "2001:db8::2", family: 6 };
const HEY: Uint8Array = new TextEncoder().encode("hey");
