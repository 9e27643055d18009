/**
 * The corpus of http1 through the reverse proxy, with Node's server behind it: what that hears are the requests that the proxy
 * heard, one for one, whatever the bytes were. Nobody smuggles a request past the proxy.
 */
import assert from "node:assert/strict";
import { createServer, METHODS } from "node:http";
import { after, before, describe, test } from "node:test";
import { NodeReactor, type Port } from "ropewalk";
import { type ReverseProxy, reverseProxy, serve } from "ropewalk/web";
import { feed, type Heard, heardByUs } from "../interop/http1/heard.ts";
import { http1Vectors } from "./http1-vectors.ts";

const KNOWN = new Set(METHODS);
const vectors = http1Vectors().filter(
  ({ asked, grants, answersEarly, bytes }) =>
    asked === undefined && !grants && !answersEarly && heardByUs(bytes).heard.every(isKnown),
);

describe("the corpus of http1, through a reverse proxy", { timeout: 120_000 }, () => {
  const reactor = new NodeReactor();
  let port: Port;
  let proxy: ReverseProxy;
  let seen: Heard[] = [];
  let framings: string[][] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      const { method = "", url: target = "" } = request;
      seen.push({ method, target, body: Buffer.concat(parts).toString("latin1") });
      response.end("ok");
    });
    const names = request.rawHeaders.filter((_, at) => at % 2 === 0).map((name) => name.toLowerCase());
    framings.push(names.filter((name) => /^(content-length|transfer-encoding|host)$/.test(name)));
  });

  before(async () => {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    proxy = reverseProxy(reactor, `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`);
    port = await serve(reactor, "tcp:0:interface=127.0.0.1", proxy, { methods: METHODS });
  });
  after(async () => {
    await port.stopListening();
    await proxy.close();
    server.close();
    server.closeAllConnections();
  });

  for (const vector of vectors) {
    test(vector.name, async () => {
      [seen, framings] = [[], []];
      const { heard } = heardByUs(vector.bytes);
      const { port: number } = port.address as { readonly port: number };
      const neverEnds = /^(refused|closed|switched)/.test(vector.verdict.at(-1) ?? "");
      await feed(number, vector.bytes, { answers: heard.length, neverEnds });
      assert.deepEqual(seen, heard.filter(isPassedOn).map(asSentOn));
      for (const names of framings) {
        assert.ok(names.filter((name) => name !== "host").length <= 1, `it is framed by ${names}`);
        assert.equal(names.filter((name) => name === "host").length, 1);
      }
    });
  }
});

function isKnown({ method }: Heard): boolean {
  return KNOWN.has(method);
}

function isPassedOn({ method }: Heard): boolean {
  return method !== "CONNECT";
}

/** With dots resolved, and encoded as URLs have it. */
function asSentOn({ method, target, body }: Heard): Heard {
  if (target === "*") return { method, target, body };
  const { pathname, search } = new URL(`http://a${target}`);
  return { method, target: pathname + search, body };
}
