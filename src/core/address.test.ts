import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Address, familyOf, formatAddress } from "./address.ts";

describe("formatAddress", () => {
  const shown: readonly (readonly [Address, string])[] = [
    [{ kind: "tcp", host: "127.0.0.1", port: 80, family: 4 }, "127.0.0.1:80"],
    [{ kind: "tcp", host: "::1", port: 80, family: 6 }, "[::1]:80"],
    [{ kind: "udp", host: "fe80::1%lo", port: 53, family: 6 }, "[fe80::1%lo]:53"],
    [{ kind: "unix", path: "/run/x.sock" }, "unix:/run/x.sock"],
    [{ kind: "unix", path: "" }, "unix:(unnamed)"],
    [{ kind: "process", pid: 7 }, "process:7"],
    [{ kind: "stdio" }, "stdio"],
    [{ kind: "descriptor", descriptor: 3 }, "fd:3"],
  ];
  for (const [address, text] of shown) {
    test(`shows ${JSON.stringify(address)} as ${text}`, () => assert.equal(formatAddress(address), text));
  }
});

test("familyOf tells IPv6 literals from everything else", () => {
  assert.deepEqual(["::1", "127.0.0.1", "localhost"].map(familyOf), [6, 4, 4]);
});
