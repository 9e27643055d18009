/** What applications do wrong, or when nobody waits any more: the client hears it if it can, and nothing is left behind. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Deferred } from "../../../core/deferred/deferred.ts";
import { Protocol } from "../../../core/protocol.ts";
import { HeaderMap } from "../../../wire/header-map.ts";
import { HttpError } from "../message/http-error.ts";
import type { Request } from "../message/request.ts";
import { Response } from "../message/response.ts";
import { Client, turns } from "./client.fixture.test.ts";
import type { ServedRequest } from "./site.ts";
import { SwitchProtocols } from "./switch/protocol.ts";

function head(method: string, ...fields: string[]): string {
  return [`${method} / HTTP/1.1`, "Host: rope.example", ...fields, "", ""].join("\r\n");
}

/** Parts that never come, and who hears that nobody wants them. */
function endless(): { readonly stream: ReadableStream; readonly cancelled: unknown[] } {
  const cancelled: unknown[] = [];
  const stream = new ReadableStream({ cancel: (reason) => void cancelled.push(reason) }, { highWaterMark: 0 });
  return { stream, cancelled };
}

const UPGRADE = ["Connection: upgrade", "Upgrade: knots"];
const KNOTS = { status: 101, headers: { Connection: "upgrade", Upgrade: "knots" } } as const;
const NO_FIELD = new HeaderMap({ "X-Knot": "bow\nline" });

describe("an answer at fault", () => {
  for (const [what, error] of [
    ["a status without a body", new HttpError(304, "knots")],
    ["a header that is none", new HttpError(404, "knots", { headers: { "X-Knot": "bow\nline" } })],
  ] as const) {
    it(`is 500 if it is an HttpError with ${what}, thrown late too`, async () => {
      const atOnce = new Client(() => {
        throw error;
      }).send(head("GET"));
      const late = new Client(() => Promise.reject(error)).send(head("GET"));
      await turns();
      assert.match(atOnce.heard, /^HTTP\/1\.1 500 /);
      assert.match(late.heard, /^HTTP\/1\.1 500 /);
    });
  }

  it("is 500 whatever was thrown, even what cannot be shown", async () => {
    const client = new Client(() => Promise.reject(Object.create(null))).send(head("GET"));
    await turns();
    assert.match(client.heard, /^HTTP\/1\.1 500 /);
  });

  it("has the type that an HttpError says, and no other", () => {
    const { heard } = new Client(() => {
      throw new HttpError(404, "{}", { headers: { "content-type": "application/json" } });
    }).send(head("GET"));
    assert.deepEqual(heard.match(/^content-type: .*$/gim), ["content-type: application/json"]);
  });

  it("that comes when its client is gone is told once, and leaves no timer", async () => {
    for (const answer of [undefined as unknown as Response, new Response("sent before")]) {
      if (answer !== undefined) answer.takeBody();
      const served: ServedRequest[] = [];
      const due = new Deferred<Response>();
      const client = new Client(() => Promise.resolve(due), { served: (one) => served.push(one) }).send(head("GET"));
      client.transport.remote.reset();
      due.callback(answer);
      await turns();
      assert.deepEqual(
        served.map(({ status, isComplete }) => [status, isComplete]),
        [[0, false]],
      );
      assert.deepEqual(client.reactor.getDelayedCalls(), []);
    }
  });

  it("tells what makes its body that its head cannot be sent", async () => {
    const { stream, cancelled } = endless();
    const client = new Client(() => new Response(stream, { headers: NO_FIELD })).send(head("GET"));
    await turns();
    assert.match(client.heard, /^HTTP\/1\.1 500 /);
    assert.equal(cancelled.length, 1);
  });

  it("tells what makes its body that CONNECT is not granted", async () => {
    const { stream, cancelled } = endless();
    const client = new Client(() => new Response(stream)).send("CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n");
    await turns();
    assert.match(client.heard, /^HTTP\/1\.1 501 /);
    assert.equal(cancelled.length, 1);
  });

  it("is 500 if it cannot switch, and the next request is served", () => {
    let requests = 0;
    const bad = (): Response => new SwitchProtocols(new Protocol(), { status: 101, headers: NO_FIELD });
    const client = new Client(() => (++requests === 1 ? bad() : new Response("hello")));
    client.send(head("GET", ...UPGRADE) + head("GET"));
    assert.match(client.heard, /^HTTP\/1\.1 500 [\s\S]*HTTP\/1\.1 200 OK[\s\S]*hello$/);
  });

  it("cannot be a switch that is said before it", async () => {
    const errors: unknown[] = [];
    const client = new Client(async (request) => {
      await turns();
      try {
        request.sendInformational(101, KNOTS.headers);
      } catch (error) {
        errors.push(error);
      }
      return new Response("hello");
    }).send(head("GET", ...UPGRADE));
    await turns();
    await turns();
    assert.match(String(errors[0]), /Cannot send 101 before an answer/);
    assert.match(client.heard, /^HTTP\/1\.1 200 OK\r\n[\s\S]*hello$/);
  });
});

describe("an exchange that is lost", () => {
  it("is told to all who wait, even if a canceller throws", async () => {
    const told: unknown[] = [];
    const client = new Client(
      (request) => {
        request.notifyFinish().addErrback(() => told.push("finish"));
        return new Deferred(() => {
          throw new Error("knots");
        });
      },
      { served: ({ status, isComplete }) => told.push([status, isComplete]) },
    ).send(head("GET"));
    client.transport.remote.reset();
    await turns();
    assert.deepEqual(told, ["finish", [0, false]]);
  });

  it("bears an iterator whose clean-up throws, or gives no promise", async () => {
    const cleanUps = [
      (): never => {
        throw new Error("knots");
      },
      () => ({ done: true }),
    ];
    for (const cleanUp of cleanUps) {
      const served: boolean[] = [];
      const next = (): Promise<never> => Promise.reject(new Error("no more"));
      const parts = { [Symbol.asyncIterator]: () => ({ next, return: cleanUp }) };
      const client = new Client(() => new Response(parts as never), { served: (one) => served.push(one.isComplete) });
      client.send(head("GET"));
      await turns();
      assert.deepEqual(served, [false]);
    }
  });
});

describe("a body that is read behind its answer", () => {
  it("fails, and is not taken for whole", async () => {
    const texts: string[] = [];
    const read = async (request: Request): Promise<void> => {
      for await (const part of request.body ?? []) texts.push(new TextDecoder().decode(part as Uint8Array));
    };
    let reading: Promise<void> = Promise.resolve();
    const due = new Deferred<Response>();
    const client = new Client((request) => {
      if (request.method === "GET") return new Response("hello");
      reading = read(request);
      return due;
    }).send(`${head("POST", "Content-Length: 10")}bow`);
    await turns();
    const failure = assert.rejects(reading, /^Error: Cannot read the rest of this body: the answer/);
    due.callback(new Response("hello"));
    await failure;
    assert.deepEqual(texts, ["bow"]);
    client.send(`line...${head("GET")}`);
    assert.equal(client.heard.match(/HTTP\/1\.1 200/g)?.length, 2);
  });

  it("fails whoever collects it", async () => {
    let collecting: Promise<string> = Promise.resolve("");
    new Client((request) => {
      collecting = request.text();
      return new Response("hello");
    }).send(`${head("POST", "Content-Length: 10")}bow`);
    await assert.rejects(collecting, /^Error: Cannot read the rest of this body: the answer/);
  });

  it("leaves no timer when its connection is lost", async () => {
    let asked: Request | undefined;
    const client = new Client(
      (request) => {
        asked = request;
        return new Deferred();
      },
      { maxCollectedBytes: 2 },
    ).send(`${head("POST", "Content-Length: 10")}bow`);
    client.transport.remote.reset();
    await assert.rejects(asked?.text() as Promise<string>);
    assert.deepEqual(client.reactor.getDelayedCalls(), []);
  });

  it("is the last that is heard if it is too long", () => {
    const targets: string[] = [];
    new Client((request) => {
      targets.push(request.method);
      return new Response("hello");
    }).send(`${head("POST", "Content-Length: 300000") + "a".repeat(300_000)}${head("GET")}`);
    assert.deepEqual(targets, ["POST"]);
  });
});

describe("a client that waits to be told to go on", () => {
  it("is told before an answer begins whose parts may need those of the request", async () => {
    const client = new Client((request) => new Response(request.body));
    client.send(head("POST", "Content-Length: 4", "Expect: 100-continue"));
    await turns();
    assert.match(client.heard, /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n/);
    client.send("hemp");
    await turns();
    assert.match(client.heard, /\r\n4\r\nhemp\r\n0\r\n\r\n$/);
  });

  it("is told before a switch, which comes behind its body", () => {
    const client = new Client(() => new SwitchProtocols(new Protocol(), KNOTS));
    client.send(head("POST", ...UPGRADE, "Content-Length: 4", "Expect: 100-continue"));
    assert.equal(client.heard, "HTTP/1.1 100 Continue\r\n\r\n");
    client.send("hemp");
    assert.match(client.heard, /\r\n\r\nHTTP\/1\.1 101 /);
  });
});

describe("a length without a body", () => {
  it("is said in answers to HEAD and in 304", () => {
    const headers = { "Content-Length": "1234" };
    const answers = [
      new Client(() => new Response(null, { headers })).send(head("HEAD")).heard,
      new Client(() => new Response(null, { status: 304, headers })).send(head("GET")).heard,
    ];
    assert.deepEqual(answers, [
      "HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n",
      "HTTP/1.1 304 Not Modified\r\nContent-Length: 1234\r\n\r\n",
    ]);
  });

  it("is 500 where the body is wanted", () => {
    const headers = { "Content-Length": "1234" };
    assert.match(new Client(() => new Response(null, { headers })).send(head("GET")).heard, /^HTTP\/1\.1 500 /);
  });
});

describe("a protocol that a connection goes on with", () => {
  it("hears that the client closed its half before", () => {
    const heard: string[] = [];
    class Knots extends Protocol {
      override dataReceived(data: Uint8Array): void {
        heard.push(new TextDecoder().decode(data));
      }
      override readConnectionLost(): void {
        heard.push("its end");
      }
    }
    const due = new Deferred<Response>();
    const client = new Client(() => due).send(`${head("GET", ...UPGRADE)}hemp`);
    client.transport.remote.end();
    due.callback(new SwitchProtocols(new Knots(), KNOTS));
    assert.deepEqual(heard, ["hemp", "its end"]);
  });
});
