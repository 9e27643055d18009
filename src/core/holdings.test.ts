import assert from "node:assert/strict";
import { test } from "node:test";
import { type Held, holdingsOf } from "./holdings.ts";
import { Protocol } from "./protocol.ts";

const NOTHING: Held = {
  calls: [],
  ports: [],
  connections: [],
  connecting: [],
  datagramPorts: [],
  processes: [],
  workers: [],
};
const ENDS = { local: { kind: "unix", path: "/here" }, peer: { kind: "unix", path: "/there" } };

test("a call says when it is due, was due, or that it never is", () => {
  const calls = [100, 150, Number.POSITIVE_INFINITY].map((time) => ({ time }));
  assert.deepEqual(summaries({ calls: calls as unknown as Held["calls"] }), [
    "delayed call, due 20 ms ago",
    "delayed call, due in 30 ms",
    "delayed call that is never due",
  ]);
});

test("a connection says whose it is, and that it is closing", () => {
  const connections = [
    { ...ENDS, connected: false, protocol: undefined },
    { ...ENDS, connected: true, protocol: new Protocol() },
    { ...ENDS, connected: false, protocol: new Protocol() },
  ];
  assert.deepEqual(summaries({ connections: connections as unknown as Held["connections"] }), [
    "connection at unix:/here with unix:/there",
    "connection of Protocol at unix:/here with unix:/there",
    "connection of Protocol at unix:/here with unix:/there, closing",
  ]);
});

test("a process says its program, and its pid if it has one", () => {
  const processes = [
    { program: "sleep", pid: undefined },
    { program: "sleep", pid: 7 },
  ];
  assert.deepEqual(summaries({ processes: processes as unknown as Held["processes"] }), [
    'process "sleep" (not started yet)',
    'process "sleep" (pid 7)',
  ]);
});

function summaries(held: Partial<Held>): string[] {
  return holdingsOf(120, { ...NOTHING, ...held }).map(({ summary }) => summary);
}
