/** Syslog with util-linux's logger as a sender, and with rsyslog as sender and receiver. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { DeferredQueue, listen } from "ropewalk";
import { quoteArgument } from "ropewalk/endpoints";
import { Logger, LogPublisher } from "ropewalk/log";
import { type SyslogMessage, SyslogServer, syslogObserver } from "ropewalk/syslog";
import { Authority, type CertificateFiles } from "./support/certificates.ts";
import { reactor, tcpPortOf } from "./support/guest.ts";
import { accepting, freePort, temporaryFolder } from "./support/places.ts";
import { FILE_LIMIT_MS, lacks, type Program, start } from "./support/program.ts";

/** Debian puts it where a user's PATH does not look. */
const RSYSLOGD = "/usr/sbin/rsyslogd";
/** Its ways to do TLS, each a package: the plug-in's file tells whether it is there. */
const RSYSLOG_DRIVERS = Object.fromEntries(["gtls", "ossl"].map((name) => [name, rsyslogPlugin(`lmnsd_${name}.so`)]));

describe("logger", { skip: lacks("logger"), timeout: FILE_LIMIT_MS }, () => {
  const DATA = ["--sd-id", "x@32473", "--sd-param", 'a="1"', "--sd-param", 'b="two words"', "--msgid", "ID47"];
  for (const [name, transport] of [
    ["UDP", ["-d"]],
    ["TCP, a line a message", ["-T"]],
    ["TCP, octets counted", ["-T", "--octet-count"]],
  ] as const) {
    test(`is understood in RFC 5424 over ${name}`, async (t) => {
      const { port, next, server } = await receiving(t);
      const args = [
        "-n",
        "127.0.0.1",
        "-P",
        String(port),
        ...transport,
        "-p",
        "local3.warning",
        "-t",
        "app",
        "--id=42",
      ];
      await logged(t, [...args, "--rfc5424", ...DATA, "naïve [x] text"]);
      const message = await next();
      assert.deepEqual(
        [message.format, message.facility, message.severity, message.appName, message.procId, message.msgId],
        ["rfc5424", 19, 4, "app", "42", "ID47"],
      );
      assert.equal(message.text, "naïve [x] text");
      assert.equal(message.time?.kind, "full");
      assert.deepEqual(message.structuredData.at(-1), {
        id: "x@32473",
        params: [
          { name: "a", value: "1" },
          { name: "b", value: "two words" },
        ],
      });
      assert.equal(message.structuredData[0]?.id, "timeQuality");
      assert.deepEqual(server.counts, { received: 1, refused: 0 });
    });

    test(`is understood in RFC 3164 over ${name}`, async (t) => {
      const { port, next } = await receiving(t);
      const args = ["-n", "127.0.0.1", "-P", String(port), ...transport, "-p", "mail.err", "-t", "app", "--id=42"];
      await logged(t, [...args, "--rfc3164", "hello there"]);
      const { format, facility, severity, time, appName, procId, text } = await next();
      assert.deepEqual(
        [format, facility, severity, time?.kind, appName, procId, text],
        ["rfc3164", 2, 3, "local", "app", "42", "hello there"],
      );
    });
  }

  test("is understood without time and host", async (t) => {
    const { port, next } = await receiving(t);
    await logged(t, ["-n", "127.0.0.1", "-P", String(port), "-T", "--rfc5424=notime,nohost", "-t", "app", "bare"]);
    const { time, hostname, structuredData, text } = await next();
    assert.deepEqual([time, hostname, structuredData, text], [undefined, undefined, [], "bare"]);
  });

  test("sends many lines of a file over one connection, and all come in order", async (t) => {
    const { port, next } = await receiving(t);
    const file = join(temporaryFolder(t), "lines");
    writeFileSync(file, Array.from({ length: 500 }, (_, n) => `line ${n}\n`).join(""));
    await logged(t, ["-n", "127.0.0.1", "-P", String(port), "-T", "--octet-count", "-t", "app", "-f", file]);
    for (let n = 0; n < 500; n += 1) assert.equal((await next()).text, `line ${n}`);
  });
});

describe("rsyslog", { skip: lacks(RSYSLOGD), timeout: FILE_LIMIT_MS }, () => {
  const FORWARDS = {
    "UDP, RFC 5424": 'Protocol="udp" Template="RSYSLOG_SyslogProtocol23Format"',
    "TCP, lines, RFC 3164": 'Protocol="tcp" Template="RSYSLOG_TraditionalForwardFormat"',
    "TCP, lines, ISO times": 'Protocol="tcp" Template="RSYSLOG_ForwardFormat"',
    "TCP, octets counted, RFC 5424":
      'Protocol="tcp" TCP_Framing="octet-counted" Template="RSYSLOG_SyslogProtocol23Format"',
  };
  for (const [name, how] of Object.entries(FORWARDS)) {
    test(`forwards to ours over ${name}`, async (t) => {
      const { port, next, server } = await receiving(t);
      const entry = await freePort();
      const forward = `action(type="omfwd" Target="127.0.0.1" Port="${port}" ${how})`;
      await rsyslog(t, entry, `if $programname == "app" then ${forward}`);
      const args = ["-n", "127.0.0.1", "-P", String(entry), "-T", "-p", "local3.warning", "-t", "app", "--id=42"];
      await logged(t, [...args, "--rfc5424", "hello there"]);
      const message = await next();
      assert.deepEqual(
        [message.facility, message.severity, message.appName, message.procId, message.text.trimStart()],
        [19, 4, "app", "42", "hello there"],
      );
      assert.ok(message.time !== undefined && message.hostname !== undefined);
      assert.deepEqual(server.counts, { received: 1, refused: 0 });
    });
  }

  for (const scheme of ["tcp", "udp"] as const) {
    test(`understands our observer over ${scheme}`, async (t) => {
      const entry = await freePort();
      const { out } = await rsyslog(t, entry, PRINT);
      await observing(t, `${scheme}:127.0.0.1:${entry}`, (log) => {
        log.warn("{n} left\n<0>1 - - - - - - forged", { n: 3, quoted: 'a"]b' });
      });
      await out.until("local1|warning|shop|shop.till|");
      await out.until('[meta sequenceId="1"][event@32473 namespace="shop.till" n="3" quoted="a\\"\\]b"]|');
      await out.until("3 left\\n<0>1 - - - - - - forged|");
    });
  }

  test("understands what we send after it was away", async (t) => {
    const entry = await freePort();
    const { said } = await observing(t, `tcp:127.0.0.1:${entry}`, (log) => log.info("while you were out"));
    const { out } = await rsyslog(t, entry, PRINT);
    await out.until("while you were out|");
    said.info("and now");
    await out.until("and now|");
  });
});

describe("TLS (RFC 5425)", { skip: lacks("openssl"), timeout: FILE_LIMIT_MS }, () => {
  test("openssl s_client sends counted messages to ours", async (t) => {
    const folder = temporaryFolder(t);
    const { certFile, keyFile } = new Authority(folder, "root").issue("logs.test");
    const { server, next } = receiver();
    const files = `cert=${quoteArgument(certFile)}:key=${quoteArgument(keyFile)}`;
    const port = await listen(reactor, `tls:0:interface=127.0.0.1:${files}`, server);
    t.after(() => port.stopListening());
    const client = start(t, "openssl", ["s_client", "-quiet", "-connect", `127.0.0.1:${tcpPortOf(port)}`]);
    client.write("25 <13>1 - - app - - - naïve");
    assert.equal((await next()).text, "naïv");
  });
});

for (const [driver, folder] of Object.entries(RSYSLOG_DRIVERS)) {
  describe(`rsyslog over TLS, by ${driver}`, { skip: lacks(RSYSLOGD, folder), timeout: FILE_LIMIT_MS }, () => {
    const verifying = `StreamDriver.Name="${driver}" StreamDriver.Mode="1" StreamDriver.AuthMode="x509/name"`;

    test("forwards to ours, which it verifies", async (t) => {
      const { authority, leaf } = certificates(t);
      const { server, next } = receiver();
      const files = `cert=${quoteArgument(leaf.certFile)}:key=${quoteArgument(leaf.keyFile)}`;
      const port = await listen(reactor, `tls:0:interface=127.0.0.1:${files}`, server);
      t.after(() => port.stopListening());
      const entry = await freePort();
      const how = `TCP_Framing="octet-counted" Template="RSYSLOG_SyslogProtocol23Format"`;
      const peer = 'StreamDriverPermittedPeers="logs.test"';
      const action = `action(type="omfwd" protocol="tcp" Target="127.0.0.1" Port="${tcpPortOf(port)}" ${how}
        ${verifying.replaceAll("StreamDriver.", "StreamDriver").replace("StreamDriverName", "StreamDriver")} ${peer})`;
      const globals = `global(DefaultNetstreamDriverCAFile="${authority.certFile}")`;
      await rsyslog(t, entry, `if $programname == "app" then ${action}`, globals);
      await logged(t, ["-n", "127.0.0.1", "-P", String(entry), "-T", "-t", "app", "--rfc5424", "sealed"]);
      const { appName, text } = await next();
      assert.deepEqual([appName, text.trimStart()], ["app", "sealed"]);
      assert.deepEqual(server.counts, { received: 1, refused: 0 });
    });

    test("takes what our observer sends, and each verifies the other", async (t) => {
      const { authority, leaf } = certificates(t);
      const [plain, entry] = [await freePort(), await freePort()];
      const globals = `global(DefaultNetstreamDriver="${driver}" DefaultNetstreamDriverCAFile="${authority.certFile}"
        DefaultNetstreamDriverCertFile="${leaf.certFile}" DefaultNetstreamDriverKeyFile="${leaf.keyFile}")`;
      const listener = `module(load="imtcp" ${verifying} PermittedPeer=["logs.test"])
input(type="imtcp" port="${entry}" address="127.0.0.1")`;
      const { out } = await rsyslog(t, plain, PRINT, globals, listener);
      await accepting(entry);
      const trust = `trustRoots=${quoteArgument(authority.certFile)}:servername=logs.test`;
      const own = `cert=${quoteArgument(leaf.certFile)}:key=${quoteArgument(leaf.keyFile)}`;
      await observing(t, `tls:127.0.0.1:${entry}:${trust}:${own}`, (log) => log.info("sealed"));
      await out.until("local1|info|shop|shop.till|");
      await out.until("sealed|");
    });
  });
}

/** An authority, and a certificate by it that either side may show. */
function certificates(t: TestContext): { authority: CertificateFiles; leaf: CertificateFiles } {
  const authority = new Authority(temporaryFolder(t), "root");
  return { authority: authority.files, leaf: authority.issue("logs.test") };
}

const PRINT = `template(name="all" type="string"
  string="%syslogfacility-text%|%syslogseverity-text%|%app-name%|%msgid%|%structured-data%|%msg%|\\n")
if $app-name == "shop" then action(type="omfile" file="FOLDER/out" template="all")`;

/** A server on one TCP and UDP port of the same number. */
/** One number for UDP and TCP. One that is free for TCP may be somebody's for UDP: then the next one is tried. */
async function receiving(t: TestContext) {
  const { server, next } = receiver();
  for (let left = PORTS_TO_TRY; ; left -= 1) {
    const stream = await listen(reactor, "tcp:0:interface=127.0.0.1", server);
    t.after(() => stream.stopListening());
    const port = tcpPortOf(stream);
    try {
      const datagrams = await reactor.listenUdp({ host: "127.0.0.1", port }, server.datagrams());
      t.after(() => datagrams.stopListening());
      return { server, next, port };
    } catch (error) {
      if (left === 0) throw error;
    }
  }
}

function receiver() {
  const messages = new DeferredQueue<SyslogMessage>();
  const server = new SyslogServer((message) => messages.put(message));
  return { server, next: async () => await messages.get() };
}

async function logged(t: TestContext, args: readonly string[]): Promise<void> {
  const logger = start(t, "logger", args);
  logger.endInput();
  assert.deepEqual(await logger.finished(), { code: 0, signal: null }, logger.err.text);
}

/** Our observer on a log of its own. */
async function observing(t: TestContext, endpoint: string, say: (log: Logger) => void): Promise<{ said: Logger }> {
  const observer = syslogObserver(reactor, endpoint, { appName: "shop", facility: 17, policy: () => 50 });
  t.after(() => observer.stop());
  const publisher = new LogPublisher();
  publisher.addObserver(observer);
  const said = new Logger("shop.till", publisher);
  say(said);
  return { said };
}

/** What it writes comes as the output of the program that is returned. It listens on `entry`, TCP and UDP, with a configuration and a working folder of its own. */
async function rsyslog(
  t: TestContext,
  entry: number,
  rules: string,
  globals = "",
  listener = `module(load="imtcp")
input(type="imtcp" port="${entry}" address="127.0.0.1")`,
): Promise<Program> {
  const folder = temporaryFolder(t);
  const config = `global(workDirectory="${folder}" maxMessageSize="8k" net.enableDNS="off")
${globals}
${listener}
module(load="imudp")
input(type="imudp" port="${entry}" address="127.0.0.1")
${rules.replace("FOLDER", folder)}
`;
  writeFileSync(join(folder, "rsyslog.conf"), config);
  writeFileSync(join(folder, "out"), "");
  start(t, RSYSLOGD, ["-n", "-f", join(folder, "rsyslog.conf"), "-i", join(folder, "pid")]);
  if (listener.includes(`port="${entry}"`)) await accepting(entry);
  return start(t, "tail", ["-n", "+1", "-f", join(folder, "out")]);
}

/** Debian has a folder of plug-ins for each machine. */
function rsyslogPlugin(file: string): string {
  const folders = readdirSync("/usr/lib").map((machine) => `/usr/lib/${machine}/rsyslog/`);
  return folders.map((folder) => folder + file).find((path) => existsSync(path)) ?? file;
}

const PORTS_TO_TRY = 5;
