/** Peers that read nothing, send by the byte, end halfway or die: they cost their own connection and nothing else. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Socket } from "node:net";
import { describe, test } from "node:test";
import { ConnectionAborted, ConnectionDone, NodeReactor, Protocol } from "ropewalk";
import { LineProtocol } from "ropewalk/line";
import { closed, dial, Echo, isServed, nextFrom, portOf } from "./ends.ts";
import { Holdings, turn, until } from "./leaks.ts";

const limit = { timeout: 20_000 };
const reactor = new NodeReactor();

describe("a peer that never reads", () => {
  test("costs one high-water mark of memory; others are served; closing aborts it in time", limit, async () => {
    await neverReads();
    const before = new Holdings();
    await neverReads(before);
    await before.areBack();
  });

  async function neverReads(holdings?: Holdings): Promise<void> {
    let firehose: Firehose | undefined;
    const port = await reactor.listenTcp({ host: "127.0.0.1", port: 0, closeTimeoutMs: 50 }, () => {
      firehose = new Firehose();
      holdings?.watch(firehose);
      return firehose;
    });
    const echoes = await reactor.listenTcp({ host: "127.0.0.1", port: 0 }, () => new Echo());
    const peer = await dial(portOf(port));
    peer.pause();
    // Full is what stays so: until then the kernel takes what is written, and the next pause follows at once.
    let seen = 0;
    await until(() => {
      const wasStill = firehose?.pauses === seen;
      seen = firehose?.pauses ?? 0;
      return wasStill && firehose?.paused === true && firehose.transport.bufferedBytes > 0;
    });
    const { transport } = firehose as Firehose;
    for (let i = 0; i < 20; i += 1) assert.ok(await isServed(portOf(echoes)));
    assert.ok(transport.bufferedBytes <= HIGH_WATER_BYTES + CHUNK.length, `${transport.bufferedBytes} bytes wait`);
    const { pauses, resumes } = firehose as Firehose;
    assert.ok(pauses === resumes + 1, `${pauses} pauses and ${resumes} resumes`);
    transport.loseConnection();
    assert.ok((await transport.whenClosed()) instanceof ConnectionAborted);
    peer.destroy();
    await closed(peer);
    await port.stopListening();
    await echoes.stopListening();
  }

  class Firehose extends Protocol {
    paused = false;
    pauses = 0;
    resumes = 0;

    override connectionMade(): void {
      this.#spray();
    }
    override writingPaused(): void {
      this.paused = true;
      this.pauses += 1;
    }
    override writingResumed(): void {
      this.paused = false;
      this.resumes += 1;
      this.#spray();
    }
    #spray(): void {
      while (!this.paused) this.transport.write(CHUNK);
    }
  }
});

describe("a peer that sends byte by byte", () => {
  test("is understood, and nobody waits for it", limit, async () => {
    const before = new Holdings();
    await byTheByte(before);
    await before.areBack();
  });

  async function byTheByte(holdings: Holdings): Promise<void> {
    const lines: string[] = [];
    class Lines extends LineProtocol {
      override lineReceived(line: string): void {
        lines.push(line);
      }
    }
    const port = await reactor.listenTcp({ host: "127.0.0.1", port: 0 }, () => holdings.watch(new Lines()));
    const echoes = await reactor.listenTcp({ host: "127.0.0.1", port: 0 }, () => new Echo());
    const peer = await dial(portOf(port));
    peer.setNoDelay(true);
    const sent = ["slow and steady", "still there"];
    for (const byte of Buffer.from(sent.map((line) => `${line}\r\n`).join(""))) {
      peer.write(Uint8Array.of(byte));
      await turn();
      if (byte === 0x20) assert.ok(await isServed(portOf(echoes)));
    }
    await until(() => lines.length === sent.length);
    assert.deepEqual(lines, sent);
    peer.destroy();
    await closed(peer);
    await port.stopListening();
    await echoes.stopListening();
  }
});

describe("a half-open peer", () => {
  test("that has ended still gets all, if the protocol knows half-close", limit, async () => {
    const before = new Holdings();
    await halfOpen(before);
    await before.areBack();
  });

  async function halfOpen(holdings: Holdings): Promise<void> {
    class Late extends Protocol {
      reason: Error | undefined = undefined;
      #rounds = 50;

      override readConnectionLost(): void {
        this.#more();
      }
      override connectionLost(reason: Error): void {
        this.reason = reason;
      }
      #more(): void {
        this.transport.write(CHUNK);
        this.#rounds -= 1;
        if (this.#rounds > 0) reactor.callLater(1, () => this.#more());
        else this.transport.loseConnection();
      }
    }
    const late: Late[] = [];
    const port = await reactor.listenTcp({ host: "127.0.0.1", port: 0 }, () => {
      late.push(holdings.watch(new Late()));
      return late.at(-1);
    });
    const peers = await Promise.all(Array.from({ length: 20 }, () => dial(portOf(port))));
    const sizes = peers.map(async (peer) => {
      let size = 0;
      peer.on("data", (data) => {
        size += data.length;
      });
      peer.end("done");
      await closed(peer);
      return size;
    });
    assert.deepEqual(new Set(await Promise.all(sizes)), new Set([50 * CHUNK.length]));
    await until(() => late.every(({ reason }) => reason instanceof ConnectionDone));
    await port.stopListening();
  }
});

describe("a peer process that is killed", () => {
  test("ends all of its connections, with unread and unsent bytes too", limit, async () => {
    const before = new Holdings();
    await killed(before);
    await before.areBack();
  });

  async function killed(holdings: Holdings): Promise<void> {
    const ends: Echo[] = [];
    const port = await reactor.listenTcp({ host: "127.0.0.1", port: 0 }, () => {
      ends.push(holdings.watch(new Echo()));
      return ends.at(-1);
    });
    const victim = spawn("python3", ["-c", VICTIM, String(portOf(port))], { stdio: ["ignore", "pipe", "inherit"] });
    await once(victim.stdout, "data");
    await until(() => ends.length === 30 && ends.some(({ transport }) => transport.bufferedBytes > 0));
    victim.kill("SIGKILL");
    await once(victim, "close");
    await until(() => ends.every(({ reason }) => reason !== undefined));
    const answer = await dial(portOf(port));
    assert.equal(await greet(answer), "hello");
    answer.destroy();
    await closed(answer);
    await until(() => ends.every(({ reason }) => reason !== undefined));
    await port.stopListening();
  }

  async function greet(socket: Socket): Promise<string | undefined> {
    const answer = nextFrom(socket);
    socket.write("hello");
    return await answer;
  }
});

const CHUNK = new Uint8Array(16_384);
const HIGH_WATER_BYTES = 65_536;

/** Thirty connections; one has sent more echoes than anybody reads. */
const VICTIM = `
import socket, sys, time
peers = [socket.create_connection(("127.0.0.1", int(sys.argv[1]))) for _ in range(30)]
for peer in peers:
    peer.sendall(b"unread")
peers[0].sendall(b"x" * 16_000_000)
print("ready", flush=True)
time.sleep(60)
`;
