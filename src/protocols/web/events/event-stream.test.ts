import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Clock, MemoryReactor, MemoryTransport } from "../../../testing/index.ts";
import { Request } from "../message/request.ts";
import { webServer } from "../server/server.ts";
import type { Responder } from "../server/site.ts";
import { EventChannel } from "./event-channel.ts";
import { eventStream, lastEventId } from "./event-stream.ts";
import type { ServerEvent } from "./server-event.ts";

/** A source that the test pushes into. */
class Source implements AsyncIterableIterator<ServerEvent | string> {
  asked = 0;
  returned = 0;
  #settle: ((result: IteratorResult<ServerEvent | string>) => void) | undefined;
  #reject: ((error: unknown) => void) | undefined;

  [Symbol.asyncIterator](): this {
    return this;
  }
  next(): Promise<IteratorResult<ServerEvent | string>> {
    this.asked++;
    return new Promise((resolve, reject) => {
      this.#settle = resolve;
      this.#reject = reject;
    });
  }
  return(): Promise<IteratorResult<ServerEvent | string>> {
    this.returned++;
    return Promise.resolve({ done: true, value: undefined });
  }
  async give(value: ServerEvent | string): Promise<void> {
    this.#settle?.({ done: false, value });
    await turns();
  }
  async end(): Promise<void> {
    this.#settle?.({ done: true, value: undefined });
    await turns();
  }
  async fail(error: unknown): Promise<void> {
    this.#reject?.(error);
    await turns();
  }
}

/** A client of a server that answers like this, and what its answer's body has had so far. */
class Client {
  readonly reactor = new MemoryReactor();
  readonly transport: MemoryTransport = new MemoryTransport({ clock: this.reactor });

  constructor(answer: (request: Request, reactor: MemoryReactor) => ReturnType<Responder>, headers = "") {
    const factory = webServer(this.reactor, (request) => answer(request, this.reactor));
    this.transport.attach(factory.buildProtocol(this.transport.peer) as never);
    this.transport.remote.write(`GET / HTTP/1.1\r\nHost: a\r\n${headers}\r\n`);
  }

  get body(): string {
    const text = this.transport.text();
    return text.slice(text.indexOf("\r\n\r\n") + 4).replaceAll(/[0-9a-f]+\r\n([\s\S]*?\n\n)\r\n/g, "$1");
  }
}

describe("a stream of events", () => {
  it("begins before there is an event, and sends each as it comes", async () => {
    const source = new Source();
    const client = new Client((request, clock) => eventStream(request, source, { clock, retryMs: 500 }));
    await turns();
    assert.match(
      client.transport.text(),
      /^HTTP\/1\.1 200 OK\r\nContent-Type: text\/event-stream\r\nCache-Control: no-cache/,
    );
    assert.equal(client.body, "retry: 500\n\n");
    await source.give({ id: "1", event: "tide", data: "high\nand low" });
    await source.give("text");
    assert.equal(client.body, "retry: 500\n\nevent: tide\nid: 1\ndata: high\ndata: and low\n\ndata: text\n\n");
    await source.end();
    assert.match(client.transport.text(), /\r\n0\r\n\r\n$/);
  });

  it("says something on the reactor's clock when the source says nothing, and forgets no event for it", async () => {
    const source = new Source();
    const client = new Client((request, clock) => eventStream(request, source, { clock, keepAliveMs: 1_000 }));
    await turns();
    for (let times = 0; times < 3; times++) {
      client.reactor.advance(999);
      await turns();
      assert.equal(client.body, ":\n\n".repeat(times));
      client.reactor.advance(1);
      await turns();
    }
    assert.equal(source.asked, 1);
    await source.give("a");
    assert.equal(client.body, ":\n\n:\n\n:\n\ndata: a\n\n");
    client.reactor.advance(999);
    await turns();
    assert.equal(client.body, ":\n\n:\n\n:\n\ndata: a\n\n");
  });

  it("never says anything by itself if it is told so", async () => {
    const client = new Client((request, clock) =>
      eventStream(request, new Source(), { clock, keepAliveMs: Number.POSITIVE_INFINITY }),
    );
    await turns();
    client.reactor.advance(86_400_000);
    await turns();
    assert.equal(client.body, "");
  });

  it("tells the source when the client goes, and leaves no timer", async () => {
    const source = new Source();
    const client = new Client((request, clock) => eventStream(request, source, { clock }));
    await turns();
    client.transport.remote.reset();
    await turns();
    assert.equal(source.returned, 1);
    assert.deepEqual(client.reactor.getDelayedCalls(), []);
  });

  it("does not ask the source for more while the client takes nothing", async () => {
    const source = new Source();
    const client = new Client((request, clock) => eventStream(request, source, { clock, keepAliveMs: 1_000 }));
    client.transport.remote.stopTaking();
    await turns();
    for (let count = 0; count < 100 && source.asked === count + 1; count++) await source.give("x".repeat(10_000));
    assert.ok(source.asked < 50, String(source.asked));
    client.reactor.advance(10_000);
    const { asked } = source;
    client.transport.remote.startTaking();
    await turns();
    assert.equal(source.asked, asked + 1);
  });

  it("breaks the answer off if the source fails", async () => {
    const source = new Source();
    const client = new Client((request, clock) => eventStream(request, source, { clock }));
    await turns();
    await source.fail(new Error("no more knots"));
    assert.ok(client.transport.remote.sawReset);
  });

  it("breaks the answer off for an event that cannot be said", async () => {
    const source = new Source();
    const client = new Client((request, clock) => eventStream(request, source, { clock }));
    await turns();
    await source.give({ id: "a\n\ndata: x" });
    assert.equal(client.body, "");
    assert.ok(client.transport.remote.sawReset);
  });

  it("tells a source that is a function where the client wants to go on", async () => {
    const seen: (string | undefined)[] = [];
    async function* empty(id: string | undefined): AsyncGenerator<string> {
      seen.push(id);
      yield* [];
    }
    const clock = new Clock();
    await eventStream(new Request("http://a/"), empty, { clock }).text();
    await eventStream(new Request("http://a/", { headers: { "Last-Event-ID": "Ã¤" } }), empty, { clock }).text();
    assert.deepEqual(seen, [undefined, "ä"]);
    assert.equal(lastEventId(new Request("http://a/", { headers: { "Last-Event-ID": "" } })), "");
  });

  it("refuses a pause of no time", () => {
    for (const keepAliveMs of [0, -1, Number.NaN])
      assert.throws(
        () => eventStream(new Request("http://a/"), new Source(), { clock: new Clock(), keepAliveMs }),
        RangeError,
      );
  });
});

describe("a channel of events", () => {
  it("sends to all who listen at the time", async () => {
    const channel = new EventChannel({ clock: new Clock(), retryMs: 7 });
    const early = channel.stream(new Request("http://a/"));
    channel.send({ id: "1", data: "a" });
    const late = channel.stream(new Request("http://a/"));
    channel.send("b");
    assert.equal(channel.size, 2);
    channel.close();
    assert.equal(channel.size, 0);
    assert.equal(await early.text(), "retry: 7\n\nid: 1\ndata: a\n\ndata: b\n\n");
    assert.equal(await late.text(), "retry: 7\n\ndata: b\n\n");
    assert.equal(await channel.stream(new Request("http://a/")).text(), "retry: 7\n\n");
  });

  it("tells who comes again what was missed, or all that is kept", async () => {
    const channel = new EventChannel({ clock: new Clock(), maxKept: 2 });
    for (const id of ["1", "2", "3"]) channel.send({ id, data: id });
    channel.send("without id");
    const since = (id: string) => channel.stream(new Request("http://a/", { headers: { "Last-Event-ID": id } }));
    const streams = [since("2"), since("3"), since("1")];
    channel.close();
    assert.deepEqual(await Promise.all(streams.map((stream) => stream.text())), [
      "id: 3\ndata: 3\n\n",
      "",
      "id: 2\ndata: 2\n\nid: 3\ndata: 3\n\n",
    ]);
  });

  it("ends the stream of a client that is too slow, and of no other", async () => {
    const channel = new EventChannel({ clock: new Clock(), maxWaiting: 2 });
    const slow = channel.stream(new Request("http://a/"));
    const quick = channel.stream(new Request("http://a/"));
    const reader = (quick.body as ReadableStream<Uint8Array>).getReader();
    const heard: string[] = [];
    for (const text of ["1", "2", "3"]) {
      channel.send(text);
      heard.push(new TextDecoder().decode((await reader.read()).value));
    }
    assert.deepEqual(heard, ["data: 1\n\n", "data: 2\n\n", "data: 3\n\n"]);
    assert.equal(channel.size, 1);
    assert.equal(await slow.text(), "data: 1\n\ndata: 2\n\n");
  });

  it("forgets a client that has gone", async () => {
    const channel = new EventChannel({ clock: new Clock() });
    const client = new Client((request) => channel.stream(request));
    await turns();
    channel.send("a");
    await turns();
    assert.deepEqual([channel.size, client.body], [1, "data: a\n\n"]);
    client.transport.remote.reset();
    await turns();
    assert.equal(channel.size, 0);
  });
});

async function turns(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}
