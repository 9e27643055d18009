import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Deferred } from "../../core/deferred/deferred.ts";
import { type CapturedLogs, captureLogs } from "../../core/log/observers.ts";
import type { Protocol, ProtocolFactory } from "../../core/protocol.ts";
import type { Port, Reactor, StreamOptions } from "../../core/reactor.ts";
import { Recorder } from "../recorder.ts";

/** One reactor under test and what moves it. Each case gets a new one. */
export interface World {
  readonly reactor: Reactor;
  /** An address of this world that can be listened on, such as `127.0.0.1`. */
  readonly host: string;
  /** Another one, on which nobody listens, such as `127.0.0.2`. */
  readonly otherHost: string;
  /** An empty directory for this case. */
  readonly folder: string;
  /** Runs one turn, or lets one pass. */
  turn(): Promise<void>;
  /** Runs all that is under way; on real sockets, some dozens of turns. */
  settle(): Promise<void>;
  /** Moves the time, or waits for it to pass. */
  advance(ms: number): Promise<void>;
  /** Ends what is left. */
  dispose(): Promise<void>;
}

/** A World with one kind of stream connection. */
export interface TransportWorld extends World {
  /** Opens a port; each one at its own address unless `again` is the address to take again. */
  listen(factory: ProtocolFactory, options?: StreamOptions, again?: Port): Deferred<Port>;
  connect<P extends Protocol>(port: Port, factory: ProtocolFactory<P>, options?: StreamOptions): Deferred<P>;
}

/** One promise: named by a sentence, and checked in a world of its own. */
export type Cases<W extends World> = Readonly<Record<string, (world: W, logs: CapturedLogs) => Promise<void>>>;

/** Registers the cases with node:test. An error that is logged and not expected fails the case. */
export function register<W extends World>(name: string, make: () => W | Promise<W>, cases: Cases<W>): void {
  describe(name, () => {
    for (const [sentence, check] of Object.entries(cases)) {
      test(sentence, { timeout: CASE_TIMEOUT_MS }, async () => {
        const world = await make();
        using logs = captureLogs();
        try {
          await check(world, logs);
        } finally {
          await world.dispose();
        }
        assert.deepEqual(faultsIn(logs).slice(expected.get(logs) ?? 0), [], "logged errors that nobody expected");
      });
    }
  });
}

/** Says that the case so far had to log these errors, and no others. */
export function expectFaults(logs: CapturedLogs, ...faults: readonly unknown[]): void {
  assert.deepEqual(faultsIn(logs), faults, "logged errors");
  expected.set(logs, faults.length);
}

/** Lets the world go on until `condition` holds. @throws AssertionError if it never does. */
export async function until(world: World, what: string, condition: () => boolean): Promise<void> {
  for (let tries = 0; tries < PATIENCE; tries += 1) {
    if (condition()) return;
    await world.settle();
  }
  assert.fail(`Never happened: ${what}`);
}

/** The value of `deferred`, letting the world go on until there is one. */
export async function outcome<T>(world: World, deferred: Deferred<T>): Promise<T> {
  let state: "waiting" | "fired" | "failed" = "waiting";
  let value: unknown;
  deferred.addCallbacks(
    (result) => {
      [state, value] = ["fired", result];
    },
    (error) => {
      [state, value] = ["failed", error];
    },
  );
  await until(world, "the Deferred fires", () => state !== "waiting");
  if ((state as string) === "failed") throw value;
  return value as T;
}

/** The error of `deferred`. */
export async function failure(world: World, deferred: Deferred<unknown>): Promise<Error> {
  try {
    await outcome(world, deferred);
  } catch (error) {
    return error as Error;
  }
  return assert.fail("It should have failed");
}

/** Two ends that are connected: the one that dialled, and the one that accepted. */
export interface Meeting<C extends Recorder, S extends Recorder> {
  readonly client: C;
  readonly server: S;
  readonly port: Port;
}

export async function meet(world: TransportWorld, options?: MeetOptions): Promise<Meeting<Recorder, Recorder>> {
  return await meetAs(world, new Recorder(), new Recorder(), options);
}

export async function meetAs<C extends Recorder, S extends Recorder>(
  world: TransportWorld,
  client: C,
  server: S,
  options: MeetOptions = {},
): Promise<Meeting<C, S>> {
  const port = await outcome(
    world,
    world.listen(() => server, options.server),
  );
  await outcome(
    world,
    world.connect(port, () => client, options.client),
  );
  await until(world, "the server's connectionMade", () => server.events.includes("made"));
  return { client, server, port };
}

export async function bothLost(world: World, { client, server }: Meeting<Recorder, Recorder>): Promise<void> {
  await until(world, "connectionLost at both ends", () => client.reason !== undefined && server.reason !== undefined);
}

export interface MeetOptions {
  readonly client?: StreamOptions | undefined;
  readonly server?: StreamOptions | undefined;
}

/** Bytes without a pattern that a wrong order could hide in. */
export function patterned(length: number): Uint8Array {
  const data = new Uint8Array(length);
  for (let i = 0; i < length; i += 1) data[i] = (i * 31 + (i >>> 8) * 7 + (i >>> 16)) & 0xff;
  return data;
}

export function isSameBytes(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, at) => byte === other[at]);
}

function faultsIn(logs: CapturedLogs): unknown[] {
  return logs.events.filter(({ level }) => level === "error" || level === "critical").map(({ error }) => error);
}

const expected: WeakMap<CapturedLogs, number> = new WeakMap();

/** Turns of the world, not time: a test that hangs is ended by its timeout. */
const PATIENCE = 20_000;

const CASE_TIMEOUT_MS = 120_000;
