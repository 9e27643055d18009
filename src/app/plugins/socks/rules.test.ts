import assert from "node:assert/strict";
import { test } from "node:test";
import type { SocksRequest } from "../../../protocols/socks/events.ts";
import { readRules, type SocksRules } from "./rules.ts";

/** Whether somebody who asks for `host` gets there, when it stands for `address`. */
function reaches(rules: Partial<SocksRules>, place: string, address = place): boolean {
  const [, host = "", port = "80"] = /^(.*?)(?:#(\d+))?$/.exec(place) ?? [];
  const questions = readRules({ allow: [], deny: [], publicOnly: false, ...rules });
  const peer = { kind: "tcp", host: "192.0.2.1", port: 1, family: 4 } as const;
  const what = { host, port: Number(port) };
  const request: SocksRequest = { version: 5, command: "connect", userId: "", username: undefined, peer, ...what };
  const reached = { host: address.replace(/#.*/, ""), port: what.port };
  return questions.allow(request) && questions.allowAddress(reached, request);
}

test("without rules everything is allowed", () => {
  assert.equal(reaches({}, "example.org", "127.0.0.1"), true);
});

test("a name is that name, whatever its case, and not those below it; *. is those below it only", () => {
  for (const [rule, host, is] of [
    ["example.org", "Example.ORG", true],
    ["example.org", "example.org.", true],
    ["example.org", "www.example.org", false],
    ["*.example.org", "www.example.org", true],
    ["*.example.org", "example.org", false],
    ["*.example.org", "wwwexample.org", false],
  ] as const) {
    assert.equal(reaches({ allow: [rule] }, host, "192.0.2.9"), is, `${rule} ${host}`);
  }
});

test("a port is that port of what stands before it", () => {
  assert.equal(reaches({ allow: ["*:443"] }, "example.org#443", "192.0.2.9"), true);
  assert.equal(reaches({ allow: ["*:443"] }, "example.org#80", "192.0.2.9"), false);
  assert.equal(reaches({ deny: ["*:25"] }, "example.org#25", "192.0.2.9"), false);
});

test("a network is its addresses, also of those who asked for a name", () => {
  const rules = { allow: ["10.0.0.0/8", "[2001:db8::/32]"] };
  for (const [host, address, is] of [
    ["10.1.2.3", "10.1.2.3", true],
    ["::ffff:10.1.2.3", "::ffff:10.1.2.3", true],
    ["11.1.2.3", "11.1.2.3", false],
    ["2001:db8::1", "2001:db8::1", true],
    ["inside.example.org", "10.9.9.9", true],
    ["outside.example.org", "192.0.2.9", false],
  ] as const) {
    assert.equal(reaches(rules, host, address), is, host);
  }
});

test("what is denied is denied, whatever is allowed, also behind a name", () => {
  const rules = { allow: ["*.example.org"], deny: ["127.0.0.0/8", "secret.example.org"] };
  assert.equal(reaches(rules, "www.example.org", "192.0.2.9"), true);
  assert.equal(reaches(rules, "www.example.org", "127.0.0.1"), false);
  assert.equal(reaches(rules, "secret.example.org", "192.0.2.9"), false);
});

test("publicOnly keeps people off this machine and private networks", () => {
  for (const [address, is] of [
    ["8.8.8.8", true],
    ["127.0.0.1", false],
    ["10.0.0.1", false],
    ["::1", false],
  ] as const) {
    assert.equal(reaches({ publicOnly: true }, "example.org", address), is, address);
  }
});

test("what is no rule is refused", () => {
  for (const text of ["", ":80", "a b", "example.org:99999", "10.0.0.0/99", "[::1", "exa*mple.org", "a:b"]) {
    assert.throws(() => readRules({ allow: [text], deny: [], publicOnly: false }), TypeError, text);
  }
});
