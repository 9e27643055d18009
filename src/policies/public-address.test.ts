import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { isPublicAddress } from "./public-address.ts";

describe("an address is of the Internet at large", () => {
  for (const host of [
    "1.1.1.1",
    "9.255.255.255",
    "11.0.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "223.255.255.255",
    "2606:4700::1111",
    "2001:200::1",
    "::ffff:1.1.1.1",
    "64:ff9b::101:101",
  ]) {
    test(`if it is ${host}`, () => assert.equal(isPublicAddress(host), true));
  }
});

describe("an address is not of the Internet at large", () => {
  for (const host of [
    "0.0.0.0",
    "10.255.255.255",
    "100.64.0.1",
    "100.127.255.255",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "198.19.255.255",
    "224.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::1",
    "2001:db8::1",
    "2001::1",
    "2002:7f00:1::",
    "fc00::1",
    "fd12::1",
    "fe80::1",
    "fe80::1%eth0",
    "ff02::1",
    "localhost",
    "127.1",
    "0177.0.0.1",
    "",
  ]) {
    test(`if it is ${JSON.stringify(host)}`, () => assert.equal(isPublicAddress(host), false));
  }
});
