import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { succeed } from "../../../core/deferred/succeed.ts";
import { Logger, LogPublisher } from "../../../core/log/index.ts";
import { Protocol } from "../../../core/protocol.ts";
import { EndpointSyntaxError } from "../../../endpoints/errors.ts";
import { listen } from "../../../endpoints/index.ts";
import { MemoryReactor } from "../../../testing/index.ts";
import { readSyslogMessage } from "../codec.ts";
import { LocalSyslogError } from "../errors.ts";
import type { SyslogMessage } from "../events.ts";
import { SyslogServer } from "../server.ts";
import { type SyslogObserver, type SyslogObserverOptions, syslogObserver } from "./client.ts";

describe("syslogObserver", () => {
  test("sends each event with its level, time, namespace and fields", async () => {
    const { reactor, log, seen } = await connected({ facility: 16, hostname: "here", sdId: "shop@32473" });
    log.warn("{n} of {what} left", { n: 3, what: "soup" });
    reactor.settle();
    const [message] = seen;
    assert.deepEqual(message, {
      format: "rfc5424",
      facility: 16,
      severity: 4,
      time: undefined,
      hostname: "here",
      appName: "shop",
      procId: String(reactor.environment.pid),
      msgId: "shop.till",
      structuredData: [
        { id: "meta", params: [{ name: "sequenceId", value: "1" }] },
        {
          id: "shop@32473",
          params: [
            { name: "namespace", value: "shop.till" },
            { name: "n", value: "3" },
            { name: "what", value: "soup" },
          ],
        },
      ],
      text: "3 of soup left",
    });
  });

  test("nothing in an event can pass for another message, or for another field", async () => {
    const { reactor, log, seen } = await connected();
    log.error("{who}\r\n<0>1 - - - - - - forged", {
      who: 'x"][y z="\u001b[2J\u202e',
      'a"] b=\n': "1",
      error: new Error("two\nlines"),
    });
    reactor.settle();
    assert.equal(seen.length, 1);
    assert.equal(seen[0]?.text, 'x"][y z="\\x1b[2J\\u202e\\r\\n<0>1 - - - - - - forged');
    const params = seen[0]?.structuredData[1]?.params ?? [];
    assert.deepEqual(
      params.map(({ name }) => name),
      ["namespace", "who", "a___b__", "error"],
    );
    assert.match(params[3]?.value ?? "", /^Error: two\\nlines\\n {4}at /);
  });

  test("sends what was logged while the server was away, and again after a loss, in order", async () => {
    const reactor = new MemoryReactor({ network: true });
    const { observer, log } = observed(reactor, "tcp:127.0.0.1:601");
    log.info("one");
    reactor.settle();
    assert.ok(observer.queuedBytes > 0);
    const seen = await serve(reactor);
    reactor.advance(60_000);
    assert.deepEqual([texts(seen), observer.queuedBytes], [["one"], 0]);
    for (const connection of reactor.connections) connection.abortConnection();
    reactor.settle();
    log.info("two");
    reactor.advance(60_000);
    assert.deepEqual(texts(seen), ["one", "two"]);
  });

  test("keeps maxQueuedBytes at most while the server is away: the oldest go, and the numbers show the gap", async () => {
    const reactor = new MemoryReactor({ network: true });
    const { observer, log } = observed(reactor, "tcp:127.0.0.1:601", { maxQueuedBytes: 4_096 });
    for (let n = 1; n <= 10_000; n += 1) {
      log.info("event {n}", { n });
      assert.ok(observer.queuedBytes <= 4_096);
    }
    const seen = await serve(reactor);
    reactor.advance(60_000);
    assert.equal(seen.length + observer.dropped, 10_000);
    assert.ok(seen.length > 10);
    assert.equal(seen.at(-1)?.text, "event 10000");
    assert.equal(seen[0]?.structuredData[0]?.params[0]?.value, String(observer.dropped + 1));
  });

  test("keeps as little for a server that is there and does not read", async () => {
    const reactor = new MemoryReactor({ network: true });
    const { observer, log } = observed(reactor, "tcp:127.0.0.1:601", { maxQueuedBytes: 4_096 });
    await listen(reactor, "tcp:601", () => new Deaf());
    reactor.advance(60_000);
    for (let n = 1; n <= 20_000; n += 1) log.info("event {n}", { n });
    reactor.settle();
    assert.ok(observer.queuedBytes <= 4_096 && observer.dropped > 0, `${observer.queuedBytes} ${observer.dropped}`);
  });

  test("cuts what is too long, the fields first, and never in the middle of a character", async () => {
    const { reactor, log, seen } = await connected({ maxMessageBytes: 480 });
    log.info("short", { long: "x".repeat(5_000) });
    log.info("ü💧".repeat(5_000));
    reactor.settle();
    assert.equal(seen[0]?.text, "short");
    assert.deepEqual(seen[0]?.structuredData[1]?.params, []);
    assert.match(seen[1]?.text ?? "", /^(ü💧)+ü?…$/u);
    assert.ok(new TextEncoder().encode(seen[1]?.text).length > 300);
  });

  test("stop sends what waits, closes, and ignores what comes later", async () => {
    const { reactor, log, seen, observer } = await connected();
    log.info("last");
    const stopped = observer.stop();
    reactor.settle();
    await stopped;
    log.info("later");
    reactor.advance(60_000);
    assert.deepEqual([texts(seen), observer.queuedBytes], [["last"], 0]);
    assert.deepEqual(
      reactor.connections.filter(({ connected }) => connected),
      [],
    );
  });

  test("sends datagrams, one a message, once it knows the address", async () => {
    const reactor = new MemoryReactor({ network: true });
    const { log, observer } = observed(reactor, "udp:192.0.2.1:514");
    log.info("one");
    reactor.settle();
    log.info("two");
    reactor.settle();
    const [port] = reactor.datagramPorts;
    assert.deepEqual(
      port?.sent.map(({ data, to }) => `${to.host}:${to.port} ${readSyslogMessage(data).text}`),
      ["192.0.2.1:514 one", "192.0.2.1:514 two"],
    );
    const stopped = observer.stop();
    reactor.settle();
    await stopped;
    assert.deepEqual(reactor.datagramPorts, []);
  });

  test("asks again for a name that is not known yet", async () => {
    const reactor = new MemoryReactor({ network: true });
    const { log, observer } = observed(reactor, "udp:logs.test:514");
    log.info("one");
    reactor.advance(25_000);
    assert.ok(observer.queuedBytes > 0);
    reactor.installResolver(() => succeed([{ host: "192.0.2.7", family: 4 }]));
    reactor.advance(10_000);
    assert.equal(reactor.datagramPorts[0]?.sent[0]?.to.host, "192.0.2.7");
  });

  test("refuses at once what could never be sent", () => {
    const reactor = new MemoryReactor({ network: true });
    for (const endpoint of ["udp:host", "udp:host:x", "udp::514", "udp:host:514:a=b", "nonsense:1"]) {
      assert.throws(() => syslogObserver(reactor, endpoint), EndpointSyntaxError);
    }
    assert.throws(() => syslogObserver(reactor, "udp:h:514", { appName: "two words" }), LocalSyslogError);
    assert.throws(() => syslogObserver(reactor, "udp:h:514", { maxMessageBytes: 100 }), RangeError);
    assert.throws(() => syslogObserver(reactor, "udp:h:514", { maxQueuedBytes: 100 }), RangeError);
  });
});

class Deaf extends Protocol {
  override connectionMade(): void {
    this.transport.pauseReading();
  }
}

function observed(
  reactor: MemoryReactor,
  endpoint: string,
  options: SyslogObserverOptions = {},
): { observer: SyslogObserver; log: Logger } {
  const observer = syslogObserver(reactor, endpoint, { appName: "shop", ...options });
  const publisher = new LogPublisher();
  publisher.addObserver(observer);
  return { observer, log: new Logger("shop.till", publisher) };
}

async function serve(reactor: MemoryReactor): Promise<SyslogMessage[]> {
  const seen: SyslogMessage[] = [];
  await listen(reactor, "tcp:601", new SyslogServer((message) => seen.push(message)));
  return seen;
}

async function connected(options: SyslogObserverOptions = {}) {
  const reactor = new MemoryReactor({ network: true });
  const seen = await serve(reactor);
  const { observer, log } = observed(reactor, "tcp:127.0.0.1:601", options);
  reactor.settle();
  return { reactor, seen, observer, log };
}

function texts(messages: readonly SyslogMessage[]): string[] {
  return messages.map(({ text }) => text);
}
