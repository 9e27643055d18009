/** What a watch counts of web servers, and what Prometheus is told of it. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Deferred } from "../../core/deferred/deferred.ts";
import { deferLater } from "../../core/time/defer-later.ts";
import { get } from "../../protocols/web/client/client.ts";
import type { Request } from "../../protocols/web/message/request.ts";
import { Response } from "../../protocols/web/message/response.ts";
import { webServer } from "../../protocols/web/server/server.ts";
import { NodeReactor } from "../../reactor/node-reactor.ts";
import { prometheus } from "../../reactor/prometheus.ts";
import { MemoryReactor, type MemoryTransport } from "../../testing/index.ts";
import { programFigures } from "./figures.ts";
import { openLiveView } from "./live-view.ts";
import { Watch } from "./watch.ts";

describe("the requests of web servers", () => {
  test("are counted by method and class of status, with those under way and how long the others took", async () => {
    const reactor = new MemoryReactor();
    using watch = new Watch(reactor);
    const answers: Readonly<Record<string, () => Response | Deferred<Response>>> = {
      "/": () => new Response("hello"),
      "/slow": () => deferLater(reactor, 300, () => new Response("at last")),
      "/never": () => new Deferred(),
    };
    const application = ({ path }: Request): Response | Deferred<Response> =>
      answers[path]?.() ?? new Response("", { status: 404 });
    await reactor.listenTcp({ port: 80 }, webServer(reactor, application));
    for (const line of ["GET /", "GET /", "GET /x", "DELETE /slow", "BREW /", "STEEP /", "GET /never"])
      ask(reactor, line);
    ask(reactor, "GET /never").remote.reset();
    reactor.advance(300);

    const all = await prometheus(programFigures(reactor, undefined, watch).figures);
    const text = await all.text();
    const seen = text.split("\n").filter((line) => line.startsWith("ropewalk_http_"));
    const plain = seen.filter((line) => !line.includes("_bucket"));
    assert.deepEqual(
      plain.sort(),
      [
        "ropewalk_http_requests_in_flight 1",
        'ropewalk_http_requests_total{method="GET",status="none"} 1',
        'ropewalk_http_requests_total{method="GET",status="2xx"} 2',
        'ropewalk_http_requests_total{method="GET",status="4xx"} 1',
        'ropewalk_http_requests_total{method="other",status="5xx"} 2',
        'ropewalk_http_requests_total{method="DELETE",status="2xx"} 1',
        "ropewalk_http_request_duration_seconds_sum 0.3",
        "ropewalk_http_request_duration_seconds_count 7",
      ].sort(),
    );
    for (const [bound, count] of [
      ["0.001", 6],
      ["0.25", 6],
      ["0.5", 7],
      ["10", 7],
      ["+Inf", 7],
    ]) {
      assert.ok(seen.includes(`ropewalk_http_request_duration_seconds_bucket{le="${bound}"} ${count}`), String(bound));
    }
    assert.match(text, /^# TYPE ropewalk_http_request_duration_seconds histogram$/m);
  });

  test("are told to the program's own log as well", async () => {
    const reactor = new MemoryReactor();
    using watch = new Watch(reactor);
    const served: number[] = [];
    const options = { served: ({ status }: { readonly status: number }) => void served.push(status) };
    await reactor.listenTcp(
      { port: 80 },
      webServer(reactor, () => new Response("hello"), options),
    );
    ask(reactor, "GET /");
    assert.deepEqual([served, watch.requests.durations.count], [[200], 1]);
  });

  test("are not counted where the server was made before anybody looked, or after", async () => {
    const reactor = new MemoryReactor();
    const before = webServer(reactor, () => new Response("hello"));
    const watch = new Watch(reactor);
    watch[Symbol.dispose]();
    const after = webServer(reactor, () => new Response("hello"));
    for (const [port, factory] of [before, after].entries()) {
      await reactor.listenTcp({ port: 80 + port }, factory);
      ask(reactor, "GET /", 80 + port);
    }
    assert.deepEqual([...watch.requests.answers()], []);
  });

  test("are not those of the live view itself", async () => {
    const reactor = new NodeReactor();
    using watch = new Watch(reactor);
    const view = await openLiveView(reactor, undefined, watch);
    const answer = await get(reactor, `${view.url}healthz`);
    assert.deepEqual([answer.status, await answer.json()], [200, { ok: true }]);
    await view.close();
    assert.deepEqual([...watch.requests.answers()], []);
  });
});

function ask(reactor: MemoryReactor, line: string, port: number = 80): MemoryTransport {
  const client = reactor.dial(port);
  client.remote.write(`${line} HTTP/1.1\r\nHost: a\r\n\r\n`);
  return client;
}
