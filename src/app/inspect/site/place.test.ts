import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { placeOf } from "./place.ts";

describe("where a live view may be", () => {
  const allowed: Readonly<Record<string, string>> = {
    "0": "tcp:0:interface=127.0.0.1",
    "9000": "tcp:9000:interface=127.0.0.1",
    "tcp:9000:interface=127.0.0.1": "tcp:9000:interface=127.0.0.1",
    "tcp:9000:interface=127.8.0.1": "tcp:9000:interface=127.8.0.1",
    "tcp:9000:interface=localhost": "tcp:9000:interface=localhost",
    "tcp6:9000:interface=\\:\\:1": "tcp6:9000:interface=\\:\\:1",
    "unix:/run/shop.sock:mode=600": "unix:/run/shop.sock:mode=600",
  };
  for (const [where, endpoint] of Object.entries(allowed)) {
    test(`${where} is on this machine`, () => {
      assert.equal(placeOf(where, false), endpoint);
    });
  }

  const refused = [
    "tcp:9000",
    "tcp6:9000",
    "tcp:9000:interface=0.0.0.0",
    "tcp:9000:interface=10.0.0.1",
    "tcp:9000:interface=127.0.0.1.example",
    "tls:9000:key=k:cert=c",
    "systemd:domain=INET:index=0",
    "fd:3",
  ];
  for (const where of refused) {
    test(`${where} is refused unless it is meant`, () => {
      assert.throws(() => placeOf(where, false), /others than this machine may reach it/);
      assert.equal(placeOf(where, true), where);
    });
  }
});
