/** SOCKS, both sides: only the family's own errors may be thrown, and cuts may not matter. */
import assert from "node:assert/strict";
import {
  RemoteSocksError,
  SocksClientConnection,
  type SocksMessage,
  SocksRefusedError,
  SocksServerConnection,
} from "ropewalk/socks";
import { assertSameWhateverTheCuts, type Fed, type FuzzTarget } from "./target.ts";

export const socks: FuzzTarget = {
  seeds: [
    "\x00\x04\x01\x00\x50\xc0\x00\x02\x01ann\x00hi",
    "\x00\x04\x01\x00\x50\x00\x00\x00\x01ann\x00example.org\x00",
    "\x00\x05\x01\x00\x05\x01\x00\x01\xc0\x00\x02\x01\x00\x50",
    "\x00\x05\x02\x00\x02\x01\x03ann\x06secret\x05\x03\x00\x03\x0bexample.org\x00\x50rest",
    `\x00\x05\x01\x00\x05\x02\x00\x04${"\x00".repeat(16)}\x00\x50`,
    "\x01\x05\x00\x05\x00\x00\x01\xc0\x00\x02\x01\x00\x50hello",
    "\x02\x05\x02\x01\x00\x05\x00\x00\x03\x01a\x00\x50",
    "\x03\x00\x5a\x00\x50\xc0\x00\x02\x01hello",
  ],
  run(data) {
    // The first byte chooses the side, so that one corpus serves them all.
    const side = (data[0] ?? 0) % 4;
    assertSameWhateverTheCuts(() => (side === 0 ? new ServerReader() : new ClientReader(side)), data.subarray(1));
  },
};

class ServerReader implements Fed {
  readonly events: unknown[] = [];
  readonly #server: SocksServerConnection = new SocksServerConnection();
  #isOver = false;

  receive(data: Uint8Array): void {
    if (this.#isOver) return;
    this.#server.push(data);
    try {
      for (let event = this.#server.next(); event !== undefined; event = this.#server.next()) {
        this.events.push(event);
        if (event.type === "greeting") this.#server.chooseMethod(event.methods.includes(2) ? 2 : 0);
        else if (event.type === "login") this.#server.judgeLogin(true);
        else assert.ok(this.#server.reply({ code: 0, address: { host: event.host, port: event.port } }).length >= 8);
      }
    } catch (error) {
      assert.ok(error instanceof RemoteSocksError, String(error));
      this.#isOver = true;
      this.events.push(error.problem, this.#server.refusal(error));
    }
  }

  end(): void {
    if (!this.#isOver) this.events.push(this.#server.takeRest());
  }
}

class ClientReader implements Fed {
  readonly events: unknown[] = [];
  readonly #client: SocksClientConnection;
  #isOver = false;

  constructor(side: number) {
    const version = side === 3 ? 4 : 5;
    const request: SocksMessage = { version, command: "connect", host: "example.org", port: 80, userId: "" };
    this.#client = new SocksClientConnection(request, side === 2 ? { username: "ann", password: "secret" } : undefined);
  }

  receive(data: Uint8Array): void {
    if (this.#isOver) return;
    this.#client.push(data);
    try {
      for (let event = this.#client.next(); event !== undefined; event = this.#client.next()) {
        this.events.push(event);
      }
    } catch (error) {
      assert.ok(error instanceof RemoteSocksError || error instanceof SocksRefusedError, String(error));
      this.#isOver = true;
      this.events.push(error.message);
    }
  }
}
