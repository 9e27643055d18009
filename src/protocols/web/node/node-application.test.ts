import assert from "node:assert/strict";
import type { IncomingMessage, ServerResponse } from "node:http";
import { finished, pipeline, Readable } from "node:stream";
import { describe, it } from "node:test";
import { MemoryReactor, MemoryTransport } from "../../../testing/index.ts";
import { Request } from "../message/request.ts";
import type { Response } from "../message/response.ts";
import { webServer } from "../server/server.ts";
import { nodeApplication } from "./node-application.ts";

type Listener = (req: IncomingMessage, res: ServerResponse) => unknown;

/** A client of a server on which such an application is mounted. */
class Client {
  readonly transport: MemoryTransport = new MemoryTransport();

  constructor(listener: Listener) {
    const factory = webServer(new MemoryReactor(), nodeApplication(listener));
    this.transport.attach(factory.buildProtocol(this.transport.peer) as never);
  }

  async send(text: string): Promise<this> {
    this.transport.remote.write(text);
    await turns();
    return this;
  }

  get heard(): string {
    return this.transport.text().replaceAll(/Date: [^\r]+\r\n/g, "");
  }
}

async function ask(listener: Listener, head = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"): Promise<string> {
  return (await new Client(listener).send(head)).heard;
}

describe("an application for Node's own server", () => {
  it("answers with end alone, with its length", async () => {
    assert.equal(await ask((_, res) => res.end("hello")), "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
    assert.equal(await ask((_, res) => res.end()), "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  });

  it("says a head as it was told to, in each of the ways", async () => {
    const expected = /^HTTP\/1\.1 201 Made\r\nX-A: 1\r\nSet-Cookie: a\r\nSet-Cookie: b\r\nContent-Length: 2\r\n\r\nhi$/;
    const listeners: Listener[] = [
      (_, res) => res.writeHead(201, "Made", { "X-A": 1, "Set-Cookie": ["a", "b"] }).end("hi"),
      (_, res) => res.writeHead(201, "Made", ["X-A", "1", "Set-Cookie", ["a", "b"]] as never).end("hi"),
      (_, res) => {
        res.statusCode = 201;
        res.statusMessage = "Made";
        res.setHeader("X-A", 1).setHeader("Set-Cookie", "a");
        res.appendHeader("set-cookie", "b");
        res.setHeader("Transfer-Encoding", "chunked").setHeader("X-B", "2");
        res.removeHeader("x-b");
        assert.deepEqual(
          [res.getHeader("x-a"), res.hasHeader("X-A"), res.getHeaderNames()],
          [1, true, ["x-a", "set-cookie", "transfer-encoding"]],
        );
        assert.deepEqual(
          { ...res.getHeaders() },
          { "x-a": 1, "set-cookie": ["a", "b"], "transfer-encoding": "chunked" },
        );
        res.end("hi");
      },
    ];
    for (const listener of listeners) assert.match(await ask(listener), expected);
  });

  it("takes a Content-Length of its own, and answers HEAD with it", async () => {
    const listener: Listener = (_, res) => res.setHeader("Content-Length", 5).end("hello");
    assert.equal(await ask(listener), "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
    const head = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n";
    assert.equal(await ask(listener, "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n"), head);
    assert.equal(
      await ask((_, res) => res.setHeader("Content-Length", 5).end(), "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n"),
      head,
    );
  });

  it("sends no body where none may be", async () => {
    for (const status of [204, 304]) {
      const heard = await ask((_, res) => {
        res.statusCode = status;
        res.write("no");
        res.end("body");
      });
      assert.match(heard, new RegExp(`^HTTP/1\\.1 ${status} [^\\r]+\\r\\n(?:[^\\r]+\\r\\n)*\\r\\n$`));
    }
  });

  it("streams what is written, and says its head at the first of it", async () => {
    let write: (() => void) | undefined;
    const client = await new Client((_, res) => {
      res.write("one");
      write = () => res.end("two");
    }).send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    assert.equal(client.heard, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n");
    write?.();
    await turns();
    assert.match(client.heard, /one\r\n3\r\ntwo\r\n0\r\n\r\n$/);
  });

  it("says its head when it is flushed", async () => {
    assert.equal(
      await ask((_, res) => res.writeHead(200).flushHeaders()),
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
    );
  });

  it("knows that headers were sent, and refuses more with Node's codes", async () => {
    const seen: unknown[] = [];
    const codeOf = (action: () => unknown): void => {
      try {
        action();
      } catch (error) {
        seen.push((error as { readonly code?: string }).code);
      }
    };
    await ask((_, res) => {
      codeOf(() => res.setHeader("a b", "1"));
      codeOf(() => res.setHeader("a", "1\r\nb: 2"));
      codeOf(() => res.setHeader("a", undefined as never));
      codeOf(() => res.writeHead(99));
      seen.push(res.headersSent);
      res.write("a");
      seen.push(res.headersSent, res.writableEnded);
      codeOf(() => res.setHeader("A", "1"));
      codeOf(() => res.writeHead(200));
      res.end();
      seen.push(res.writableEnded, res.finished);
    });
    const invalid = [
      "ERR_INVALID_HTTP_TOKEN",
      "ERR_INVALID_CHAR",
      "ERR_HTTP_INVALID_HEADER_VALUE",
      "ERR_HTTP_INVALID_STATUS_CODE",
    ];
    assert.deepEqual(seen, [
      ...invalid,
      false,
      true,
      false,
      "ERR_HTTP_HEADERS_SENT",
      "ERR_HTTP_HEADERS_SENT",
      true,
      true,
    ]);
  });

  it("lets middleware put itself in place of writeHead, write and end", async () => {
    const heard = await ask((_, res) => {
      const { writeHead, end } = res;
      res.writeHead = ((...given: Parameters<typeof writeHead>) => {
        res.setHeader("X-Late", "1");
        return writeHead.apply(res, given);
      }) as typeof writeHead;
      res.end = ((text: string) => end.call(res, text.toUpperCase(), "utf8")) as typeof end;
      res.end("hello");
    });
    assert.equal(heard, "HTTP/1.1 200 OK\r\nX-Late: 1\r\nContent-Length: 5\r\n\r\nHELLO");
  });

  it("is told to wait while the client takes nothing, and when it may go on", async () => {
    let written = 0;
    let drained = 0;
    const client = new Client((_, res) => {
      const fill = (): void => {
        while (written < 100 && res.write("x".repeat(10_000))) written++;
      };
      res.on("drain", () => {
        drained++;
        fill();
      });
      fill();
    });
    client.transport.remote.stopTaking();
    await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    assert.ok(written < 50, String(written));
    client.transport.remote.startTaking();
    for (let turn = 0; turn < 20; turn++) await turns();
    assert.ok(written === 100 && drained > 10, `${written} ${drained}`);
  });

  it("hears what was asked for as Node says it", async () => {
    let heard: unknown;
    const head =
      "POST /a?b=%20 HTTP/1.1\r\nHost: a\r\nX-A: 1\r\nx-a: 2\r\nCookie: a\r\nCookie: b\r\nContent-Type: t/x\r\n__proto__: p\r\nContent-Length: 0\r\n\r\n";
    await ask((req, res) => {
      const { method, url, httpVersion, headers, rawHeaders } = req;
      heard = [
        method,
        url,
        httpVersion,
        { ...headers }["x-a"],
        headers.cookie,
        headers["content-type"],
        Object.keys(headers),
        rawHeaders.length,
      ];
      assert.ok(req.socket.remoteAddress !== undefined && req.connection.remotePort !== undefined);
      res.end();
    }, head);
    const names = ["host", "x-a", "cookie", "content-type", "__proto__", "content-length"];
    assert.deepEqual(heard, ["POST", "/a?b=%20", "1.1", "1, 2", "a; b", "t/x", names, 16]);
  });

  it("reads a body as a stream, which makes the client wait", async () => {
    let [req, sent, bytes]: [Readable | undefined, number, number] = [undefined, 0, 0];
    async function* body(): AsyncGenerator<string> {
      for (; sent < 100; sent++) yield "x".repeat(10_000);
    }
    const request = new Request("http://a/", { method: "POST", body: body() });
    const response = nodeApplication((incoming: IncomingMessage, res: ServerResponse) => {
      req = incoming;
      incoming.once("readable", () => undefined).on("end", () => res.end(incoming.complete ? "complete" : ""));
    })(request) as PromiseLike<Response>;
    await turns();
    assert.ok(sent > 0 && sent < 50, String(sent));
    (req as Readable | undefined)?.removeAllListeners("readable").on("data", (data: Uint8Array) => {
      bytes += data.length;
    });
    assert.equal(await (await response).text(), "complete");
    assert.equal(bytes, 1_000_000);
  });

  it("echoes by a pipe, and keeps the connection for the next request", async () => {
    const client = new Client((req, res) => req.pipe(res));
    for (const text of ["hello", "again"]) {
      await client.send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n${text}`);
      assert.match(client.heard, new RegExp(`5\\r\\n${text}\\r\\n0\\r\\n\\r\\n$`));
    }
  });

  it("emits finish and close when the answer is complete, on both sides", async () => {
    const events: string[] = [];
    await ask((req, res) => {
      finished(res, (error) => events.push(`finished ${error}`));
      for (const event of ["finish", "close"]) res.on(event, () => events.push(`res ${event}`));
      req.on("close", () => events.push("req close"));
      pipeline(Readable.from(["a", "b"]), res, (error) => events.push(`pipeline ${error}`));
    });
    assert.deepEqual(events.sort(), [
      "finished undefined",
      "pipeline undefined",
      "req close",
      "res close",
      "res finish",
    ]);
  });

  it("emits close and no finish when the client goes", async () => {
    const events: string[] = [];
    const client = await new Client((req, res) => {
      for (const event of ["finish", "close"]) res.on(event, () => events.push(`res ${event}`));
      for (const event of ["aborted", "close"]) req.on(event, () => events.push(`req ${event}`));
      res.write("a");
    }).send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nx");
    client.transport.remote.reset();
    await turns();
    assert.deepEqual(events.sort(), ["req aborted", "req close", "res close"]);
  });

  it("becomes a 500 if it throws before its head, and is broken off after it", async () => {
    const fail = (): never => {
      throw new Error("knots");
    };
    assert.match(await ask(fail), /^HTTP\/1\.1 500 /);
    assert.match(await ask(async () => fail()), /^HTTP\/1\.1 500 /);
    const client = await new Client(async (_, res) => {
      res.write("a");
      await turns();
      fail();
    }).send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    for (let turn = 0; turn < 5; turn++) await turns();
    assert.ok(client.transport.remote.sawReset);
  });

  it("is broken off if it destroys its answer", async () => {
    const client = await new Client((_, res) => {
      res.write("a");
      setImmediate(() => res.destroy());
    }).send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    await turns();
    assert.ok(client.transport.remote.sawReset);
  });

  it("sends early hints", async () => {
    const heard = await ask((_, res) => res.writeEarlyHints({ link: ["<a>", "<b>"] }, () => res.end("x")));
    assert.match(heard, /^HTTP\/1\.1 103 Early Hints\r\nlink: <a>, <b>\r\n\r\nHTTP\/1\.1 200 OK\r\n/);
  });
});

async function turns(): Promise<void> {
  for (let turn = 0; turn < 30; turn++) await new Promise((resolve) => setImmediate(resolve));
}
