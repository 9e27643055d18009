/** WebSocket with npm's ws, and with Python's websockets and Autobahn, at either end, and with Chromium. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { describe, type TestContext, test } from "node:test";
import { chromium, type Page } from "playwright-core";
import { Deferred, DeferredQueue, listen, type Port } from "ropewalk";
import { StreamServerService, startTree } from "ropewalk/app";
import { quoteArgument } from "ropewalk/endpoints";
import { Response, serve, webServer, webSocket } from "ropewalk/web";
import {
  connectWebSocket,
  type WebSocketClientOptions,
  WebSocketProtocol,
  type WebSocketServerOptions,
  webSocketFactory,
} from "ropewalk/websocket";
import { WebSocket, WebSocketServer } from "ws";
import { Authority } from "./support/certificates.ts";
import { reactor, tcpPortOf } from "./support/guest.ts";
import { peerScript, temporaryFolder } from "./support/places.ts";
import { FILE_LIMIT_MS, lacks, PYTHON, start } from "./support/program.ts";

type Kind = "plain" | "deflate" | "small";

const KINDS: readonly Kind[] = ["plain", "deflate", "small"];
/** What is said by the one who calls, to an echo. */
const THINGS: readonly (string | Uint8Array)[] = [
  "short",
  "",
  "häß 😀",
  "all work and no play ".repeat(5_000),
  new Uint8Array(0),
  Uint8Array.from({ length: 768_000 }, (_, at) => at % 256),
];

/** Our end, of either side. */
const OURS: Readonly<Record<Kind, WebSocketServerOptions & WebSocketClientOptions>> = {
  plain: {},
  deflate: { deflate: { sendTakeover: true, minBytes: 0 } },
  small: { deflate: { receiveTakeover: false, sendWindowBits: 9, receiveWindowBits: 9, minBytes: 0 } },
};

describe("npm's ws", { timeout: FILE_LIMIT_MS }, () => {
  for (const kind of KINDS) {
    const perMessageDeflate = {
      plain: false,
      deflate: { threshold: 0 },
      small: { threshold: 0, serverNoContextTakeover: true, clientNoContextTakeover: true, serverMaxWindowBits: 9 },
    }[kind];

    test(`as a server is understood, ${kind}`, async (t) => {
      const server = new WebSocketServer({
        port: 0,
        host: "127.0.0.1",
        perMessageDeflate,
        handleProtocols: () => "echo",
      });
      t.after(() => server.close());
      const closed = new DeferredQueue<string>();
      server.on("connection", (socket) => {
        socket.on("close", (code, reason) => closed.put(`closed ${code} ${reason}`));
        socket.on("message", (data, isBinary) => {
          const [, code, reason] = /^close (\d+) (.*)$/.exec(isBinary ? "" : String(data)) ?? [];
          if (code === undefined) socket.send(data, { binary: isBinary });
          else socket.close(Number(code), reason);
        });
      });
      await once(server, "listening");
      await callsOut(t, (server.address() as AddressInfo).port, kind);
      assert.equal(await closed.get(), "closed 4001 enough");
      assert.equal(await closed.get(), "closed 4002 ");
    });

    test(`as a client understands us, ${kind}`, async (t) => {
      const { port, ended } = await serving(t, kind);
      const options =
        typeof perMessageDeflate === "boolean"
          ? {}
          : { perMessageDeflate: { ...perMessageDeflate, clientMaxWindowBits: 9 } };
      const client = new WebSocket(`ws://127.0.0.1:${port}/path?a=b`, ["other", "echo"], {
        perMessageDeflate: false,
        ...options,
      });
      await once(client, "open");
      assert.equal(client.protocol, "echo");
      assert.equal(client.extensions.includes("permessage-deflate"), kind !== "plain");
      for (const thing of THINGS) {
        client.send(thing);
        const [data, isBinary] = await once(client, "message");
        assert.equal(isBinary, typeof thing !== "string");
        assert.ok(Buffer.from(thing).equals(data), `${thing.length} bytes`);
      }
      client.send("frag", { fin: false });
      client.send("ments", { fin: true });
      assert.equal(String((await once(client, "message"))[0]), "fragments");
      client.ping("there?");
      assert.equal(String((await once(client, "pong"))[0]), "there?");
      client.close(3001, "enough");
      const [code] = await once(client, "close");
      assert.deepEqual([code, await ended()], [3001, "closed 3001 enough, ConnectionDone"]);
    });
  }

  test("as a client hears 1001 when our service stops, which waits for its answer", async (t) => {
    for (const inSite of [false, true]) {
      const factory = inSite
        ? webServer(reactor, (request) => webSocket(reactor, request, new Echo()))
        : webSocketFactory(reactor, () => new Echo());
      const service = new StreamServerService("tcp:0:interface=127.0.0.1", factory);
      await startTree(reactor, service);
      t.after(async () => await service.stopService());
      const client = new WebSocket(`ws://127.0.0.1:${tcpPortOf(service.port as Port)}/`);
      await once(client, "open");
      const closed = once(client, "close");
      await service.stopService();
      assert.equal((await closed)[0], 1001);
    }
  });

  test("as a client is closed with our code and reason, and refused with our status", async (t) => {
    const { port } = await serving(t, "plain");
    const client = new WebSocket(`ws://127.0.0.1:${port}/`);
    await once(client, "open");
    client.send("close 4002 as you wish");
    const [code, reason] = await once(client, "close");
    assert.deepEqual([code, String(reason)], [4002, "as you wish"]);
    const refused = new WebSocket(`ws://127.0.0.1:${port}/`, { origin: "http://evil.example" });
    const [error] = await once(refused, "error");
    assert.match(error.message, /403/);
  });

  for (const [name, bytes, code] of [
    ["a reserved bit", "b180 00000000", 1002],
    ["text that is no UTF-8", "8181 00000000 ff", 1007],
    ["a message too large", "82ff 0000000002000000 00000000", 1009],
    ["a close code that may not be sent", "8882 00000000 03ee", 1002],
  ] as const) {
    test(`hears ${code} from us for ${name}`, async (t) => {
      const { port } = await serving(t, "plain");
      const client = new WebSocket(`ws://127.0.0.1:${port}/`);
      await once(client, "open");
      const { _socket: socket } = client as unknown as { readonly _socket: { write(data: Uint8Array): void } };
      socket.write(Buffer.from(bytes.replaceAll(" ", ""), "hex"));
      assert.equal((await once(client, "close"))[0], code);
    });
  }
});

describe("npm's ws, over TLS", { skip: lacks("openssl"), timeout: FILE_LIMIT_MS }, () => {
  test("as a server is reached by wss:, and its certificate is checked", async (t) => {
    const authority = new Authority(temporaryFolder(t), "root");
    const https = createServer(authority.issue("localhost")).listen(0, "127.0.0.1");
    const server = new WebSocketServer({ server: https });
    t.after(() => https.close());
    server.on("connection", (socket) => socket.on("message", (data) => socket.send(data, { binary: false })));
    await once(https, "listening");
    const url = `wss://localhost:${(https.address() as AddressInfo).port}/`;
    const trusting = { tls: { trustRoots: authority.files.cert } };
    const caller = await connectWebSocket(reactor, url, () => new Caller(), trusting);
    assert.equal(caller.transport.tls?.alpnProtocol, "http/1.1");
    caller.sendMessage("sealed");
    assert.equal(await caller.heard.get(), "sealed");
    caller.close();
    assert.equal(await caller.ended, "closed 1000, ConnectionDone");
    await assert.rejects(async () => await connectWebSocket(reactor, url, () => new Caller()), { name: "TlsError" });
  });

  test("as a client reaches our tls: port", async (t) => {
    const authority = new Authority(temporaryFolder(t), "root");
    const { certFile, keyFile } = authority.issue("localhost");
    const files = `cert=${quoteArgument(certFile)}:key=${quoteArgument(keyFile)}`;
    const port = await listen(
      reactor,
      `tls:0:interface=127.0.0.1:${files}`,
      webSocketFactory(reactor, () => new Echo()),
    );
    t.after(() => port.stopListening());
    const client = new WebSocket(`wss://localhost:${tcpPortOf(port)}/`, { ca: authority.files.cert });
    await once(client, "open");
    client.send("sealed");
    assert.equal(String((await once(client, "message"))[0]), "sealed");
    client.close(1000);
    assert.equal((await once(client, "close"))[0], 1000);
  });
});

for (const [name, module, script] of [
  ["Python's websockets", "websockets", "websockets_peer.py"],
  ["Autobahn", "autobahn", "autobahn_peer.py"],
] as const) {
  describe(name, { skip: lacks(PYTHON) || absence(module), timeout: FILE_LIMIT_MS }, () => {
    for (const kind of KINDS) {
      test(`as a server is understood, ${kind}`, async (t) => {
        const peer = start(t, PYTHON, [peerScript(script), "serve", kind]);
        const [, port] = await peer.out.until(/^(\d+)\n/);
        await callsOut(t, Number(port), kind);
        await peer.out.until("closed 4001 enough\n");
      });

      test(`as a client understands us, ${kind}`, async (t) => {
        const { port, ended } = await serving(t, kind);
        const peer = start(t, PYTHON, [peerScript(script), "call", String(port), kind]);
        await peer.finished();
        const [first = "", ...lines] = (await peer.out.until(/closed 3001\n/)).input?.trimEnd().split("\n") ?? [];
        assert.match(first, kind === "plain" ? /^subprotocol echo extensions \[\]$/ : /^subprotocol echo .*deflate/i);
        const same = THINGS.map(({ length }) => `same ${lengthInPython(length)}`);
        assert.deepEqual(lines, [...same, "joined fragments", "pong", "closed 3001"]);
        assert.equal(await ended(), "closed 3001 enough, ConnectionDone");
      });
    }
  });
}

describe("Chromium", { skip: lacks("chromium"), timeout: 2 * FILE_LIMIT_MS }, () => {
  test("as a client understands us, with compression, in a page of the same server", async (t) => {
    const { url, page, ended } = await browsing(t);
    const said = await page.evaluate(talk, [url.replace("http", "ws"), "echo", true] as const);
    assert.deepEqual(said, {
      protocol: "echo",
      extensions: "permessage-deflate; server_no_context_takeover",
      heard: ["short", "", "häß 😀", `${"all work and no play ".repeat(5_000)}`.length, 0, 768_000],
      close: [3001, "", true],
    });
    assert.equal(await ended(), "closed 3001 enough, ConnectionDone");
  });

  test("hears our close code and reason", async (t) => {
    const { url, page } = await browsing(t);
    const said = await page.evaluate(talk, [url.replace("http", "ws"), "close 4002 as you wish", false] as const);
    assert.deepEqual(said.close, [4002, "as you wish", true]);
  });

  test("is refused where its page comes from somewhere else", async (t) => {
    const { url, page } = await browsing(t);
    await page.goto("about:blank");
    const said = await page.evaluate(talk, [url.replace("http", "ws"), "echo", true] as const);
    assert.deepEqual([said.heard, said.close], [[], [1006, "", false]]);
  });
});

interface Said {
  readonly protocol: string;
  readonly extensions: string;
  readonly heard: readonly (string | number)[];
  readonly close: readonly [number, string, boolean];
}

/** Runs in the page: says everything to an echo and closes, or says one thing and waits for the end. */
function talk([url, first, closes]: readonly [url: string, first: string, closes: boolean]): Promise<Said> {
  const { WebSocket: Socket } = globalThis as unknown as {
    readonly WebSocket: new (url: string, protocols: string[]) => BrowserSocket;
  };
  const bytes = Uint8Array.from({ length: 768_000 }, (_, at) => at % 256);
  const things = closes
    ? ["short", "", "häß 😀", "all work and no play ".repeat(5_000), new Uint8Array(0), bytes]
    : [first];
  return new Promise((resolve) => {
    const socket = new Socket(url, ["other", "echo"]);
    const heard: (string | number)[] = [];
    let agreed = { protocol: "", extensions: "" };
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      agreed = { protocol: socket.protocol, extensions: socket.extensions };
      for (const thing of things) socket.send(thing);
    };
    socket.onmessage = ({ data }) => {
      if (typeof data === "string") heard.push(data.length > 100 ? data.length : data);
      else heard.push(new Uint8Array(data).every((byte, at) => byte === at % 256) ? data.byteLength : "other bytes");
      if (heard.length === things.length) socket.close(3001, "enough");
    };
    socket.onclose = ({ code, reason, wasClean }) => resolve({ ...agreed, heard, close: [code, reason, wasClean] });
  });
}

/** What is used here of the browser's WebSocket. */
interface BrowserSocket {
  readonly protocol: string;
  readonly extensions: string;
  binaryType: string;
  onopen: () => void;
  onmessage: (event: { readonly data: string | ArrayBuffer }) => void;
  onclose: (event: { readonly code: number; readonly reason: string; readonly wasClean: boolean }) => void;
  send(data: string | Uint8Array): void;
  close(code: number, reason: string): void;
}

/** A browser at a page of a web server, whose other requests are WebSockets. */
async function browsing(t: TestContext): Promise<{ url: string; page: Page; ended: () => Promise<string> }> {
  const echo = new Echo();
  const options = { subprotocols: ["echo"], deflate: { minBytes: 0 } };
  const port = await serve(reactor, "tcp:0:interface=127.0.0.1", (request) =>
    request.headers.get("upgrade") === null ? new Response("a page") : webSocket(reactor, request, echo, options),
  );
  t.after(() => port.stopListening());
  const args = ["--no-sandbox", "--no-proxy-server"];
  const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args });
  t.after(() => browser.close());
  const page = await (await browser.newContext()).newPage();
  const url = `http://127.0.0.1:${tcpPortOf(port)}/`;
  await page.goto(url);
  return { url, page, ended: async () => await echo.ended };
}

/** Code points, not UTF-16 code units. */
function lengthInPython(length: number): number {
  return length === "häß 😀".length ? length - 1 : length;
}

/** Says everything to an echo, closes, and lets another connection be closed. */
async function callsOut(t: TestContext, port: number, kind: Kind): Promise<void> {
  const dial = async (): Promise<Caller> => {
    const options = { ...OURS[kind], subprotocols: ["other", "echo"] };
    const caller = await connectWebSocket(reactor, `ws://127.0.0.1:${port}/path?a=b`, () => new Caller(), options);
    t.after(() => caller.transport.abortConnection());
    return caller;
  };
  const caller = await dial();
  assert.equal(caller.subprotocol, "echo");
  for (const thing of THINGS) {
    for (let times = 0; times < 3; times++) caller.sendMessage(thing);
    for (let times = 0; times < 3; times++) assert.ok(Buffer.from(thing).equals(Buffer.from(await caller.heard.get())));
  }
  caller.sendFragment("frag", false);
  caller.sendFragment("ments", true);
  assert.equal(await caller.heard.get(), "fragments");
  caller.sendPing(Buffer.from("there?"));
  assert.equal(await caller.ponged, "there?");
  caller.close(4001, "enough");
  assert.match(await caller.ended, /^closed 4001/);
  const other = await dial();
  other.sendMessage("close 4002 as you wish");
  assert.equal(await other.ended, "closed 4002 as you wish, ConnectionDone");
}

async function serving(
  t: TestContext,
  kind: Kind,
): Promise<{ readonly port: number; readonly ended: () => Promise<string> }> {
  const echoes: Echo[] = [];
  const echo = (): Echo => {
    const next = new Echo();
    echoes.push(next);
    return next;
  };
  const factory = webSocketFactory(reactor, echo, { ...OURS[kind], subprotocols: ["echo"] });
  const port = await listen(reactor, "tcp:0:interface=127.0.0.1", factory);
  t.after(async () => {
    await port.stopListening();
    for (const each of echoes) each.transport?.abortConnection();
  });
  return { port: tcpPortOf(port), ended: async () => await (echoes[0] as Echo).ended };
}

class Ending extends WebSocketProtocol {
  readonly ended: Deferred<string> = new Deferred();
  #said = "";

  override closeReceived(code: number, reason: string): void {
    this.#said = `closed ${code} ${reason}`.trimEnd();
  }

  override connectionLost(reason: Error): void {
    this.ended.callback(`${this.#said}, ${reason.name}`);
  }
}

class Echo extends Ending {
  override messageReceived(data: string | Uint8Array): void {
    const [, code, reason = ""] = /^close (\d+) (.*)$/.exec(typeof data === "string" ? data : "") ?? [];
    if (code === undefined) this.sendMessage(data);
    else this.close(Number(code), reason);
  }
}

class Caller extends Ending {
  readonly heard: DeferredQueue<string | Uint8Array> = new DeferredQueue();
  readonly ponged: Deferred<string> = new Deferred();

  override messageReceived(data: string | Uint8Array): void {
    this.heard.put(data);
  }

  override pongReceived(data: Uint8Array): void {
    this.ponged.callback(Buffer.from(data).toString());
  }
}

function absence(module: string): string | false {
  if (spawnSync(PYTHON, ["-c", `import ${module}`]).status === 0) return false;
  const reason = `python3-${module} is missing; .ci/run knows the package`;
  if (process.env["CI"] !== undefined) throw new Error(`Cannot test with real peers: ${reason}`);
  console.error(`!!! SKIPPED: ${reason}`);
  return reason;
}
