/** The PROXY protocol with those who invented it, with nginx and with curl: each as sender and, but for curl, as receiver. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { type Address, connect, formatAddress, listen } from "ropewalk";
import { quoteArgument } from "ropewalk/endpoints";
import { type ProxyHeader, type ProxyHeaderOptions, proxyHeaderOf, sendProxyHeader } from "ropewalk/haproxy";
import { Authority } from "./support/certificates.ts";
import { EchoGuest, Guest, Host, reactor, serve, tcpPortOf, visitor } from "./support/guest.ts";
import { accepting, freePort, temporaryFolder } from "./support/places.ts";
import { FILE_LIMIT_MS, lacks, start } from "./support/program.ts";

const SOURCE = { kind: "tcp", host: "203.0.113.7", port: 50_000, family: 4 } as const;
const DESTINATION = { kind: "tcp", host: "198.51.100.1", port: 443, family: 4 } as const;

describe("haproxy in front of ours", { skip: lacks("haproxy"), timeout: FILE_LIMIT_MS }, () => {
  for (const [option, version] of [
    ["send-proxy", 1],
    ["send-proxy-v2", 2],
  ] as const) {
    test(`${option} tells who the client is and what it dialled`, async (t) => {
      const { client, header } = await throughHaproxy(t, option, "127.0.0.1:PORT");
      assert.equal(header.version, version);
      assert.deepEqual([header.source, header.destination], [client.transport.local, client.transport.peer]);
      await exchange(client);
    });
  }

  test("send-proxy-v2 tells IPv6 addresses", async (t) => {
    const { client, header } = await throughHaproxy(t, "send-proxy-v2", "::1:PORT", "\\:\\:1");
    assert.deepEqual([header.source, header.destination], [client.transport.local, client.transport.peer]);
  });

  test("send-proxy-v2 over a UNIX socket tells its path", async (t) => {
    const folder = temporaryFolder(t);
    const { backend, host } = await proxiedServer(t);
    await haproxy(
      t,
      `listen front\n bind unix@${folder}/front.sock\n server ours 127.0.0.1:${backend} send-proxy-v2\n`,
    );
    const client = await connect(
      reactor,
      `unix:${folder}/front.sock`,
      visitor(t, () => new Guest()),
    );
    client.transport.write("hello");
    const header = headerOf(await host.next());
    assert.deepEqual([header.version, header.source?.kind ?? "unix"], [2, "unix"]);
    await client.heard.until("hello");
  });

  test("send-proxy-v2 with all options tells of TLS, with a checksum that we verify", async (t) => {
    const folder = temporaryFolder(t);
    const authority = new Authority(folder, "root");
    const { cert, key } = authority.issue("front.test");
    const ann = authority.issue("ann");
    writeFileSync(join(folder, "front.pem"), cert + key);
    const options = "proxy-v2-options ssl,cert-cn,ssl-cipher,cert-sig,cert-key,authority,crc32c,unique-id";
    const { backend, host } = await proxiedServer(t);
    const front = await freePort();
    const bind = `127.0.0.1:${front} ssl crt ${folder}/front.pem verify optional ca-file ${folder}/root.crt`;
    const lines = `bind ${bind}\n unique-id-format req-%[uuid()]\n server ours 127.0.0.1:${backend} send-proxy-v2 ${options}`;
    await haproxy(t, `listen front\n ${lines}\n`);
    const files = `cert=${quoteArgument(ann.certFile)}:key=${quoteArgument(ann.keyFile)}`;
    const roots = `trustRoots=${quoteArgument(`${folder}/root.crt`)}:servername=front.test`;
    const endpoint = `tls:127.0.0.1:${front}:${roots}:${files}`;
    const client = await connect(
      reactor,
      endpoint,
      visitor(t, () => new Guest()),
    );
    client.transport.write("hello");
    const { facts } = headerOf(await host.next());
    assert.match(new TextDecoder().decode(facts.uniqueId), /^req-[\da-f-]{36}$/);
    assert.equal(facts.authority, "front.test");
    const { cipher, signatureAlgorithm, keyAlgorithm, ...others } = facts.ssl ?? {};
    assert.deepEqual(others, {
      secured: true,
      certificateOnConnection: true,
      certificateInSession: true,
      verified: true,
      version: "TLSv1.3",
      commonName: "ann",
    });
    assert.equal(cipher, client.transport.tls?.cipher);
    assert.match(`${signatureAlgorithm} ${keyAlgorithm}`, /SHA256.* EC256/);
    await client.heard.until("hello");
  });

  test("its health check says LOCAL, and comes from haproxy itself", async (t) => {
    const { backend, host } = await proxiedServer(t);
    const front = await freePort();
    const server = `server ours 127.0.0.1:${backend} send-proxy-v2 check check-send-proxy inter 100ms`;
    await haproxy(t, `listen front\n bind 127.0.0.1:${front}\n option tcp-check\n tcp-check send hello\n ${server}\n`);
    const guest = await host.next();
    assert.equal(headerOf(guest).command, "LOCAL");
    assert.equal(formatAddress(guest.transport.local), `127.0.0.1:${backend}`);
  });
});

describe("haproxy in front of ours, with TLS behind the header", {
  skip: lacks("haproxy"),
  timeout: FILE_LIMIT_MS,
}, () => {
  for (const option of ["send-proxy", "send-proxy-v2"]) {
    test(`${option} to a server that it verifies`, async (t) => {
      const { backend, host, ca } = await securedServer(t);
      const front = await freePort();
      const secured = `ssl verify required ca-file ${ca} verifyhost back.test sni str(back.test)`;
      await haproxy(
        t,
        `listen front\n bind 127.0.0.1:${front}\n server ours 127.0.0.1:${backend} ${secured} ${option}\n`,
      );
      await passesThrough(t, `tcp:127.0.0.1:${front}`, host);
    });

    test(`${option} of a connection whose TLS it passes on`, async (t) => {
      const { backend, host, ca } = await securedServer(t);
      const front = await freePort();
      await haproxy(t, `listen front\n bind 127.0.0.1:${front}\n server ours 127.0.0.1:${backend} ${option}\n`);
      const roots = `trustRoots=${quoteArgument(ca)}:servername=back.test`;
      await passesThrough(t, `tls:127.0.0.1:${front}:${roots}`, host);
    });
  }

  test("a server that it does not trust gets nothing, and goes on", async (t) => {
    const { backend, host, ca } = await securedServer(t);
    const [wrong, right] = [await freePort(), await freePort()];
    const other = new Authority(temporaryFolder(t), "other").files.certFile;
    const section = (front: number, roots: string): string =>
      `listen front${front}\n bind 127.0.0.1:${front}\n` +
      ` server ours 127.0.0.1:${backend} ssl verify required ca-file ${roots} verifyhost back.test send-proxy-v2\n`;
    await haproxy(t, section(wrong, other) + section(right, ca));
    const refused = await connect(
      reactor,
      `tcp:127.0.0.1:${wrong}`,
      visitor(t, () => new Guest()),
    );
    refused.transport.write("hello");
    await refused.lost;
    assert.equal(host.count, 0);
    await passesThrough(t, `tcp:127.0.0.1:${right}`, host);
  });
});

describe("haproxy behind ours", { skip: lacks("haproxy"), timeout: FILE_LIMIT_MS }, () => {
  for (const [name, options, answer] of [
    ["version 1", {}, "203.0.113.7:50000 198.51.100.1:443  "],
    ["version 2", { version: 2 }, "203.0.113.7:50000 198.51.100.1:443  "],
    [
      "version 2 with checksum and extensions",
      {
        version: 2,
        crc32c: true,
        tlvs: [
          { type: 2, value: new TextEncoder().encode("example.org") },
          { type: 5, value: new TextEncoder().encode("id-1") },
        ],
      },
      "203.0.113.7:50000 198.51.100.1:443 example.org id-1",
    ],
    [
      "IPv6",
      { version: 2, source: { kind: "tcp", host: "2001:db8::7", port: 1, family: 6 } },
      "2001:db8::7:1 ::ffff:198.51.100.1:443  ",
    ],
  ] as const satisfies [string, ProxyHeaderOptions, string][]) {
    test(`accept-proxy believes our ${name}`, async (t) => {
      const port = await acceptingHaproxy(t);
      const factory = sendProxyHeader(
        visitor(t, () => new Guest()),
        { source: SOURCE, destination: DESTINATION, ...options },
      );
      const client = await connect(reactor, `tcp:127.0.0.1:${port}`, factory);
      client.transport.write("GET / HTTP/1.0\r\n\r\n");
      await client.heard.until(`\r\n\r\nseen ${answer}\n`);
    });
  }

  for (const version of [1, 2]) {
    test(`accept-proxy takes haproxy:tcp:…:version=${version} for the client that it is`, async (t) => {
      const port = await acceptingHaproxy(t);
      const endpoint = `haproxy:tcp:127.0.0.1:${port}:version=${version}`;
      const client = await connect(
        reactor,
        endpoint,
        visitor(t, () => new Guest()),
      );
      client.transport.write("GET / HTTP/1.0\r\n\r\n");
      await client.heard.until(`seen ${formatAddress(client.transport.local)} 127.0.0.1:${port} `);
    });
  }

  test("accept-proxy ssl takes haproxy:tls:…, the header in clear", async (t) => {
    const folder = temporaryFolder(t);
    const { cert, key } = new Authority(folder, "root").issue("front.test");
    writeFileSync(join(folder, "front.pem"), cert + key);
    const port = await acceptingHaproxy(t, `ssl crt ${folder}/front.pem`);
    await asksBehindTls(t, port, `${folder}/root.crt`);
  });

  test("accept-proxy takes LOCAL for ourselves", async (t) => {
    const port = await acceptingHaproxy(t);
    const factory = sendProxyHeader(
      visitor(t, () => new Guest()),
      { version: 2, command: "LOCAL" },
    );
    const client = await connect(reactor, `tcp:127.0.0.1:${port}`, factory);
    client.transport.write("GET / HTTP/1.0\r\n\r\n");
    await client.heard.until(`seen ${formatAddress(client.transport.local)} `);
  });
});

describe("nginx", { skip: lacks("nginx"), timeout: FILE_LIMIT_MS }, () => {
  test("in front of ours, proxy_protocol tells who the client is", async (t) => {
    const { backend, host } = await proxiedServer(t);
    const front = await freePort();
    const server = `listen 127.0.0.1:${front}; proxy_pass 127.0.0.1:${backend}; proxy_protocol on;`;
    await nginx(t, `stream { server { ${server} } }`);
    const client = await connect(
      reactor,
      `tcp:127.0.0.1:${front}`,
      visitor(t, () => new Guest()),
    );
    client.transport.write("hello");
    const header = headerOf(await host.next());
    assert.deepEqual([header.source, header.destination], [client.transport.local, client.transport.peer]);
    await client.heard.until("hello");
  });

  test("in front of ours, proxy_protocol with proxy_ssl: TLS behind the header, verified", async (t) => {
    const { backend, host, ca } = await securedServer(t);
    const front = await freePort();
    const name = "proxy_ssl_name back.test; proxy_ssl_server_name on;";
    const secured = `proxy_ssl on; proxy_ssl_verify on; proxy_ssl_trusted_certificate ${ca}; ${name}`;
    const server = `listen 127.0.0.1:${front}; proxy_pass 127.0.0.1:${backend}; proxy_protocol on; ${secured}`;
    await nginx(t, `stream { server { ${server} } }`);
    await passesThrough(t, `tcp:127.0.0.1:${front}`, host);
  });

  test("behind ours, listen … ssl proxy_protocol takes haproxy:tls:…, the header in clear", async (t) => {
    const folder = temporaryFolder(t);
    const { certFile, keyFile } = new Authority(folder, "root").issue("front.test");
    const port = await freePort();
    const files = `ssl_certificate ${certFile}; ssl_certificate_key ${keyFile};`;
    const seen = "$proxy_protocol_addr:$proxy_protocol_port $proxy_protocol_server_addr:$proxy_protocol_server_port ";
    await nginx(
      t,
      `http { access_log off; server { listen 127.0.0.1:${port} ssl proxy_protocol; ${files} return 200 "seen ${seen}"; } }`,
    );
    await asksBehindTls(t, port, `${folder}/root.crt`);
  });

  for (const version of [1, 2] as const) {
    test(`behind ours, listen … proxy_protocol believes version ${version}`, async (t) => {
      const port = await freePort();
      const seen = "$proxy_protocol_addr:$proxy_protocol_port $proxy_protocol_server_addr:$proxy_protocol_server_port";
      const server = `listen 127.0.0.1:${port} proxy_protocol; return 200 "seen ${seen}";`;
      await nginx(t, `http { access_log off; server { ${server} } }`);
      const options = { source: SOURCE, destination: DESTINATION, version };
      const factory = sendProxyHeader(
        visitor(t, () => new Guest()),
        options,
      );
      const client = await connect(reactor, `tcp:127.0.0.1:${port}`, factory);
      client.transport.write("GET / HTTP/1.0\r\n\r\n");
      await client.heard.until("seen 203.0.113.7:50000 198.51.100.1:443");
    });
  }
});

describe("curl", { skip: lacks("curl"), timeout: FILE_LIMIT_MS }, () => {
  test("--haproxy-protocol tells of its own connection", async (t) => {
    const { backend, host } = await proxiedServer(t, () => new Web());
    const curl = start(t, "curl", ["-sS", "--haproxy-protocol", "--noproxy", "*", `http://127.0.0.1:${backend}/`]);
    const { transport } = await host.next();
    assert.equal(headerOf({ transport }).destination?.kind, "tcp");
    assert.deepEqual(await curl.finished(), { code: 0, signal: null });
    assert.equal(curl.out.text, formatAddress(transport.peer));
  });

  test("without it, it gets no answer", async (t) => {
    const { backend, host } = await proxiedServer(t);
    const curl = start(t, "curl", ["-sS", "--noproxy", "*", `http://127.0.0.1:${backend}/`]);
    assert.match(String((await curl.finished()).code), /52|56/);
    assert.equal(host.count, 0);
  });
});

/** Tells its caller who it is taken for. */
class Web extends Guest {
  override dataReceived(data: Uint8Array): void {
    super.dataReceived(data);
    if (!this.heard.text.endsWith("\r\n\r\n")) return;
    const body = formatAddress(this.transport.peer);
    this.transport.write(`HTTP/1.0 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    this.transport.loseConnection();
  }
}

async function proxiedServer(
  t: TestContext,
  make: () => Guest = () => new EchoGuest(),
): Promise<{ backend: number; host: Host }> {
  const host = new Host(t, make);
  const port = await serve(t, listen(reactor, "haproxy:tcp:0:interface=127.0.0.1", host));
  return { backend: tcpPortOf(port), host };
}

/** A client of ours, haproxy, and a server of ours behind it; the header that the server got. */
async function throughHaproxy(
  t: TestContext,
  option: string,
  bind: string,
  dialled = "127.0.0.1",
): Promise<{ client: Guest; header: ProxyHeader }> {
  const { backend, host } = await proxiedServer(t);
  const front = await freePort();
  const lines = ` bind ${bind.replace("PORT", String(front))}\n server ours 127.0.0.1:${backend} ${option}\n`;
  await haproxy(t, `listen front\n${lines}`);
  const client = await connect(
    reactor,
    `tcp:${dialled}:${front}`,
    visitor(t, () => new Guest()),
  );
  client.transport.write("hello");
  return { client, header: headerOf(await host.next()) };
}

/** A server of ours with TLS behind the header, and who vouches for its name, `back.test`. */
async function securedServer(t: TestContext): Promise<{ backend: number; host: Host; ca: string }> {
  const folder = temporaryFolder(t);
  const { certFile, keyFile } = new Authority(folder, "root").issue("back.test");
  const host = new Host(t, () => new EchoGuest());
  const files = `cert=${quoteArgument(certFile)}:key=${quoteArgument(keyFile)}`;
  const description = quoteArgument(`tls:0:interface=127.0.0.1:${files}`);
  const port = await serve(t, listen(reactor, `haproxy:${description}`, host));
  return { backend: tcpPortOf(port), host, ca: `${folder}/root.crt` };
}

/** A client of ours by way of the proxy at `front`: the server behind it is told its addresses, under TLS. */
async function passesThrough(t: TestContext, front: string, host: Host): Promise<void> {
  const client = await connect(
    reactor,
    front,
    visitor(t, () => new Guest()),
  );
  client.transport.write("hello");
  const guest = await host.next();
  const header = headerOf(guest);
  assert.deepEqual([header.source, header.destination], [client.transport.local, client.transport.peer]);
  assert.deepEqual([guest.transport.peer, guest.transport.local], [header.source, header.destination]);
  assert.match(guest.transport.tls?.protocol ?? "", /^TLSv1\.[23]$/);
  await exchange(client);
}

/** Asks what is at `port` who it takes us for, by `haproxy:tls:`. */
async function asksBehindTls(t: TestContext, port: number, ca: string): Promise<void> {
  const endpoint = `haproxy:tls:127.0.0.1:${port}:trustRoots=${quoteArgument(ca)}:servername=front.test:version=2`;
  const client = await connect(
    reactor,
    endpoint,
    visitor(t, () => new Guest()),
  );
  client.transport.write("GET / HTTP/1.0\r\n\r\n");
  await client.heard.until(`seen ${formatAddress(client.transport.local)} 127.0.0.1:${port} `);
}

async function acceptingHaproxy(t: TestContext, secured = ""): Promise<number> {
  const port = await freePort();
  const names = ["fc_pp_authority", "fc_pp_unique_id"].map((name) => `%[${name}]`).join(" ");
  const seen = `seen %[src]:%[src_port] %[dst]:%[dst_port] ${names}\\n`;
  const answer = `http-request return status 200 content-type text/plain lf-string "${seen}"`;
  await haproxy(t, `frontend front\n mode http\n bind 127.0.0.1:${port} accept-proxy ${secured}\n ${answer}\n`);
  return port;
}

/** The port that is asked whether haproxy is ready is another one than those of the test. */
async function haproxy(t: TestContext, sections: string): Promise<void> {
  const ready = await freePort();
  const timeouts = "timeout connect 5s\n timeout client 10s\n timeout server 10s\n timeout check 5s";
  const config = join(temporaryFolder(t), "haproxy.cfg");
  const probe = `frontend ready\n mode http\n bind 127.0.0.1:${ready}\n http-request return status 200\n`;
  writeFileSync(config, `defaults\n mode tcp\n ${timeouts}\n${sections}${probe}`);
  start(t, "haproxy", ["-db", "-f", config]);
  await accepting(ready);
}

async function nginx(t: TestContext, sections: string): Promise<void> {
  const folder = temporaryFolder(t);
  const ready = await freePort();
  const modules = "load_module /usr/lib/nginx/modules/ngx_stream_module.so;";
  const paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (name) => `${name}_temp_path ${folder}/${name};`,
  );
  const http = `http { ${paths.join(" ")} access_log off; server { listen 127.0.0.1:${ready}; } `;
  const all = sections.startsWith("http {")
    ? sections.replace("http { access_log off;", http)
    : `${http} } ${sections}`;
  writeFileSync(join(folder, "nginx.conf"), `${modules} pid ${folder}/pid; events {} ${all}\n`);
  start(t, "nginx", ["-p", folder, "-c", join(folder, "nginx.conf"), "-e", "stderr", "-g", "daemon off; user root;"]);
  await accepting(ready);
}

function headerOf({ transport }: { transport: { readonly peer: Address } }): ProxyHeader {
  const header = proxyHeaderOf(transport.peer);
  assert.ok(header);
  return header;
}

async function exchange(client: Guest): Promise<void> {
  await client.heard.until("hello");
  client.transport.write(" again");
  await client.heard.until("hello again");
}
