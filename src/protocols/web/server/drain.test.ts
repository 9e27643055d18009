import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Deferred } from "../../../core/deferred/deferred.ts";
import { Protocol } from "../../../core/protocol.ts";
import { limitConnections } from "../../../policies/limit-connections.ts";
import { wrapFactory } from "../../../policies/wrapper.ts";
import { Response } from "../message/response.ts";
import { Client, turns } from "./client.fixture.test.ts";
import { SwitchProtocols } from "./switch/protocol.ts";

const GET = "GET / HTTP/1.1\r\nHost: rope.example\r\n\r\n";
const LAST = /^HTTP\/1\.1 200 OK\r\n[\s\S]*Connection: close\r\n\r\nhello$/;

describe("a web server that drains", () => {
  it("completes the answer that is under way, says that it is the last, and closes", () => {
    const answer = new Deferred<Response>();
    const client = new Client(() => answer).send(GET);
    const drained = drain(client, 0);
    client.reactor.advance(1_000);
    assert.equal(client.transport.connected, true);
    assert.equal(drained.called, false);
    answer.callback(new Response("hello"));
    assert.match(client.heard, LAST);
    assert.equal(client.transport.remote.sawEnd, true);
    client.transport.settle();
    assert.equal(drained.called, true);
  });

  it("completes a body whose head left before", async () => {
    const more = new Deferred<void>();
    async function* parts(): AsyncGenerator<string> {
      yield "hel";
      await more;
      yield "lo";
    }
    const client = new Client(() => new Response(parts())).send(GET);
    await turns();
    const drained = drain(client, 0);
    more.callback();
    await turns();
    assert.ok(client.heard.endsWith("3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n"));
    client.transport.settle();
    assert.equal(drained.called, true);
  });

  it("answers a quiet client's next request as the last one", () => {
    const client = new Client(() => new Response("hello"));
    const drained = drain(client, 5_000);
    client.reactor.advance(4_999);
    client.send(GET + GET);
    assert.match(client.heard, LAST);
    client.transport.settle();
    assert.equal(drained.called, true);
  });

  it("closes a connection that was quiet for so long, and hears out one that has begun to ask", () => {
    const quiet = new Client(() => new Response("hello")).send(GET);
    const asking = new Client(() => new Response("hello")).send(GET.slice(0, 20));
    const drained = [drain(quiet, 5_000), drain(asking, 5_000)];
    quiet.reactor.advance(5_000);
    asking.reactor.advance(5_000);
    quiet.transport.settle();
    assert.deepEqual(
      drained.map(({ called }) => called),
      [true, false],
    );
    asking.send(GET.slice(20));
    assert.match(asking.heard, LAST);
    asking.transport.settle();
    assert.equal(drained[1]?.called, true);
  });

  it("lets the upload come to its end before the last answer", async () => {
    const client = new Client(async (request) => new Response(await request.text()));
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhel");
    drain(client, 0);
    client.reactor.advance(100);
    client.send("lo");
    await turns();
    assert.match(client.heard, LAST);
  });

  it("has nothing to wait for when nobody is connected, and leaves who speaks another protocol to that", () => {
    const headers = { Upgrade: "knots", Connection: "upgrade" };
    const client = new Client(() => new SwitchProtocols(new Protocol(), { status: 101, headers }));
    client.send("GET / HTTP/1.1\r\nHost: a\r\nUpgrade: knots\r\nConnection: upgrade\r\n\r\n");
    assert.equal(drain(client, 0).called, true);
    client.reactor.advance(1);
    assert.equal(client.transport.connected, true);
  });

  it("can be asked to hurry, and leaves no timer behind", () => {
    const client = new Client(() => new Response("hello"));
    const patient = drain(client, 5_000);
    const hurried = drain(client, 0);
    client.reactor.advance(0);
    client.transport.settle();
    assert.deepEqual([patient.called, hurried.called], [true, true]);
    assert.deepEqual(client.reactor.getDelayedCalls(), []);
  });

  it("serves connections as before that come after it, and after one that was given up", async () => {
    const answer = new Deferred<void>();
    const client = new Client(async () => {
      await answer;
      return new Response("hello");
    }).send(GET);
    const given = drain(client, 0);
    given.addErrback(() => undefined);
    given.cancel();
    const drained = drain(client, 0);
    answer.callback();
    await turns();
    client.transport.settle();
    assert.equal(drained.called, true);
    const later = client.reconnect().send(GET);
    await turns();
    assert.match(later.heard, /hello$/);
    assert.doesNotMatch(later.heard, LAST);
    assert.equal(later.transport.connected, true);
  });

  it("is asked through policies around its factory", () => {
    const client = new Client(() => new Response("hello"));
    const wrapped = limitConnections(
      wrapFactory(client.factory, (inner) => inner),
      { total: 10 },
    );
    assert.equal(wrapped.drain?.(0).called, false);
    client.reactor.advance(0);
    client.transport.settle();
    assert.equal(wrapped.drain?.(0).called, true);
  });
});

function drain(client: Client, quietMs: number): Deferred<void> {
  return (client.factory.drain as (quietMs: number) => Deferred<void>)(quietMs);
}
