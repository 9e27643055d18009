import assert from "node:assert/strict";
import { Deferred } from "../core/deferred/deferred.ts";
import { ListenError } from "../core/errors.ts";
import { captureLogs } from "../core/log/observers.ts";
import { Protocol } from "../core/protocol.ts";
import { ClientService } from "../endpoints/client-service.ts";
import { EndpointSyntaxError } from "../endpoints/errors.ts";
import { MemoryReactor } from "../testing/memory-reactor.ts";
import { test } from "../trial/test.ts";
import { MultiService } from "./multi-service.ts";
import { StreamServerService } from "./stream-server-service.ts";
import { failureOf } from "./world.fixture.test.ts";

class Echo extends Protocol {
  override dataReceived(data: Uint8Array): void {
    this.transport.write(data);
  }
}

test("the port is open from the privileged start on, and the start says where", async (t) => {
  const { reactor } = t;
  const service = new StreamServerService("tcp:80", () => new Echo());
  t.addCleanup(() => service.stopService());
  await service.privilegedStartService(reactor);
  assert.equal(service.port?.listening, true);
  using logs = captureLogs();
  await service.startService(reactor);
  assert.deepEqual(logs.messages, ["Listening on [::]:80"]);
  const guest = reactor.dial(80);
  t.addCleanup(() => guest.loseConnection());
  guest.remote.write("hello");
  assert.equal(guest.text(), "hello");
});

test("the port is opened by the start if nobody did before", async (t) => {
  const service = new StreamServerService("tcp:80", () => new Echo());
  t.addCleanup(() => service.stopService());
  await service.startService(t.reactor);
  assert.equal(service.port?.listening, true);
});

test("the stop closes the port, leaves connections alone, and a restart opens it again", async (t) => {
  const { reactor } = t;
  const service = new StreamServerService("tcp:80", () => new Echo());
  const tree = new MultiService({ services: [service] });
  t.addCleanup(() => tree.stopService());
  await tree.startService(reactor);
  const guest = reactor.dial(80);
  t.addCleanup(() => guest.loseConnection());
  await tree.stopService();
  assert.equal(service.port, undefined);
  assert.equal(reactor.listeners.length, 0);
  guest.remote.write("still here?");
  assert.equal(guest.text(), "still here?");
  await tree.startService(reactor);
  const other = reactor.dial(80);
  other.remote.write("hello");
  other.remote.end();
});

test("the stop lets the factory drain, and waits for it", async (t) => {
  const drained = new Deferred<void>();
  const asked: number[] = [];
  const drain = (quietMs: number): Deferred<void> => {
    asked.push(quietMs);
    return drained;
  };
  const service = new StreamServerService("tcp:80", { buildProtocol: () => new Echo(), drain });
  const { reactor } = t;
  await service.startService(reactor);
  let isStopped = false;
  service.stopService().addCallback(() => (isStopped = true));
  reactor.settle();
  assert.deepEqual([reactor.listeners.length, asked, isStopped], [0, [0], false]);
  drained.callback();
  assert.equal(isStopped, true);
  assert.deepEqual(reactor.getDelayedCalls(), []);
});

test("what does not drain within drainTimeoutMs is given up, and told about", async (t) => {
  using logs = captureLogs();
  const cancelled: unknown[] = [];
  const drain = (): Deferred<void> => new Deferred<void>((given) => cancelled.push(given));
  const factory = { buildProtocol: () => new Echo(), drain };
  const service = new StreamServerService("tcp:80", factory, { drainTimeoutMs: 1_000 });
  const { reactor } = t;
  await service.startService(reactor);
  let isStopped = false;
  service.stopService().addCallback(() => (isStopped = true));
  reactor.advance(999);
  assert.equal(isStopped, false);
  reactor.advance(1);
  assert.deepEqual([isStopped, cancelled.length], [true, 1]);
  assert.match(logs.messages.at(-1) ?? "", /under way 1000 ms after its port was closed/);
});

test("a port that is taken fails the start, and the service is named by its endpoint", async (t) => {
  const { reactor } = t;
  const [first, second] = [1, 2].map(() => new StreamServerService("tcp:80", () => new Echo()));
  assert.ok(first && second);
  const error = await failureOf(new MultiService({ services: [first, second] }).startService(reactor));
  assert.match(error.message, /^Cannot start service "tcp:80-2": Cannot listen on .*80/);
  assert.ok(error.cause instanceof ListenError);
  assert.equal(reactor.listeners.length, 0);
});

test("an endpoint that cannot be read fails the start", async () => {
  const service = new StreamServerService("tpc:80", () => new Echo());
  assert.ok((await failureOf(service.startService(new MemoryReactor()))) instanceof EndpointSyntaxError);
});

test("a ClientService is a child like any other", async (t) => {
  const { reactor } = t;
  const server = new StreamServerService("tcp:80", () => new Echo());
  const client = new ClientService(reactor, "tcp:localhost:80", () => new Protocol());
  const tree = new MultiService({ services: [server, client] });
  await tree.startService(reactor);
  assert.deepEqual(
    tree.children.map(({ name, state }) => `${name} ${state}`),
    ["tcp:80 running", "ClientService running"],
  );
  await tree.stopService();
  assert.equal(client.running, false);
});
