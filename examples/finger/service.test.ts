/** The service without sockets or files, in virtual time: `npx trial service.test.ts`. */
import assert from "node:assert/strict";
import { connect, type Reactor } from "ropewalk";
import { AmpProtocol } from "ropewalk/amp";
import { startTree } from "ropewalk/app";
import { finger } from "ropewalk/finger";
import { LineProtocol } from "ropewalk/line";
import { type TrialContext, test } from "ropewalk/trial";
import { get } from "ropewalk/web";
import { GetStatus, NoSuchUserError, SetStatus, service } from "./service.ts";

async function serve<R extends Reactor>(t: TrialContext<R>): Promise<R> {
  const tree = await service(t.reactor, ["tcp:79", "tcp:80", "tcp:1400", "tcp:1234"]);
  await startTree(t.reactor, tree);
  t.addCleanup(() => tree.stopService());
  return t.reactor;
}

test("what one client sets, all others are told", { reactor: "sim" }, async (t) => {
  const reactor = await serve(t);
  const guest = await connect(reactor, "tcp:localhost:1400", () => new Guest());
  guest.sendLine("bob");
  const caller = await connect(reactor, "tcp:localhost:1234", () => new AmpProtocol());
  await caller.callRemote(SetStatus, { name: "ann", status: "at sea" });

  assert.deepEqual(await caller.callRemote(GetStatus, { name: "ann" }), { status: "at sea" });
  assert.equal(await finger(reactor, "tcp:localhost:79", { user: "ann" }), "at sea\n");
  assert.deepEqual(await (await get(reactor, "http://localhost/ann")).json(), { name: "ann", status: "at sea" });
  assert.equal(guest.lines.at(-1), "* The house: ann: at sea");
  await assert.rejects(async () => await caller.callRemote(GetStatus, { name: "eve" }), NoSuchUserError);
  for (const { transport } of [guest, caller]) transport.loseConnection();
  await t.advance(1_000); // for what closes by itself
});

test("what is said in the chat is a status", async (t) => {
  const reactor = await serve(t);
  const chat = reactor.dial(1400);
  chat.remote.write("ann\nback at two\n");
  const asker = reactor.dial(79);
  asker.remote.write("ann\r\n");
  await t.advance(0);
  assert.equal(asker.text(), "back at two\r\n");
  chat.abortConnection();
});

test("whoever fingers and asks nothing is gone after thirty seconds", async (t) => {
  const reactor = await serve(t);
  const silent = reactor.dial(79);
  await t.advance(29_999);
  assert.equal(silent.connected, true);
  await t.advance(1);
  assert.equal(silent.connected, false);
});

class Guest extends LineProtocol {
  readonly lines: string[] = [];
  override lineReceived(line: string): void {
    this.lines.push(line);
  }
}
