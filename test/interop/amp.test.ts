/** AMP with Twisted's at the other end, either way round. */
import assert from "node:assert/strict";
import { after, describe, type TestContext, test } from "node:test";
import { connect, Deferred, Protocol } from "ropewalk";
import * as amp from "ropewalk/amp";
import { twistedAbsence } from "../oracle/twisted.ts";
import { Authority } from "./support/certificates.ts";
import { Guest, reactor, serve, tcpPortOf, visitor } from "./support/guest.ts";
import { peerScript, temporaryFolder } from "./support/places.ts";
import { FILE_LIMIT_MS, lacks, PYTHON, start } from "./support/program.ts";

class ZeroDivisionError extends Error {}
class Hot extends Error {}

const Sum = amp.command("Sum", { arguments: { a: amp.Integer, b: amp.Integer }, response: { total: amp.Integer } });
const CallBack = amp.command("CallBack", {
  arguments: { a: amp.Integer, b: amp.Integer },
  response: { total: amp.Integer },
});
const Divide = amp.command("Divide", {
  arguments: { numerator: amp.Integer, denominator: amp.Integer },
  response: { result: amp.Float },
  errors: { ZERO_DIVISION: ZeroDivisionError },
  fatalErrors: { HOT: Hot },
});
const fields = {
  integer: amp.Integer,
  Bytes: amp.String,
  text: amp.Unicode,
  flag: amp.Boolean,
  float: amp.Float,
  decimal: amp.Decimal,
  moment: amp.DateTime,
  path: amp.Path,
  list: amp.ListOf(amp.Float),
  rows: amp.AmpList({ id: amp.Integer, names: amp.optional(amp.ListOf(amp.Unicode)) }),
  perhaps: amp.optional(amp.Unicode),
};
const All = amp.command("All", { arguments: fields, response: fields });
const Fail = amp.command("Fail");
const Unknown = amp.command("Unknown");
const Note = amp.oneWayCommand("Note", { arguments: { text: amp.Unicode } });
const Upgrade = amp.switchCommand("Upgrade", { arguments: { greeting: amp.Unicode } });

/** Says a greeting, and then all that it hears in capitals. */
class Shout extends Protocol {
  readonly #greeting: string;
  constructor(greeting: string) {
    super();
    this.#greeting = greeting;
  }
  override connectionMade(): void {
    this.transport.write(this.#greeting);
  }
  override dataReceived(data: Uint8Array): void {
    this.transport.write(new TextDecoder().decode(data).toUpperCase());
  }
}

describe("Twisted's AMP", { skip: lacks(PYTHON, "openssl") || twistedAbsence(), timeout: FILE_LIMIT_MS }, () => {
  const authority = new Authority(temporaryFolder({ after }), "root");
  const localhost = authority.issue("localhost");

  describe("its server, called by our client", () => {
    const server = start({ after }, PYTHON, [
      peerScript("amp_peer.py"),
      "serve",
      localhost.keyFile,
      localhost.certFile,
    ]);

    async function dial(t: TestContext): Promise<amp.AmpProtocol> {
      const [, port] = await server.out.until(/port (\d+)\n/);
      const sums = new amp.Responders().respond(Sum, ({ a, b }) => ({ total: a + b }));
      return await connect(
        reactor,
        `tcp:127.0.0.1:${port}`,
        visitor(t, () => new amp.AmpProtocol(sums)),
      );
    }

    test("answers, also many calls at once", async (t) => {
      const client = await dial(t);
      assert.deepEqual(await client.callRemote(Sum, { a: 13, b: 81 }), { total: 94 });
      const calls = Array.from({ length: 2_000 }, (_, n) => client.callRemote(Sum, { a: n, b: n }));
      const totals = await Promise.all(calls.map(async (call) => (await call).total));
      assert.deepEqual(
        totals,
        calls.map((_, n) => 2 * n),
      );
    });

    test("calls back within a call", async (t) => {
      assert.deepEqual(await (await dial(t)).callRemote(CallBack, { a: 4, b: 5 }), { total: 9 });
    });

    test("takes and gives values of every kind, 65 535 bytes among them, and none where none need be", async (t) => {
      const values: amp.ArgumentsOf<typeof All> = {
        integer: -12,
        Bytes: Uint8Array.from({ length: 65_535 }, (_, n) => n % 256),
        text: "é\u{1f4a7}",
        flag: false,
        float: 0.1,
        decimal: "1.50",
        moment: amp.dateTimeFromMs(1_327_363_496_054.321, -83),
        path: "/tmp/a",
        list: [1, 1e16, 1e-5, Infinity, -0],
        rows: [{ id: 1 }, { id: 2, names: ["x", ""] }],
      };
      const client = await dial(t);
      const { Bytes, ...answer } = await client.callRemote(All, values);
      assert.equal(Buffer.compare(Bytes, values.Bytes), 0);
      assert.deepEqual({ ...answer, Bytes: values.Bytes }, values);
      assert.equal((await client.callRemote(All, { ...values, perhaps: "" })).perhaps, "");
    });

    test("gives declared errors as what they are, others as UNKNOWN, and closes after those", async (t) => {
      const client = await dial(t);
      const zero = await failure(client.callRemote(Divide, { numerator: 1, denominator: 0 }));
      assert.ok(zero instanceof ZeroDivisionError);
      assert.equal(zero.message, "division by zero");
      assert.ok((await failure(client.callRemote(Unknown))) instanceof amp.UnhandledCommandError);
      const error = await failure(client.callRemote(Fail));
      assert.deepEqual([(error as amp.RemoteCallError).code, error.message.includes("secret")], ["UNKNOWN", false]);
      assert.equal((await client.transport.whenClosed()).name, "ConnectionDone");
    });

    test("closes after a fatal error, and no call is answered any more", async (t) => {
      const client = await dial(t);
      const hot = failure(client.callRemote(Divide, { numerator: 1, denominator: 1_001 }));
      assert.ok((await hot) instanceof Hot);
      assert.equal((await client.transport.whenClosed()).name, "ConnectionDone");
      assert.equal((await failure(client.callRemote(Sum, { a: 1, b: 1 }))).name, "ConnectionDone");
    });

    test("hears what wants no answer", async (t) => {
      (await dial(t)).callRemote(Note, { text: "ahoi" });
      await server.out.until("note ahoi\n");
    });

    test("turns to TLS, before what was called in the meantime", async (t) => {
      const client = await dial(t);
      const tls = { trustRoots: authority.files.cert, servername: "localhost" };
      const secured = client.startTls({ side: "client", tls });
      const early = client.callRemote(CallBack, { a: 1, b: 2 });
      assert.equal((await secured).authorized, true);
      assert.deepEqual(await early, { total: 3 });
    });

    test("switches to another protocol", async (t) => {
      const client = await dial(t);
      const guest = await client.switchProtocol(Upgrade, { greeting: "hello" }, () => new Guest());
      await guest.heard.until("hello");
      guest.transport.write("louder");
      await guest.heard.until("LOUDER");
      client.transport.loseConnection();
      assert.equal((await guest.lost).name, "ConnectionDone");
    });
  });

  test("its client gets from our server what it would get from its own", async (t) => {
    const notes: string[] = [];
    const responders = new amp.Responders()
      .respond(Sum, ({ a, b }) => ({ total: a + b }))
      .respond(Divide, ({ numerator, denominator }) => {
        if (denominator > 1_000) throw new Hot("too hot");
        if (denominator === 0) throw new ZeroDivisionError("division by zero");
        return { result: numerator / denominator };
      })
      .respond(All, async (values) => values)
      .respond(Fail, () => {
        throw new Error("secret");
      })
      .respond(Note, ({ text }) => {
        notes.push(text);
      })
      // A negative one is never answered.
      .respond(CallBack, (values, peer) => (values.a < 0 ? new Deferred() : peer.callRemote(Sum, values)))
      .respond(Upgrade, ({ greeting }) => new Shout(greeting));
    const tls = { side: "server", tls: { identity: localhost } } as const;
    const make = () => new amp.AmpProtocol(responders, { tls });
    const port = await serve(t, reactor.listenTcp({ port: 0, host: "127.0.0.1" }, make));
    const args = [peerScript("amp_peer.py"), "call", String(tcpPortOf(port)), authority.files.certFile];
    const client = start(t, PYTHON, args);
    assert.equal((await client.finished()).code, 0, client.err.text);
    assert.deepEqual(client.out.text.split("\n").slice(1), [
      "{'total': 94}",
      "{'result': 0.3333333333333333}",
      "ZeroDivisionError division by zero",
      `UnhandledCommand (b'UNHANDLED', "Unhandled Command: b'Unknown'")`,
      "{'total': 9}",
      "65535 bytes, the same",
      "3998000",
      "secured by localhost {'total': 3}",
      "helloQUIET",
      "Hot too hot",
      "ConnectionDone Connection was closed cleanly.",
      "UnknownRemoteError Code<UNKNOWN>: Unknown Error",
      "ConnectionDone Connection was closed cleanly.",
      "",
    ]);
    assert.deepEqual(notes, ["ahoi é"]);
  });
});

async function failure(call: Deferred<unknown>): Promise<Error> {
  return await call.addCallbacks(
    (value) => assert.fail(`It was answered with ${JSON.stringify(value)}`),
    (error: Error) => error,
  );
}
