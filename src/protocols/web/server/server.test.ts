import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Deferred } from "../../../core/deferred/deferred.ts";
import { Protocol } from "../../../core/protocol.ts";
import { HttpError } from "../message/http-error.ts";
import type { Request } from "../message/request.ts";
import { Response } from "../message/response.ts";
import { Client, turns } from "./client.fixture.test.ts";
import type { Application, ServedRequest } from "./site.ts";
import { SwitchProtocols } from "./switch/protocol.ts";

function ask(application: Application, path = "/", more = ""): string {
  return new Client(application).send(`GET ${path} HTTP/1.1\r\nHost: rope.example\r\n${more}\r\n`).heard;
}

const GET = "GET / HTTP/1.1\r\nHost: rope.example\r\n\r\n";
const HELLO = "HTTP/1.1 200 OK\r\nContent-Type: text/plain;charset=UTF-8\r\nContent-Length: 5\r\n\r\nhello";

describe("a web server", () => {
  it("answers with what the handler returns", () => {
    assert.equal(
      ask(() => new Response("hello")),
      HELLO,
    );
  });

  it("dates each answer once", () => {
    const client = new Client(() => new Response("hello")).send(GET);
    assert.equal(client.transport.text().match(/^Date: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/gm)?.length, 1);
  });

  it("takes the platform's own answers", async () => {
    const client = new Client(() => new globalThis.Response("hello", { status: 201 })).send(GET);
    await turns();
    assert.match(client.heard, /^HTTP\/1\.1 201 Created\r\n/);
    // By its length where the platform lets it be seen, else in chunks.
    assert.match(client.heard, /\r\n\r\n(hello|5\r\nhello\r\n0\r\n\r\n)$/);
  });

  it("streams the platform's streams", async () => {
    const stream = new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode("hello"));
        controller.close();
      },
    });
    const client = new Client(() => new globalThis.Response(stream)).send(GET);
    await turns();
    assert.match(client.heard, /\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n$/);
  });

  it("waits for a Deferred, and answers in the turn in which it fires", () => {
    const deferred = new Deferred<Response>();
    const client = new Client(() => deferred).send(GET);
    assert.equal(client.heard, "");
    deferred.callback(new Response("hello"));
    assert.equal(client.heard, HELLO);
  });

  it("answers 500 for a thenable that throws, and once for one that answers twice", async () => {
    const throwing = {
      // biome-ignore lint/suspicious/noThenProperty: a thenable is what is tested
      then: () => {
        throw new Error("no rope");
      },
    };
    const client = new Client(() => throwing as never).send(GET);
    await turns();
    assert.match(client.heard, /^HTTP\/1\.1 500 /);

    const twice = {
      // biome-ignore lint/suspicious/noThenProperty: a thenable is what is tested
      then: (answered: (answer: Response) => void) => {
        answered(new Response("hello"));
        answered(new Response("again"));
      },
    };
    const other = new Client(() => twice as never).send(GET);
    await turns();
    assert.equal(other.heard, HELLO);
  });

  it("answers pipelined requests one after the other", () => {
    const waiting: Deferred<Response>[] = [];
    const client = new Client(() => {
      waiting.push(new Deferred<Response>());
      return waiting[waiting.length - 1] as Deferred<Response>;
    }).send(GET + GET);
    assert.equal(waiting.length, 1);
    waiting[0]?.callback(new Response("hello"));
    assert.equal(waiting.length, 2);
    waiting[1]?.callback(new Response("hello"));
    assert.equal(client.heard, HELLO + HELLO);
  });

  it("gives the handler what the client asked for", () => {
    const seen: string[] = [];
    ask(
      (request) => {
        seen.push(request.method, request.url, request.path, request.headers.get("x-knot") ?? "");
        return new Response(null);
      },
      "/a/b?c=d",
      "X-Knot: bowline\r\n",
    );
    assert.deepEqual(seen, ["GET", "http://rope.example/a/b?c=d", "/a/b", "bowline"]);
  });

  it("answers 500 for a handler that throws, and logs it", () => {
    const heard = ask(() => {
      throw new Error("knots");
    });
    assert.match(heard, /^HTTP\/1\.1 500 /);
    assert.doesNotMatch(heard, /knots/);
  });

  it("shows the trace only if it is told to", () => {
    const broken = (): never => {
      throw new Error("knots");
    };
    assert.match(new Client(broken, { showErrors: true }).send(GET).heard, /Error: knots\n {4}at /);
  });

  it("answers an HttpError with its status and headers", () => {
    const heard = ask(() => {
      throw new HttpError(401, "Who are you?", { headers: { "WWW-Authenticate": "Basic" } });
    });
    assert.match(heard, /^HTTP\/1\.1 401 Unauthorized\r\n[\s\S]*WWW-Authenticate: Basic\r\n[\s\S]*Who are you\?\n$/);
  });

  it("answers 500 for what is no answer, and for one that was sent before", () => {
    assert.match(
      ask(() => undefined as unknown as Response),
      /^HTTP\/1\.1 500 /,
    );
    const once = new Response("hello");
    const client = new Client(() => once).send(GET).send(GET);
    assert.match(client.heard.slice(HELLO.length), /^HTTP\/1\.1 500 /);
  });

  it("reads a body that the handler asks for", async () => {
    const client = new Client(async (request: Request) => Response.json(await request.json()));
    client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 7\r\n\r\n{"a"').send(":1}");
    await turns();
    assert.match(client.heard, /\{"a":1\}$/);
  });

  it("refuses to keep a body over its limit, announced or not", async () => {
    const length = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\nhello hello";
    const chunked = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nb\r\nhello hello\r\n0\r\n\r\n";
    for (const text of [length, chunked]) {
      const client = new Client(async (request: Request) => new Response(await request.text()), {
        maxCollectedBytes: 10,
      });
      client.send(text);
      await turns();
      assert.match(client.heard, /^HTTP\/1\.1 413 /);
    }
  });

  it("says 100 when the handler wants the body, and not before", async () => {
    const wanted = new Deferred<void>();
    const client = new Client(async (request: Request) => {
      await wanted;
      return new Response(await request.text());
    });
    client.send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
    await turns();
    assert.equal(client.heard, "");
    wanted.callback(undefined);
    await turns();
    assert.equal(client.heard, "HTTP/1.1 100 Continue\r\n\r\n");
    client.send("hello");
    await turns();
    assert.equal(client.heard, `HTTP/1.1 100 Continue\r\n\r\n${HELLO}`);
  });

  it("makes the client wait while nobody reads a body, and loses none of it", async () => {
    const part = "x".repeat(40_000);
    const done = new Deferred<Response>();
    let reader: AsyncIterator<Uint8Array> | undefined;
    const client = new Client((request: Request) => {
      reader = (request.body as ReadableStream<Uint8Array>)[Symbol.asyncIterator]();
      return done;
    });
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 200000\r\n\r\n");
    for (let n = 0; n < 5; n++) client.send(part);
    let bytes = 0;
    for (let part = await reader?.next(); part?.done === false; part = await reader?.next()) bytes += part.value.length;
    assert.equal(bytes, 200_000);
    done.callback(new Response("hello"));
    assert.equal(client.heard, HELLO);
  });

  it("sends a body in parts as fast as the client takes it", async () => {
    let made = 0;
    const parts = async function* (): AsyncGenerator<string> {
      for (; made < 5; made++) yield "x".repeat(70_000);
    };
    const client = new Client(() => new Response(parts()));
    client.transport.remote.stopTaking();
    client.send(GET);
    await turns();
    assert.equal(made, 0);
    client.transport.remote.startTaking();
    await turns();
    assert.equal(made, 5);
    assert.ok(client.heard.endsWith("\r\n0\r\n\r\n"));
  });

  it("answers no further requests of a client that does not listen", () => {
    let answered = 0;
    const client = new Client(() => {
      answered++;
      return new Response("x".repeat(50_000));
    });
    client.transport.remote.stopTaking();
    client.send(GET.repeat(100));
    assert.ok(answered < 5, `${answered} were answered`);
    client.transport.remote.startTaking();
    assert.equal(answered, 100);
    assert.equal(client.heard.length, 100 * (HELLO.length - 5 + 4 + 50_000));
  });

  it("cuts off a client that takes nothing for too long, and bears one that is slow", () => {
    const client = new Client(() => new Response("x".repeat(500_000)));
    client.transport.remote.stopTaking();
    client.send(GET);
    client.reactor.advance(50_000);
    client.transport.remote.take(1_000);
    client.reactor.advance(50_000);
    assert.equal(client.transport.connected, true);
    client.reactor.advance(70_000);
    assert.equal(client.transport.connected, false);
  });

  it("breaks an answer off that fails in its middle", async () => {
    const client = new Client(
      () =>
        new Response(
          (async function* () {
            yield "hello";
            await Promise.resolve();
            throw new Error("knots");
          })(),
        ),
    ).send(GET);
    await turns();
    assert.equal(client.transport.connected, false);
    assert.doesNotMatch(client.heard, /0\r\n\r\n$/);
  });

  it("answers 501 for methods that nobody registered, for TRACE, and for CONNECT unless it is granted", () => {
    let asked = 0;
    const app = (): Response => {
      asked++;
      return new Response("hello");
    };
    for (const method of ["KNOT", "get", "TRACE"]) {
      assert.match(new Client(app).send(GET.replace("GET", method)).heard, /^HTTP\/1\.1 501 Not Implemented\r\n/);
    }
    assert.equal(asked, 0);
    const connect = "CONNECT rope.example:443 HTTP/1.1\r\nHost: rope.example:443\r\n\r\n";
    assert.match(new Client(app).send(connect).heard, /^HTTP\/1\.1 501 /);
    const knots = new Client(app, { methods: ["KNOT"] });
    assert.equal(knots.send(GET.replace("GET", "KNOT")).heard, HELLO);
  });

  it("answers HEAD with the length and no body", () => {
    const heard = new Client(() => new Response("hello")).send(GET.replace("GET", "HEAD")).heard;
    assert.equal(heard, HELLO.slice(0, -5));
  });

  it("tells the handler when the client is gone", async () => {
    let isCancelled = false;
    const answer = new Deferred<Response>(() => {
      isCancelled = true;
    });
    let request: Request | undefined;
    const client = new Client((each) => {
      request = each;
      return answer;
    }).send(GET);
    const finished = request?.notifyFinish().addErrback((error: Error) => error.message);
    client.transport.remote.reset();
    assert.equal(request?.signal.aborted, true);
    assert.equal(await finished, client.lost[0]?.message);
    assert.equal(isCancelled, true);
  });

  it("tells the handler when the answer is complete", async () => {
    let finished: Deferred<void> | undefined;
    ask((request) => {
      finished = request.notifyFinish();
      return new Response("hello");
    });
    assert.equal(finished?.called, true);
    await finished;
  });

  it("sends early hints", () => {
    const heard = ask((request) => {
      request.sendInformational(103, { Link: "</rope.css>; rel=preload" });
      return new Response("hello");
    });
    assert.equal(heard, `HTTP/1.1 103 Early Hints\r\nLink: </rope.css>; rel=preload\r\n\r\n${HELLO}`);
  });

  it("keeps a connection after a request whose body nobody read", () => {
    const client = new Client(() => new Response("hello"));
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nropes").send(GET);
    assert.equal(client.heard, HELLO + HELLO);
  });

  it("closes a connection whose client sends too much behind its answer", () => {
    const client = new Client(() => new Response("hello"));
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n");
    for (let n = 0; n < 6; n++) client.send("x".repeat(50_000));
    assert.equal(client.transport.remote.sawEnd, true);
  });

  it("refuses what is no HTTP, and hangs up when the client has heard it", () => {
    const client = new Client(() => new Response("hello")).send("GET  / HTTP/1.1\r\n\r\n");
    assert.match(client.heard, /^HTTP\/1\.1 400 Bad Request\r\n[\s\S]*Connection: close\r\n/);
    assert.equal(client.transport.connected, true);
    client.transport.remote.end();
    assert.equal(client.lost.length, 1);
  });

  it("hangs up on a client that says nothing, and on one that trickles its head", () => {
    const idle = new Client(() => new Response("hello"));
    idle.reactor.advance(60_000);
    assert.equal(idle.heard, "");
    assert.equal(idle.transport.remote.sawEnd, true);
    const slow = new Client(() => new Response("hello")).send("GET / HT");
    slow.reactor.advance(10_000);
    assert.match(slow.heard, /^HTTP\/1\.1 408 /);
  });

  it("answers a client that has closed its half already", () => {
    const deferred = new Deferred<Response>();
    const client = new Client(() => deferred).send(GET);
    client.transport.remote.end();
    assert.equal(client.lost.length, 0);
    deferred.callback(new Response("hello"));
    assert.equal(client.heard, HELLO);
    client.transport.settle();
    assert.equal(client.lost.length, 1);
  });

  it("hands the connection over to another protocol", () => {
    class Upper extends Protocol {
      override dataReceived(data: Uint8Array): void {
        this.transport.write(new TextDecoder().decode(data).toUpperCase());
      }
    }
    const headers = { Upgrade: "upper", Connection: "upgrade" };
    const client = new Client(() => new SwitchProtocols(new Upper(), { status: 101, headers }));
    client.send("GET / HTTP/1.1\r\nHost: a\r\nUpgrade: upper\r\nConnection: upgrade\r\n\r\nfirst ").send("then");
    assert.match(client.heard, /^HTTP\/1\.1 101 [\s\S]*\r\n\r\nFIRST THEN$/);
  });

  it("refuses to switch with an answer that names no protocol, and one that no client asked for", () => {
    const upgrade = "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: upper\r\nConnection: upgrade\r\n\r\n";
    const bare = new Client(() => new Response(null, { status: 101 })).send(upgrade);
    assert.match(bare.heard, /^HTTP\/1\.1 500 /);
    const headers = { Upgrade: "upper", Connection: "upgrade" };
    const unasked = new Client(() => new SwitchProtocols(new Protocol(), { status: 101, headers })).send(GET);
    assert.match(unasked.heard, /^HTTP\/1\.1 500 /);
  });

  it("switches behind a body that nobody reads", () => {
    const headers = { Upgrade: "upper", Connection: "upgrade" };
    const client = new Client(() => new SwitchProtocols(new Protocol(), { status: 101, headers }));
    client.send("POST / HTTP/1.1\r\nHost: a\r\nUpgrade: upper\r\nConnection: upgrade\r\nContent-Length: 5\r\n\r\nro");
    assert.equal(client.heard, "");
    client.send("pes");
    assert.match(client.heard, /^HTTP\/1\.1 101 /);
  });

  it("gives up an answer that comes when nobody waits for it", async () => {
    for (const settle of [
      (answer: Deferred<Response>, body: AsyncGenerator<string>) => answer.callback(new Response(body)),
      (answer: Deferred<Response>) => answer.errback(new Error("late")),
    ]) {
      async function* parts(): AsyncGenerator<string> {
        yield "hello";
        yield "hello";
      }
      const answer = new Deferred<Response>();
      const body = parts();
      await body.next();
      // As a Promise, it cannot be cancelled.
      const client = new Client(async () => await answer).send(GET);
      client.transport.remote.reset();
      settle(answer, body);
      await turns();
      assert.equal(client.heard, "");
      assert.equal((await body.next()).done, settle.length === 2);
    }
  });

  it("stops making a body when the client goes, even in the middle of a wait", async () => {
    let isCancelled = false;
    const stream = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(new TextEncoder().encode("hello"));
      },
      cancel() {
        isCancelled = true;
      },
    });
    const client = new Client(() => new Response(stream)).send(GET);
    await turns();
    client.transport.remote.reset();
    await turns();
    assert.equal(isCancelled, true);
  });

  it("makes no body for HEAD that comes in parts", async () => {
    let isCancelled = false;
    const stream = (): ReadableStream =>
      new ReadableStream({
        cancel() {
          isCancelled = true;
        },
      });
    const client = new Client(() => new Response(stream())).send(GET.replace("GET", "HEAD")).send(GET);
    await turns();
    assert.equal(isCancelled, true);
    assert.match(client.heard, /^HTTP\/1\.1 200 OK\r\n\r\nHTTP\/1\.1 200 OK\r\n/);
  });

  it("tells whoever asks late how a request ended", async () => {
    const requests: Request[] = [];
    const waiting = new Deferred<Response>();
    const client = new Client((request) => {
      requests.push(request);
      return requests.length === 1 ? new Response("hello") : waiting;
    }).send(GET + GET);
    client.transport.remote.reset();
    await requests[0]?.notifyFinish();
    assert.equal(requests[0]?.signal.aborted, false);
    assert.equal(requests[1]?.signal.aborted, true);
    await assert.rejects(async () => await requests[1]?.notifyFinish());
    requests[1]?.sendInformational(103);
  });

  it("goes on when who is told throws", () => {
    const served = (): never => {
      throw new Error("knots");
    };
    assert.equal(new Client(() => new Response("hello"), { served }).send(GET + GET).heard, HELLO + HELLO);
  });

  it("tells what it served, of lost ones too", () => {
    const served: ServedRequest[] = [];
    const client = new Client(() => new Deferred<Response>(), { served: (each) => served.push(each) }).send(GET);
    client.reactor.advance(500);
    client.transport.remote.reset();
    assert.deepEqual(
      served.map(({ status, sentBytes, tookMs, isComplete }) => [status, sentBytes, tookMs, isComplete]),
      [[0, 0, 500, false]],
    );
  });

  it("knows who asks, and over what", () => {
    const client = new Client((request) => {
      return Response.json([request.peer, request.local, request.isSecure]);
    }).send(GET);
    const { peer, local } = client.transport;
    assert.ok(client.heard.endsWith(JSON.stringify([peer, local, false])));
  });

  it("tells what it served", () => {
    const served: ServedRequest[] = [];
    new Client(() => new Response("hello"), { served: (each) => served.push(each) }).send(GET);
    assert.deepEqual(
      served.map(({ request, status, sentBytes, isComplete }) => [request.path, status, sentBytes, isComplete]),
      [["/", 200, 5, true]],
    );
  });
});
