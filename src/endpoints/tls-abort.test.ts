import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { Deferred } from "../core/deferred/deferred.ts";
import { ConnectionAborted } from "../core/errors.ts";
import { Protocol } from "../core/protocol.ts";
import { makeCertificate, newReactor, temporaryFolder } from "./certificates.fixture.test.ts";

// Freeing a socket while OpenSSL runs on it crashes the process, so these tests end it if they fail.
describe("abortConnection on TLS is safe", () => {
  const folder = temporaryFolder();
  const path = join(folder, "host.pem");
  makeCertificate(path, join(folder, "host.key"), "localhost", ["localhost"]);
  const cert = readFileSync(path);
  const identity = { cert, key: readFileSync(join(folder, "host.key")) };
  const client = { trustRoots: cert, servername: "localhost" };

  const moments: [string, (abort: () => void) => void][] = [
    ["at once", (abort) => abort()],
    ["in a microtask", (abort) => void Promise.resolve().then(abort)],
    ["in the next tick", (abort) => process.nextTick(abort)],
    ["in the next turn", (abort) => void setImmediate(abort)],
  ];
  for (const [when, at] of moments) {
    test(`${when} when startTls has settled`, async () => {
      class Starts extends Aborts {
        override connectionMade(): void {
          this.transport.startTls({ side: "client", tls: client }).addCallback(() => at(() => this.abort()));
        }
      }
      assert.ok((await run(new Starts())) instanceof ConnectionAborted);
    });

    test(`${when} when connectionMade is called`, async () => {
      class Made extends Aborts {
        override connectionMade(): void {
          at(() => this.abort());
        }
      }
      assert.ok((await run(new Made(), client)) instanceof ConnectionAborted);
    });

    test(`${when} when data has come`, async () => {
      class Received extends Aborts {
        override dataReceived(): void {
          at(() => this.abort());
        }
      }
      assert.ok((await run(new Received(), client)) instanceof ConnectionAborted);
    });
  }

  class Aborts extends Protocol {
    readonly lost = new Deferred<Error>();

    abort(): void {
      this.transport.abortConnection();
    }

    override connectionLost(reason: Error): void {
      this.lost.callback(reason);
    }
  }

  /** Connects to a TLS server that greets; fires with the reason of connectionLost. */
  async function run(protocol: Aborts, tls?: typeof client): Promise<Error> {
    const reactor = newReactor();
    class Greets extends Protocol {
      override connectionMade(): void {
        this.transport.write("hello");
      }
    }
    const port = await reactor.listenTcp({ port: 0, host: "127.0.0.1", tls: { identity } }, () => new Greets());
    assert.ok(port.address.kind === "tcp");
    const where = { host: "127.0.0.1", port: port.address.port };
    await reactor.connectTcp(tls === undefined ? where : { ...where, tls }, () => protocol);
    const reason = await protocol.lost;
    await port.stopListening();
    return reason;
  }
});
