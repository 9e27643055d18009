/** Three small families: only their own errors may come, cuts may not matter, and what was read is what encoding it gives. */
import assert from "node:assert/strict";
import { encodeFingerQuery, fingerServer, RemoteFingerError, readFingerQuery } from "ropewalk/finger";
import { encodeIdentLine, identServer, RemoteIdentError, readIdentAnswer, readIdentQuery } from "ropewalk/ident";
import { Clock, MemoryTransport } from "ropewalk/testing";
import { encodeTime, RemoteWireError, readTime } from "ropewalk/wire";
import { assertSameWhateverTheCuts, type Fed, type FuzzTarget } from "./target.ts";

export const ident: FuzzTarget = {
  seeds: [
    "6191, 23\r\n1,2\n",
    "6191, 23 : USERID : UNIX , US-ASCII : ann\r\n",
    "6191, 23 : USERID : OTHER : a : b",
    "6191, 23 : ERROR : HIDDEN-USER",
    " 6191 ,\t23 : ERROR:X1\n99999, 0\r\n",
  ],
  run(data) {
    const server = identServer(({ serverPort }) => ({ kind: "error", error: `X${serverPort}` }), {
      clock: new Clock(),
    });
    assertSameWhateverTheCuts(() => new Peer(server.buildProtocol.bind(server)), data);
    const line = textOf(data).split("\n")[0] ?? "";
    const query = attempt(() => readIdentQuery(line), RemoteIdentError);
    if (query !== undefined) assert.deepEqual(readIdentQuery(encodeIdentLine(query)), query);
    const asked = { serverPort: 6191, clientPort: 23 };
    const answer = attempt(() => readIdentAnswer(line, asked), RemoteIdentError);
    if (answer !== undefined) assert.deepEqual(readIdentAnswer(encodeIdentLine(asked, answer), asked), answer);
  },
};

export const finger: FuzzTarget = {
  seeds: ["/W ann\r\n", "\r\n", "ann@b.test@c\n", " /w  @host \r\nmore\r\n", "\xc3\xbc\x1b\r\n"],
  run(data) {
    const server = fingerServer(({ user, hosts }) => `${user}\n${hosts.join()}`, { clock: new Clock() });
    assertSameWhateverTheCuts(() => new Peer(server.buildProtocol.bind(server)), data);
    const query = attempt(() => readFingerQuery(textOf(data).split("\n")[0] ?? ""), RemoteFingerError);
    // "/W" before a host alone reads as the switch, and as a user it is not sent.
    if (query !== undefined) assert.deepEqual(readFingerQuery(encodeFingerQuery(query)), query);
  },
};

export const wire: FuzzTarget = {
  seeds: ["\x83\xaa\x7e\x80", "\0\0\0\0", "\xff\xff\xff\xff", "abc", ""],
  run(data) {
    const timeMs = attempt(() => readTime(data), RemoteWireError);
    assert.equal(timeMs === undefined, data.length !== 4);
    if (timeMs !== undefined) assert.deepEqual([...encodeTime(timeMs)], [...data]);
  },
};

/** A connection with a server in memory; what it says, and whether it goes on. */
class Peer implements Fed {
  readonly events: unknown[] = [];
  readonly #transport = new MemoryTransport();

  constructor(build: (peer: MemoryTransport["peer"]) => Parameters<MemoryTransport["attach"]>[0] | undefined) {
    const protocol = build(this.#transport.peer);
    if (protocol !== undefined) this.#transport.attach(protocol);
  }

  receive(data: Uint8Array): void {
    if (this.#transport.connected) this.#transport.remote.write(data);
  }

  end(): void {
    this.events.push(this.#transport.text(), this.#transport.connected);
  }
}

function attempt<T>(run: () => T, Expected: new (problem: string) => Error): T | undefined {
  try {
    return run();
  } catch (error) {
    assert.ok(error instanceof Expected, String(error));
    return undefined;
  }
}

function textOf(data: Uint8Array): string {
  return new TextDecoder().decode(data);
}
