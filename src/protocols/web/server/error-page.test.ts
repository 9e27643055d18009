import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MemoryReactor, MemoryTransport } from "../../../testing/index.ts";
import { HttpError } from "../message/http-error.ts";
import { webServer } from "./server.ts";

/** What a client with such an Accept field sees of an error. */
function seen(error: unknown, accept: string | undefined, showErrors = false): string {
  const reactor = new MemoryReactor();
  const transport = new MemoryTransport({ clock: reactor });
  const broken = (): never => {
    throw error;
  };
  transport.attach(webServer(reactor, broken, { showErrors }).buildProtocol(transport.peer) as never);
  transport.remote.write(`GET / HTTP/1.1\r\nHost: a\r\n${accept === undefined ? "" : `Accept: ${accept}\r\n`}\r\n`);
  return transport.text();
}

const BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

describe("what a client sees of an error", () => {
  it("is text, unless it names HTML and likes it at least as well", () => {
    for (const accept of [
      undefined,
      "*/*",
      "application/json",
      "text/*",
      "text/html;q=0.5, text/plain",
      "text/html;q=0",
    ])
      assert.match(
        seen(new HttpError(404, "No <knot>"), accept),
        /\r\nContent-Type: text\/plain;charset=UTF-8\r\n[\s\S]*\r\n\r\nNo <knot>\n$/,
        accept,
      );
    for (const accept of [BROWSER, "Text/HTML", "text/plain, text/html", "text/plain;q=0.5, text/html; q=0.6"])
      assert.match(
        seen(new HttpError(404, "No <knot>"), accept),
        /\r\nContent-Type: text\/html;charset=UTF-8\r\n[\s\S]*<h1>404 Not Found<\/h1>\n<p>No &lt;knot&gt;<\/p>/,
        accept,
      );
  });

  it("is a page that can do nothing, with the error's own fields", () => {
    const page = seen(new HttpError(401, "Who?", { headers: { "WWW-Authenticate": "Basic" } }), BROWSER);
    assert.match(page, /\r\nWWW-Authenticate: Basic\r\n/);
    assert.match(page, /\r\nContent-Security-Policy: default-src 'none'\r\n/);
  });

  it("has the type that the error says", () => {
    const error = new HttpError(422, '{"a":1}', { headers: { "content-type": "application/problem+json" } });
    assert.match(
      seen(error, BROWSER),
      /^HTTP\/1\.1 422 [\s\S]*\r\ncontent-type: application\/problem\+json\r\n[\s\S]*\r\n\r\n\{"a":1\}\n$/i,
    );
  });

  it("has the trace of a program's fault only if somebody asked for traces", () => {
    for (const accept of [undefined, BROWSER]) {
      const error = new Error("secret <knots>");
      assert.doesNotMatch(seen(error, accept), /secret/);
      assert.match(seen(error, accept), /^HTTP\/1\.1 500 [\s\S]*Internal Server Error/);
      assert.match(seen(error, accept, true), /secret[\s\S]*at /);
    }
    assert.match(seen(new Error("<knots>"), BROWSER, true), /<pre>Error: &lt;knots&gt;\n/);
    assert.match(seen(undefined, undefined, true), /undefined/);
  });
});
