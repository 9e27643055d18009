/** Frames made by hand, and somebody who writes down what comes of them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { constants, deflateRawSync } from "node:zlib";
import { feedThreeWays } from "../../testing/index.ts";
import type { DeflateAgreement } from "./codec/deflate.ts";
import { WebSocketConnection, type WebSocketConnectionOptions } from "./connection.ts";
import { RemoteWebSocketError } from "./errors.ts";
import type { WebSocketEvent } from "./events.ts";

export interface FrameOptions {
  readonly fin?: boolean;
  /** Three bits. */
  readonly rsv?: number;
  /** Default: as role and a fixed key have it; `false` leaves it out, a list is the key. */
  readonly mask?: boolean | readonly number[];
  /** 16 or 64 bits for a length that needs less. */
  readonly lengthBits?: 16 | 64;
  /** What the head says, whatever comes. */
  readonly length?: number;
}

/** A frame of a client, unless `mask` is false. */
export function frame(
  opcode: number,
  payload: Uint8Array | string | readonly number[] = "",
  options: FrameOptions = {},
): Uint8Array {
  const { fin = true, rsv = 0, mask = true } = options;
  const data = typeof payload === "string" ? new TextEncoder().encode(payload) : Uint8Array.from(payload);
  const key = mask === true ? [0x37, 0xfa, 0x21, 0x3d] : mask === false ? undefined : mask;
  const length = options.length ?? data.length;
  const bits = options.lengthBits ?? (length < 126 ? 7 : length < 65_536 ? 16 : 64);
  const marked = key === undefined ? 0 : 0x80;
  const head = [(fin ? 0x80 : 0) | (rsv << 4) | opcode, marked | (bits === 7 ? length : bits === 16 ? 126 : 127)];
  for (let shift = bits === 7 ? 0 : bits; shift > 0; shift -= 8) head.push(Math.floor(length / 2 ** (shift - 8)) % 256);
  const masked = key === undefined ? data : data.map((byte, at) => byte ^ (key[at % 4] as number));
  return Uint8Array.from([...head, ...(key ?? []), ...masked]);
}

/** A frame of a server. */
export function serverFrame(
  opcode: number,
  payload: Uint8Array | string | readonly number[] = "",
  options: FrameOptions = {},
): Uint8Array {
  return frame(opcode, payload, { ...options, mask: false });
}

export function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex.replace(/\s/g, ""), "hex"));
}

export function join(...pieces: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(pieces));
}

/** Compressed by zlib itself, as RFC 7692 §7.2.1 has it. */
export function compress(data: string | Uint8Array, dictionary?: string | Uint8Array): Uint8Array {
  const all = deflateRawSync(data, {
    finishFlush: constants.Z_SYNC_FLUSH,
    ...(dictionary === undefined ? {} : { dictionary: Buffer.from(dictionary) }),
  });
  return all.subarray(0, -4);
}

export const DEFLATE: DeflateAgreement = {
  sendWindowBits: 15,
  receiveWindowBits: 15,
  sendTakeover: true,
  receiveTakeover: true,
};

/** Listens on one connection, and writes down each event as a line. */
export class Ear {
  readonly lines: string[] = [];
  readonly events: WebSocketEvent[] = [];
  readonly connection: WebSocketConnection;

  constructor(role: "server" | "client" = "server", options: WebSocketConnectionOptions = {}) {
    this.connection = new WebSocketConnection(role, {
      randomBytes: (count) => new Uint8Array(count).fill(0x5a),
      ...options,
    });
  }

  receive(data: Uint8Array): void {
    this.connection.receive(data);
    this.listen();
  }

  end(): void {
    this.connection.receiveEnd();
    this.listen();
  }

  listen(): void {
    try {
      for (let event = this.connection.next(); event !== undefined; event = this.connection.next()) {
        this.events.push(event);
        this.lines.push(lineOf(event));
      }
    } catch (error) {
      if (!(error instanceof RemoteWebSocketError)) throw error;
      const line = `fault ${error.code}: ${error.problem}`;
      if (this.lines.at(-1) !== line) this.lines.push(line);
    }
  }
}

/** What is heard of these bytes, however they are cut. */
export function heard(
  bytes: Uint8Array,
  role: "server" | "client" = "server",
  options: WebSocketConnectionOptions = {},
): string[] {
  return feedThreeWays(
    () => new Ear(role, options),
    bytes,
    (ear) => ear.lines,
    { randomRuns: 8 },
  );
}

export type Case = readonly [name: string, frames: readonly Uint8Array[], heard: readonly string[]];

/** A test for each row: what is heard of these frames. */
export function cases(
  table: readonly Case[],
  role: "server" | "client" = "server",
  options: WebSocketConnectionOptions = {},
): void {
  for (const [name, frames, lines] of table) {
    test(name, () => {
      const bytes = join(...frames);
      // A byte at a time is slow, and tells nothing more, in messages that are mostly one byte over and over.
      if (bytes.length < 3_000) assert.deepEqual(heard(bytes, role, options), lines);
      const ear = new Ear(role, options);
      for (let at = 0; at < bytes.length; at += 4_099) ear.receive(bytes.slice(at, at + 4_099));
      assert.deepEqual(ear.lines, lines);
    });
  }
}

/** A text message in frames of a byte each. */
export function pieces(data: Uint8Array, rsv = 0): Uint8Array[] {
  return [...data].map((byte, at) =>
    frame(at === 0 ? 1 : 0, [byte], { fin: at === data.length - 1, rsv: at === 0 ? rsv : 0 }),
  );
}

function lineOf(event: WebSocketEvent): string {
  if (event.type === "close") return `close ${event.code} ${JSON.stringify(event.reason)}`;
  const text = shown(event.data);
  return event.type === "fragment" ? `${event.kind}${event.isLast ? "." : "…"} ${text}` : `${event.type} ${text}`;
}

function shown(data: string | Uint8Array): string {
  if (data.length > 60) return `${data.length}×${shown(data.slice(0, 1))}`;
  return typeof data === "string" ? JSON.stringify(data) : Buffer.from(data).toString("hex");
}
