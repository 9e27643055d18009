/** SOCKS with programs that nobody here wrote: curl, nc, ssh and Chromium as clients, microsocks as the proxy. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { describe, type TestContext, test } from "node:test";
import { connect, DatagramProtocol, formatAddress, listen, type UdpAddress } from "ropewalk";
import { quoteArgument } from "ropewalk/endpoints";
import {
  connectThroughSocks,
  type SocksRequest,
  type SocksServerOptions,
  socksAssociate,
  socksBind,
  socksServer,
} from "ropewalk/socks";
import { Authority } from "./support/certificates.ts";
import { EchoGuest, Guest, type Host, reactor, serve, serveTcp, tcpPortOf, visitor } from "./support/guest.ts";
import { accepting, freePort, temporaryFolder } from "./support/places.ts";
import { FILE_LIMIT_MS, lacks, PYTHON, start } from "./support/program.ts";
import { Transcript } from "./support/transcript.ts";

const LOGIN = { username: "ann", password: "secret" };

describe("curl through our proxy", { skip: lacks("curl"), timeout: FILE_LIMIT_MS }, () => {
  for (const [option, version, host] of [
    ["--socks4", 4, "127.0.0.1"],
    ["--socks4a", 4, "localhost"],
    ["--socks5", 5, /^(127\.0\.0\.1|::1)$/],
    ["--socks5-hostname", 5, "localhost"],
  ] as const) {
    test(`${option} gets a page, and the rules see what it asks for`, async (t) => {
      const { web, proxy, requests } = await proxied(t);
      const curl = start(t, "curl", ["-4sS", option, `127.0.0.1:${proxy}`, `http://localhost:${web}/`]);
      assert.deepEqual(await curl.finished(), { code: 0, signal: null });
      assert.equal(curl.out.text, "a page");
      const [request] = requests;
      assert.deepEqual([request?.version, request?.command, request?.port], [version, "connect", web]);
      assert.match(request?.host ?? "", typeof host === "string" ? new RegExp(`^${host}$`) : host);
    });
  }

  test("--proxy-user logs in, and a wrong password gets nothing", async (t) => {
    const authenticate = ({ password }: { password: string }): boolean => password === LOGIN.password;
    const { web, proxy, requests } = await proxied(t, { authenticate });
    const get = (user: string) =>
      start(t, "curl", ["-sS", "--socks5", `127.0.0.1:${proxy}`, "--proxy-user", user, `http://127.0.0.1:${web}/`]);
    const right = get("ann:secret");
    assert.deepEqual(await right.finished(), { code: 0, signal: null });
    assert.equal(right.out.text, "a page");
    assert.equal(requests[0]?.username, "ann");
    const wrong = get("ann:other");
    assert.equal((await wrong.finished()).code, 97);
    assert.match(wrong.err.text, /User was rejected by the SOCKS5 server/);
  });

  test("is told why: rules, a port that nobody listens on, a name that nobody knows", async (t) => {
    const { proxy } = await proxied(t, { allow: ({ port }) => port !== 25 });
    for (const [url, reply] of [
      ["http://127.0.0.1:25/", "(2)"],
      [`http://127.0.0.1:${await freePort()}/`, "(5)"],
      ["http://nowhere.invalid/", "(4)"],
    ] as const) {
      const curl = start(t, "curl", ["-sS", "--socks5-hostname", `127.0.0.1:${proxy}`, url]);
      assert.equal((await curl.finished()).code, 97);
      assert.ok(curl.err.text.includes(reply), curl.err.text);
    }
  });
});

describe("nc through our proxy", { skip: lacks("nc"), timeout: FILE_LIMIT_MS }, () => {
  for (const version of ["4", "5"]) {
    test(`-X ${version} exchanges 1 MiB, and its end of stream passes through`, async (t) => {
      const { port: target } = await serveTcp(t, () => new EchoGuest());
      const { proxy } = await proxied(t);
      const nc = start(t, "nc", ["-N", "-X", version, "-x", `127.0.0.1:${proxy}`, "127.0.0.1", String(target)]);
      const data = randomBytes(1 << 20);
      nc.write(data);
      nc.endInput();
      assert.deepEqual(await nc.finished(), { code: 0, signal: null });
      assert.equal(Buffer.from(nc.out.text, "latin1").compare(data), 0);
    });
  }

  test("as a command that carries a connection (ProxyCommand), it carries ours", async (t) => {
    const { port: target } = await serveTcp(t, () => new EchoGuest());
    const { proxy } = await proxied(t);
    const command = quoteArgument(`nc -X 5 -x 127.0.0.1:${proxy} 127.0.0.1 ${target}`);
    const client = await connect(
      reactor,
      `process:${command}`,
      visitor(t, () => new Guest()),
    );
    client.transport.write("hello");
    await client.heard.until("hello");
    client.transport.loseConnection();
    await client.lost;
  });
});

describe("ssh through our proxy", { skip: lacks("ssh", "nc"), timeout: FILE_LIMIT_MS }, () => {
  for (const version of ["4", "5"]) {
    test(`-o ProxyCommand="nc -X ${version} …" reaches the server that it names`, async (t) => {
      const { port: target, host } = await serveTcp(t, () => new SshServer());
      const { proxy, requests } = await proxied(t);
      const command = `ProxyCommand=nc -X ${version} -x 127.0.0.1:${proxy} %h %p`;
      const alone = ["-F", "none", "-o", "BatchMode=yes", "-o", "UserKnownHostsFile=/dev/null"];
      start(t, "ssh", [...alone, "-o", command, "-p", String(target), "ann@127.0.0.1", "true"]);
      const server = await host.next();
      await server.heard.until("SSH-2.0-OpenSSH");
      // What follows is its proposal for the exchange of keys.
      await server.heard.until("curve25519-sha256");
      assert.deepEqual([requests[0]?.version, requests[0]?.port], [Number(version), target]);
    });
  }
});

describe("Chromium through our proxy", { skip: lacks("chromium"), timeout: 2 * FILE_LIMIT_MS }, () => {
  for (const [scheme, version, host] of [
    ["socks5", 5, "localhost"],
    ["socks4", 4, "127.0.0.1"],
  ] as const) {
    test(`--proxy-server=${scheme}://… gets its pages, and the rules see what it asks for`, async (t) => {
      // What the browser asks for on its own account is none of the test's business.
      const { web, proxy, requests } = await proxied(t, { allow: ({ host: asked }) => asked === host });
      const flags = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"];
      const quiet = ["--disable-background-networking", "--disable-component-update", "--disable-sync"];
      const through = [`--proxy-server=${scheme}://127.0.0.1:${proxy}`, "--proxy-bypass-list=<-loopback>"];
      const profile = `--user-data-dir=${temporaryFolder(t)}`;
      const page = `http://${host}:${web}/`;
      const browser = start(t, "chromium", [...flags, ...quiet, ...through, profile, "--dump-dom", page]);
      assert.equal((await browser.finished()).code, 0, browser.err.text);
      assert.match(browser.out.text, /a page/);
      const request = requests.find(({ port }) => port === web);
      assert.deepEqual([request?.version, request?.command, request?.host], [version, "connect", host]);
    });
  }
});

describe("our client through microsocks", { skip: lacks("microsocks"), timeout: FILE_LIMIT_MS }, () => {
  test("exchanges 1 MiB with a target by its name and by its address", async (t) => {
    const { port: target } = await serveTcp(t, () => new EchoGuest());
    const proxy = await microsocks(t);
    for (const host of ["localhost", "127.0.0.1"]) {
      const options = { proxy: `tcp:127.0.0.1:${proxy}`, host, port: target };
      const client = await connectThroughSocks(
        reactor,
        options,
        visitor(t, () => new Guest()),
      );
      const data = randomBytes(1 << 20).toString("latin1");
      client.transport.writeLatin1(data);
      await client.heard.until(/^[\s\S]{1048576}$/);
      assert.equal(client.heard.text, data);
      client.transport.loseConnection();
      await client.lost;
    }
  });

  test("socks5: with a login reaches the target, with a wrong or no login it does not", async (t) => {
    const { port: target } = await serveTcp(t, () => new EchoGuest());
    const proxy = await microsocks(t, "-u", LOGIN.username, "-P", LOGIN.password);
    const endpoint = `socks5:127.0.0.1:${proxy}:endpoint=${quoteArgument(`tcp:127.0.0.1:${target}`)}`;
    const open = async (login: string): Promise<Guest> =>
      await connect(
        reactor,
        endpoint + login,
        visitor(t, () => new Guest()),
      );
    const client = await open(":username=ann:password=secret");
    client.transport.write("hello");
    await client.heard.until("hello");
    for (const login of [":username=ann:password=other", ""]) {
      await assert.rejects(async () => await open(login), { name: /SocksRefusedError|ConnectionLost/ });
    }
  });

  test("tls: inside verifies the target, not the proxy", async (t) => {
    const authority = new Authority(temporaryFolder(t), "root");
    const identity = authority.issue("localhost");
    const { port: target } = await serveTcp(t, () => new EchoGuest(), { identity });
    const proxy = await microsocks(t);
    const tls = `tls:localhost:${target}:trustRoots=${quoteArgument(authority.files.certFile)}`;
    const endpoint = `socks5:127.0.0.1:${proxy}:endpoint=${quoteArgument(tls)}`;
    const client = await connect(
      reactor,
      endpoint,
      visitor(t, () => new Guest()),
    );
    assert.equal(client.transport.tls?.authorized, true);
    client.transport.write("hello");
    await client.heard.until("hello");
  });

  test("is told that nobody listens there", async (t) => {
    const proxy = await microsocks(t);
    const options = { proxy: `tcp:127.0.0.1:${proxy}`, host: "127.0.0.1", port: await freePort() };
    const connecting = connectThroughSocks(
      reactor,
      options,
      visitor(t, () => new Guest()),
    );
    await assert.rejects(async () => await connecting, { name: "SocksRefusedError", reply: 5 });
  });

  test("a proxy behind a proxy is reached as any other target", async (t) => {
    const { web, proxy, requests } = await proxied(t);
    const far = await microsocks(t);
    const through = `socks5:127.0.0.1:${far}:endpoint=${quoteArgument(`tcp:127.0.0.1:${proxy}`)}`;
    const options = { proxy: through, host: "localhost", port: web };
    const client = await connectThroughSocks(
      reactor,
      options,
      visitor(t, () => new Guest()),
    );
    client.transport.write("GET / HTTP/1.0\r\n\r\n");
    await client.heard.until("a page");
    assert.equal(requests[0]?.host, "localhost");
  });
});

describe("a Python client of our proxy, written from the RFC", { skip: lacks(PYTHON), timeout: FILE_LIMIT_MS }, () => {
  test("sends datagrams, and gets the answers", async (t) => {
    const { proxy } = await proxied(t);
    const echo = await reactor.listenUdp({ port: 0, host: "127.0.0.1" }, new UdpEcho());
    t.after(() => echo.stopListening());
    const client = start(t, PYTHON, ["-c", UDP_CLIENT, String(proxy), String(echo.local.port)]);
    assert.deepEqual(await client.finished(), { code: 0, signal: null });
    assert.equal(client.out.text, `127.0.0.1 ${echo.local.port} hello\n`);
  });
});

describe("both our sides over real sockets", { timeout: FILE_LIMIT_MS }, () => {
  test("BIND lets nc call", { skip: lacks("nc") }, async (t) => {
    const { proxy } = await proxied(t);
    const options = { proxy: `tcp:127.0.0.1:${proxy}`, host: "127.0.0.1", port: 0 };
    const { address, called } = await socksBind(
      reactor,
      options,
      visitor(t, () => new Guest()),
    );
    const nc = start(t, "nc", ["-N", address.host, String(address.port)]);
    nc.write("knock");
    const client = await called;
    await client.heard.until("knock");
    client.transport.write("come in");
    await nc.out.until("come in");
    client.transport.loseConnection();
    nc.endInput();
    assert.deepEqual(await nc.finished(), { code: 0, signal: null });
  });

  test("UDP ASSOCIATE carries datagrams of 60 000 bytes both ways", async (t) => {
    const { proxy } = await proxied(t);
    const echo = await reactor.listenUdp({ port: 0, host: "127.0.0.1" }, new UdpEcho());
    t.after(() => echo.stopListening());
    const asker = new UdpAsker();
    const transport = await socksAssociate(reactor, { proxy: `tcp:127.0.0.1:${proxy}` }, asker);
    t.after(() => transport.stopListening());
    asker.transport.write("x".repeat(60_000), { host: "127.0.0.1", port: echo.local.port });
    await asker.heard.until(`${formatAddress(echo.local)} 60000\n`);
  });
});

/** Answers any request with a page. */
class Web extends Guest {
  override dataReceived(data: Uint8Array): void {
    super.dataReceived(data);
    if (!this.heard.text.endsWith("\r\n\r\n")) return;
    this.transport.write("HTTP/1.0 200 OK\r\nContent-Length: 6\r\n\r\na page");
    this.transport.loseConnection();
  }
}

/** Says who it is, and listens. */
class SshServer extends Guest {
  override connectionMade(): void {
    this.transport.write("SSH-2.0-test\r\n");
  }
}

class UdpEcho extends DatagramProtocol {
  override datagramReceived(data: Uint8Array, from: UdpAddress): void {
    this.transport.write(data, from);
  }
}

class UdpAsker extends DatagramProtocol {
  readonly heard: Transcript = new Transcript("the target");

  override datagramReceived(data: Uint8Array, from: UdpAddress): void {
    this.heard.add(`${formatAddress(from)} ${data.length}\n`);
  }
}

/** A web server and a proxy of ours, and what the proxy was asked. */
async function proxied(
  t: TestContext,
  options: SocksServerOptions = {},
): Promise<{ web: number; proxy: number; requests: SocksRequest[]; host: Host }> {
  const requests: SocksRequest[] = [];
  const allow = (request: SocksRequest): boolean | PromiseLike<boolean> => {
    requests.push(request);
    return options.allow?.(request) ?? true;
  };
  const factory = socksServer(reactor, { ...options, allow });
  const port = await serve(t, listen(reactor, "tcp:0:interface=127.0.0.1", factory));
  const { port: web, host } = await serveTcp(t, () => new Web());
  return { web, host, proxy: tcpPortOf(port), requests };
}

async function microsocks(t: TestContext, ...args: readonly string[]): Promise<number> {
  const port = await freePort();
  start(t, "microsocks", ["-i", "127.0.0.1", "-p", String(port), ...args]);
  await accepting(port);
  return port;
}

const UDP_CLIENT = `
import socket, struct, sys
proxy, target = int(sys.argv[1]), int(sys.argv[2])
tcp = socket.create_connection(("127.0.0.1", proxy))
tcp.sendall(b"\\x05\\x01\\x00")
assert tcp.recv(2) == b"\\x05\\x00"
tcp.sendall(b"\\x05\\x03\\x00\\x01" + bytes(6))
reply = tcp.recv(10)
assert reply[:4] == b"\\x05\\x00\\x00\\x01", reply
relay = (socket.inet_ntoa(reply[4:8]), struct.unpack(">H", reply[8:])[0])
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.settimeout(5)
udp.sendto(bytes(3) + b"\\x01" + socket.inet_aton("127.0.0.1") + struct.pack(">H", target) + b"hello", relay)
data, sender = udp.recvfrom(2048)
assert sender == relay and data[:4] == b"\\x00\\x00\\x00\\x01"
print(socket.inet_ntoa(data[4:8]), struct.unpack(">H", data[8:10])[0], data[10:].decode())
`;
