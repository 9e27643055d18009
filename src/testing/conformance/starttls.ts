import assert from "node:assert/strict";
import type { Deferred } from "../../core/deferred/deferred.ts";
import type { TlsClientOptions, TlsFacts, TlsServerOptions } from "../../core/tls.ts";
import type { Recorder } from "../recorder.ts";
import { MORE_THAN_KERNELS_HOLD } from "./closing.ts";
import {
  bothLost,
  type Cases,
  failure,
  isSameBytes,
  type Meeting,
  meet,
  patterned,
  type TransportWorld,
  until,
} from "./world.ts";

/** A TransportWorld whose connections begin in clear and can turn to TLS. */
export interface StartTlsWorld extends TransportWorld {
  readonly tls: {
    readonly server: TlsServerOptions;
    /** Options that accept the server. */
    readonly client: TlsClientOptions;
    /** Options that do not. */
    readonly mistrustful: TlsClientOptions;
  };
}

/** TLS from the middle of the stream on. */
export const START_TLS: Cases<StartTlsWorld> = {
  "what was written before goes in clear, what is written after is secured, and nothing is lost": async (world) => {
    const { client, server, ours, theirs } = await upgrade(world, world.tls.client);
    assert.equal(client.transport.tls, ours?.facts);
    assert.equal(server.transport.tls, theirs?.facts);
    assert.match(ours?.facts?.protocol ?? "", /^TLSv1\.[23]$/);
    assert.equal(ours?.facts?.authorized, true);
    client.transport.write(" and more");
    await until(world, "all is there", () => server.text === "STARTTLS hello and more");
    assert.equal(client.text, "go ahead");
  },

  "a megabyte goes each way afterwards": async (world) => {
    const { client, server } = await upgrade(world, world.tls.client);
    const data = patterned(1_048_576);
    client.transport.write(data);
    server.transport.write(data);
    const sizeOf = ({ received }: Recorder) => received.reduce((sum, { length }) => sum + length, 0);
    await until(world, "all is there", () => sizeOf(server) >= data.length + 14 && sizeOf(client) >= data.length + 8);
    assert.ok(isSameBytes(server.bytes.subarray(14), data));
    assert.ok(isSameBytes(client.bytes.subarray(8), data));
  },

  "both ends close cleanly afterwards": async (world) => {
    const meeting = await upgrade(world, world.tls.client);
    meeting.client.transport.write(" bye");
    meeting.client.transport.loseConnection();
    await bothLost(world, meeting);
    assert.equal(meeting.server.text, "STARTTLS hello bye");
    assert.deepEqual([meeting.client.reason?.name, meeting.server.reason?.name], ["ConnectionDone", "ConnectionDone"]);
  },

  "a peer that is not to be trusted fails it, and the connection": async (world) => {
    const meeting = await upgrade(world, world.tls.mistrustful);
    assert.equal(meeting.ours?.error?.name, "TlsError", String(meeting.ours?.error));
    await bothLost(world, meeting);
    assert.equal(meeting.client.reason, meeting.ours?.error);
    assert.equal(meeting.server.text, "STARTTLS", "what was written after it never leaves");
  },

  "cancelling it aborts the connection, at once or later": async (world) => {
    for (const turns of [0, 1, 5]) {
      const meeting = await meet(world);
      const securing = meeting.client.transport.startTls({ side: "client", tls: world.tls.client });
      for (let turn = 0; turn < turns; turn += 1) await world.turn();
      securing.cancel();
      assert.equal((await failure(world, securing)).name, "AbortError");
      await bothLost(world, meeting);
      assert.equal(meeting.client.reason?.name, "ConnectionAborted", `after ${turns} turns`);
    }
  },

  "losing the connection in the handshake fails it": async (world) => {
    const meeting = await meet(world);
    const securing = meeting.client.transport.startTls({ side: "client", tls: world.tls.client });
    meeting.server.transport.abortConnection();
    const error = await failure(world, securing);
    assert.ok(error.name === "TlsError" || error.name === "ConnectionLost", String(error));
    await bothLost(world, meeting);
  },

  "losing the connection before the clear bytes have left fails it": async (world) => {
    const meeting = await meet(world);
    const { client, server } = meeting;
    server.transport.pauseReading();
    await world.settle();
    client.transport.write(patterned(MORE_THAN_KERNELS_HOLD));
    await world.settle();
    const securing = client.transport.startTls({ side: "client", tls: world.tls.client });
    await world.settle();
    client.transport.abortConnection();
    assert.equal((await failure(world, securing)).name, "ConnectionLost");
    server.transport.abortConnection();
    await bothLost(world, meeting);
  },

  "bytes of the handshake that were read with what came in clear belong to it": async (world) => {
    for (const isPatient of [false, true]) {
      const meeting = await behindPreface(world, isPatient);
      const { client, server, ours, theirs } = meeting;
      assert.deepEqual([ours.error, theirs.error], [undefined, undefined], `isPatient is ${isPatient}`);
      assert.equal(server.transport.tls, theirs.facts);
      const data = patterned(100_000);
      server.received.length = 0;
      client.transport.write(data);
      server.transport.write("welcome");
      await until(world, "all is there", () => server.bytes.length >= data.length && client.text === "welcome");
      assert.ok(isSameBytes(server.bytes, data));
      client.transport.loseConnection();
      await bothLost(world, meeting);
      assert.deepEqual([client.reason?.name, server.reason?.name], ["ConnectionDone", "ConnectionDone"]);
    }
  },

  "bytes that were read before and are no TLS fail it, and the connection": async (world) => {
    const meeting = await meet(world);
    const { client, server } = meeting;
    client.transport.write(`${PREFACE}this is no TLS`);
    await until(world, "all is there", () => server.text.endsWith("no TLS"));
    const received = server.bytes.subarray(PREFACE.length);
    const securing = server.transport.startTls({ side: "server", tls: world.tls.server, received });
    const error = await failure(world, securing);
    assert.equal(error.name, "TlsError", String(error));
    assert.doesNotMatch(error.message, /did not finish/);
    await bothLost(world, meeting);
    assert.equal(server.reason, error);
  },

  "bytes that were read before are of no use to a handshake that is given up": async (world) => {
    const meeting = await meet(world);
    const { client, server } = meeting;
    client.transport.write(PREFACE);
    const ours = watch(client.transport.startTls({ side: "client", tls: world.tls.client }));
    await until(world, "the preface is there", () => server.bytes.length >= PREFACE.length);
    await world.settle();
    const received = server.bytes.subarray(PREFACE.length);
    const securing = server.transport.startTls({ side: "server", tls: world.tls.server, received });
    securing.cancel();
    assert.equal((await failure(world, securing)).name, "AbortError");
    await bothLost(world, meeting);
    await until(world, "the client's handshake ends", () => isSettled(ours));
    assert.equal(server.reason?.name, "ConnectionAborted");
  },

  "a second one is refused while the first is under way": async (world) => {
    const meeting = await meet(world);
    const { transport } = meeting.client;
    const first = transport.startTls({ side: "client", tls: world.tls.client });
    const second = transport.startTls({ side: "client", tls: world.tls.client });
    assert.equal((await failure(world, second)).name, "UnsupportedError");
    first.cancel();
    await failure(world, first);
    await bothLost(world, meeting);
  },

  "it is refused on a connection that has it, and on one that is closed": async (world) => {
    const meeting = await upgrade(world, world.tls.client);
    const again = meeting.client.transport.startTls({ side: "client", tls: world.tls.client });
    assert.equal((await failure(world, again)).name, "UnsupportedError");
    meeting.client.transport.loseConnection();
    const late = meeting.client.transport.startTls({ side: "client", tls: world.tls.client });
    assert.ok((await failure(world, late)) instanceof Error);
    await bothLost(world, meeting);
  },
};

/** The client asks for TLS, the server agrees, and both turn to it; the client says hello at once. */
async function upgrade(world: StartTlsWorld, tls: TlsClientOptions): Promise<Upgrade> {
  const meeting = await meet(world);
  const { client, server } = meeting;
  const upgraded: Upgrade = { ...meeting, ours: undefined, theirs: undefined };
  server.onData = () => {
    if (server.text !== "STARTTLS" || upgraded.theirs !== undefined) return;
    server.transport.write("go ahead");
    upgraded.theirs = watch(server.transport.startTls({ side: "server", tls: world.tls.server }));
  };
  client.onData = () => {
    if (client.text !== "go ahead" || upgraded.ours !== undefined) return;
    upgraded.ours = watch(client.transport.startTls({ side: "client", tls }));
    client.transport.write(" hello");
  };
  client.transport.write("STARTTLS");
  await until(world, "both handshakes end", () => isSettled(upgraded.ours) && isSettled(upgraded.theirs));
  return upgraded;
}

/**
 * The client says a preface and goes on with TLS at once. The server turns to TLS as soon as it has read the preface, or,
 * if it is patient, when it has read all that the client can say before it is answered.
 */
async function behindPreface(world: StartTlsWorld, isPatient: boolean): Promise<Prefaced> {
  const meeting = await meet(world);
  const { client, server } = meeting;
  let theirs: Result | undefined;
  const turnToTls = () => {
    if (theirs !== undefined || server.bytes.length < PREFACE.length) return;
    const received = server.bytes.subarray(PREFACE.length);
    theirs = watch(server.transport.startTls({ side: "server", tls: world.tls.server, received }));
  };
  if (!isPatient) server.onData = turnToTls;
  client.transport.write(PREFACE);
  const ours = watch(client.transport.startTls({ side: "client", tls: world.tls.client }));
  await until(world, "the preface is there", () => server.bytes.length >= PREFACE.length);
  if (isPatient) await world.settle();
  turnToTls();
  await until(world, "both handshakes end", () => isSettled(ours) && isSettled(theirs));
  return { ...meeting, ours, theirs: theirs as unknown as Result };
}

function isSettled(result: Result | undefined): boolean {
  return result?.facts !== undefined || result?.error !== undefined;
}

/** Takes the result at once, so that no failure goes unhandled meanwhile. */
function watch(deferred: Deferred<TlsFacts>): Result {
  const result: Result = { facts: undefined, error: undefined };
  deferred.addCallbacks(
    (facts) => {
      result.facts = facts;
    },
    (error: Error) => {
      result.error = error;
    },
  );
  return result;
}

interface Upgrade extends Meeting<Recorder, Recorder> {
  /** What the client's startTls gave. */
  ours: Result | undefined;
  /** What the server's gave. */
  theirs: Result | undefined;
}

interface Prefaced extends Meeting<Recorder, Recorder> {
  readonly ours: Result;
  readonly theirs: Result;
}

interface Result {
  facts: TlsFacts | undefined;
  error: Error | undefined;
}

/** What is said in clear, and needs no answer. */
const PREFACE = "PREFACE\r\n";
