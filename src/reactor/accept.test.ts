import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { type TestContext, test } from "node:test";
import type { TcpAddress } from "../core/address.ts";
import { Deferred } from "../core/deferred/deferred.ts";
import { Protocol } from "../core/protocol.ts";
import { NodeReactor } from "./node-reactor.ts";
import { NodeTransport } from "./node-transport.ts";

test("this version of Node lets accepted connections be read without its streams", async (t) => {
  assert.deepEqual(await hears(t, true), { text: "hello", ownSockets: 1 });
});

test("where it does not, they are read through them", async (t) => {
  assert.deepEqual(await hears(t, false), { text: "hello", ownSockets: 0 });
});

/** What a server hears of a plain client, and how many sockets were made here for it and not by Node. */
async function hears(t: TestContext, acceptsDirectly: boolean): Promise<{ text: string; ownSockets: number }> {
  const made = t.mock.method(NodeTransport.prototype, "makeSocket");
  const server = new Hearer();
  const reactor = new NodeReactor({ acceptsDirectly });
  const port = await reactor.listenTcp({ host: "127.0.0.1", port: 0 }, () => server);
  const client = connect((port.address as TcpAddress).port, "127.0.0.1");
  client.end("hello");
  await Promise.all([server.lost, once(client.resume(), "close")]);
  await port.stopListening();
  return { text: server.text, ownSockets: made.mock.callCount() };
}

class Hearer extends Protocol {
  readonly lost = new Deferred<void>();
  text = "";

  override dataReceived(data: Uint8Array): void {
    this.text += Buffer.from(data).toString();
  }
  override connectionLost(): void {
    this.lost.callback();
  }
}
