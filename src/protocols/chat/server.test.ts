import assert from "node:assert/strict";
import { test } from "node:test";
import { connect, listen } from "../../endpoints/connect.ts";
import { Simulation } from "../../sim/simulation.ts";
import { MemoryTransport } from "../../testing/index.ts";
import { LineProtocol } from "../line/protocol.ts";
import { type Member, Room } from "./server.ts";

function enter(room: Room, ...lines: string[]): { member: Member; transport: MemoryTransport; heard: () => string[] } {
  const member = room.buildProtocol();
  const transport = new MemoryTransport();
  transport.attach(member);
  for (const line of lines) member.dataReceived(new TextEncoder().encode(`${line}\n`));
  const heard = () => {
    const text = transport.text();
    transport.clear();
    return text.split("\r\n").slice(0, -1);
  };
  return { member, transport, heard };
}

test("the first line is the name, and later lines are said to the others only", () => {
  const room = new Room();
  const ann = enter(room, "Ann");
  const bob = enter(room, "Bob");
  ann.heard();
  bob.heard();
  bob.member.dataReceived(new TextEncoder().encode("hello\r\n"));
  assert.deepEqual(ann.heard(), ["<Bob> hello"]);
  assert.deepEqual(bob.heard(), []);
});

test("a newcomer hears who is here, and the others hear of the newcomer", () => {
  const room = new Room();
  const ann = enter(room, "Ann");
  ann.heard();
  const bob = enter(room, "Bob");
  assert.match(bob.heard().join("\n"), /Hello, Bob\. Here: Ann/);
  assert.deepEqual(ann.heard(), ["* Bob came"]);
});

test("a name is taken once, and is not empty, long, or made of control characters", () => {
  const room = new Room();
  enter(room, "Ann");
  const other = enter(room, "Ann", "", "x".repeat(21), "\u001b[2J");
  assert.equal(room.members.size, 2);
  assert.ok(room.members.has("[2J"));
  assert.equal(other.heard().filter((line) => line.includes("What is your name?")).length, 4);
});

test("control characters do not reach the terminals of others", () => {
  const room = new Room();
  const ann = enter(room, "Ann");
  ann.heard();
  enter(room, "Bob", "a\u001b[31mb");
  assert.deepEqual(ann.heard(), ["* Bob came", "<Bob> a[31mb"]);
});

test("who lists the names, and quit says goodbye and closes", () => {
  const room = new Room();
  const ann = enter(room, "Ann", "/who", "/quit");
  assert.deepEqual(ann.heard().slice(-2), ["* Here: Ann", "Goodbye!"]);
  assert.equal(ann.transport.connected, false);
});

test("leaving is told to those who stay", async () => {
  const room = new Room();
  const ann = enter(room, "Ann");
  const bob = enter(room, "Bob");
  ann.heard();
  bob.transport.abortConnection();
  await bob.transport.whenClosed();
  assert.deepEqual(ann.heard(), ["* Bob left"]);
  assert.deepEqual([...room.members.keys()], ["Ann"]);
});

test("closing the room says goodbye to everyone", () => {
  const room = new Room();
  const people = [enter(room, "Ann"), enter(room, "Bob")];
  room.close();
  for (const { heard, transport } of people) {
    assert.match(heard().at(-1) ?? "", /Goodbye/);
    assert.equal(transport.connected, false);
  }
});

test("over a network that loses packets and cuts lines anywhere, each hears what the others say, in order and once", async () => {
  const names = ["Ann", "Bob", "Cid"];
  const count = 30;
  for (let seed = 1; seed <= 10; seed += 1) {
    const sim = new Simulation({ seed });
    sim.host("server", { program: (reactor) => listen(reactor, "tcp:1400", new Room()) });
    const guests = names.map((name) => ({
      name,
      host: sim.host(name),
      line: new LineProtocol(),
      heard: [] as string[],
    }));
    sim.link("*", "*", { latencyMs: 10, jitterMs: 20, loss: 0.05 });
    await sim.advance(1);
    for (const { name, host, line, heard } of guests) {
      line.lineReceived = (text) => heard.push(text);
      await sim.run(() => connect(host.reactor, "tcp:server:1400", () => line));
      line.sendLine(name);
    }
    await sim.until(() => guests.every(({ heard }) => heard.some((text) => text.startsWith("Hello"))));
    for (let number = 1; number <= count; number += 1) {
      for (const { line } of guests) line.sendLine(`line ${number}`);
      await sim.advance(5);
    }
    await sim.advance(10_000);
    for (const { name, heard } of guests) {
      for (const other of names.filter((one) => one !== name)) {
        const expected = Array.from({ length: count }, (_, at) => `<${other}> line ${at + 1}`);
        assert.deepEqual(
          heard.filter((text) => text.startsWith(`<${other}>`)),
          expected,
          `seed ${seed}`,
        );
      }
    }
  }
});
