/** Tests that leave nothing behind: `npx trial examples/trial/clean.test.ts`. */
import assert from "node:assert/strict";
import { connect, DeferredQueue, deferLater, Logger, listen, Protocol, TimeoutError } from "ropewalk";
import { LineProtocol } from "ropewalk/line";
import { TestCase, test, testCase } from "ropewalk/trial";

class Greeter extends LineProtocol {
  override lineReceived(line: string): void {
    this.sendLine(`Hello, ${line}`);
  }
}

class Listener extends LineProtocol {
  readonly heard: DeferredQueue<string> = new DeferredQueue();
  override lineReceived(line: string): void {
    this.heard.put(line);
  }
}

test("time moves when the test says so", async (t) => {
  const later = deferLater(t.reactor, 60_000, () => "done");
  await t.advance(59_999);
  t.assertNoResult(later);
  await t.advance(1);
  assert.equal(t.successResultOf(later), "done");
});

test("what was opened is closed", async (t) => {
  const port = await listen(t.reactor, "tcp:8000", () => new Greeter());
  t.addCleanup(() => port.stopListening());
  const connection = t.reactor.dial(8000);
  t.addCleanup(() => connection.loseConnection());
  connection.remote.write("Ann\r\n");
  assert.equal(connection.text(), "Hello, Ann\r\n");
});

test("real sockets", { reactor: "real" }, async (t) => {
  const port = await listen(t.reactor, "tcp:0:interface=127.0.0.1", () => new Greeter());
  t.addCleanup(() => port.stopListening());
  const number = port.address.kind === "tcp" ? port.address.port : 0;
  const client = await connect(t.reactor, `tcp:127.0.0.1:${number}`, () => new Listener());
  t.addCleanup(() => client.transport.loseConnection());
  client.sendLine("Bo");
  assert.equal(await client.heard.get(), "Hello, Bo");
});

test("a simulated network, in virtual time", { reactor: "sim" }, async (t) => {
  const server = t.sim.host("server");
  await listen(server.reactor, "tcp:7", () => new Greeter());
  t.sim.link("test", "server", { latencyMs: 1_000 });
  const client = await connect(t.reactor, "tcp:server:7", () => new Listener());
  t.addCleanup(async () => {
    client.transport.loseConnection();
    await client.transport.whenClosed();
  });
  client.sendLine("Cy");
  assert.equal(await client.heard.get(), "Hello, Cy");
  assert.ok(t.reactor.now() >= 4_000);
});

test("an error that is expected is flushed", async (t) => {
  new Logger("shop").failure("Cannot pay", new TimeoutError(5));
  assert.equal((await t.flushLoggedErrors(TimeoutError)).length, 1);
});

test("a Deferred that is returned is awaited", (t) => {
  t.addCleanup(() => assert.equal(t.reactor.now(), 10));
  const later = deferLater(t.reactor, 10, () => undefined);
  t.reactor.advance(10);
  return later;
});

class Timers extends TestCase {
  readonly calls: number[] = [];

  override setUp(): void {
    this.t.reactor.callLater(5, () => this.calls.push(this.t.reactor.now()));
  }

  async testACallIsMadeWhenItIsDue(): Promise<void> {
    await this.t.advance(5);
    assert.deepEqual(this.calls, [5]);
  }

  override tearDown(): void {
    assert.deepEqual(this.t.reactor.holdings(), []);
  }
}
testCase(Timers);

test("the default protocol is silent", async (t) => {
  const connecting = t.reactor.connectTcp({ host: "example.org", port: 80 }, () => new Protocol());
  const connection = t.reactor.connects[0]?.accept();
  (await connecting).transport.loseConnection();
  assert.equal(connection?.text(), "");
});
