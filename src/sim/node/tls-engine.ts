/*
 * Theory of operation. The handshake and the ciphertext are OpenSSL's, by way of node:tls, which works in turns of Node's own
 * loop. So each thing that TLS is given is a step: it is begun in one event; virtual time and all other events wait until
 * Node's loop has turned a few times without TLS doing anything; and what TLS did meanwhile, which was only noted, is told
 * in the next event. There is never a second step before that: so a record is known to carry what was written, or to belong
 * to the protocol itself, and the order of everything is that of the steps, whatever Node did in between.
 *
 * OpenSSL's random is its own, and no seed reaches it: ciphertext differs from run to run, and what belongs to the protocol
 * (signatures, tickets) in length too. A record counts what is the same in every run: its length if it carries what was
 * written, and otherwise a constant.
 */
import type { TLSSocket } from "node:tls";
import type { Deferred } from "../../core/deferred/deferred.ts";
import type { TlsFacts } from "../../core/tls.ts";
import type { StartTlsOptions } from "../../core/transport.ts";
import { type Shaken, shakeHands } from "../../tls/handshake.ts";
import type { SimEvent } from "../scheduler.ts";
import type { SimProcess } from "../sim-process.ts";
import { TlsRecords } from "../tcp/tls-records.ts";
import { unguarded } from "./guard.ts";
import { tlsHomeOf } from "./tls-home.ts";
import { TlsWire } from "./tls-wire.ts";

/** Who hears what TLS did, in turns of the process. */
export interface TlsUser {
  /** To be sent, one record, or what is left of one. */
  encrypted(record: Uint8Array, weight: number): void;
  secured(facts: TlsFacts): void;
  handshakeFailed(error: Error): void;
  decrypted(data: Uint8Array): void;
  /** The peer has ended its direction: `isWhole` if TLS said so too. */
  inputEnded(isWhole: boolean): void;
  /** This side's close_notify is among what was encrypted. */
  farewellMade(): void;
  /** After the handshake: the peer sent what is no TLS, or complained. */
  broke(error: Error): void;
  /** All of a step has been told; with `hasWritten`, what was written is encrypted. */
  quiet(hasWritten: boolean): void;
}

/** One end of a TLS connection, without a network. */
export class TlsEngine implements SimEvent {
  timeMs = 0;
  order = 0;
  slot = -1;
  /** Cleartext that was written and is not encrypted yet. */
  unencryptedBytes = 0;
  readonly #process: SimProcess;
  readonly #user: TlsUser;
  readonly #wire: TlsWire;
  readonly #output = new TlsRecords();
  readonly #steps: Step[] = [];
  #shaking: Deferred<void> | undefined = undefined;
  #socket: TLSSocket | undefined = undefined;
  #step: Step | undefined = undefined;
  #isScheduled = false;
  #isOver = false;
  #hasEnded = false;
  #seen: Seen = nothingSeen();

  /** Begins the handshake. */
  constructor(owner: SimProcess, user: TlsUser, options: StartTlsOptions) {
    this.#process = owner;
    this.#user = user;
    this.#wire = new TlsWire((ciphertext) => {
      this.#seen.records.push(...this.#output.push(ciphertext));
      this.#stirs();
    });
    this.#add({ run: () => this.#begin(options) });
  }

  /** Is at work, or has work. */
  get isBusy(): boolean {
    return this.#step !== undefined || this.#steps.length > 0;
  }

  /** Ciphertext of the peer, in whole records. */
  take(records: readonly Uint8Array[]): void {
    this.#add({ run: () => records.forEach((record) => void this.#wire.push(record)) });
  }

  /** The peer's connection has ended, after `rest`, which is no whole record. */
  takeEnd(rest: Uint8Array): void {
    this.#add({
      isEnd: true,
      run: () => {
        if (rest.length > 0) this.#wire.push(rest);
        this.#wire.push(null);
      },
    });
  }

  /** The connection broke. */
  takeBreak(error: Error): void {
    this.#add({ run: () => this.#wire.destroy(error) });
  }

  /** Encrypts; only once the handshake is done. */
  write(data: Uint8Array): void {
    this.unencryptedBytes += data.length;
    this.#add({ written: data.length, run: () => this.#socket?.write(data) });
  }

  /** Says goodbye after all that was written. */
  farewell(): void {
    this.#add({ isFarewell: true, run: () => this.#socket?.end() });
  }

  /** Tells nobody anything any more. Not from inside a call of OpenSSL's, which would crash it. */
  destroy(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#steps.length = 0;
    unguarded(() => {
      this.#shaking?.cancel();
      this.#socket?.destroy();
      this.#wire.destroy();
    });
    this.#process.scheduler.awaitRealTurns(QUIET_TURNS);
  }

  happen(): void {
    const owner = this.#process;
    const { machine, scheduler } = owner;
    if (!owner.isAlive) {
      this.destroy();
      return;
    }
    if (machine.pausedUntilMs > scheduler.nowMs) {
      scheduler.at(machine.pausedUntilMs, this);
      return;
    }
    this.#isScheduled = false;
    if (!this.#isOver) owner.enter(this.#turn);
  }

  readonly #turn = (): void => {
    const { scheduler } = this.#process;
    const done = this.#step;
    this.#step = undefined;
    this.#tell(done);
    if (this.#isOver || this.#step !== undefined) return;
    const next = this.#steps.shift();
    if (next === undefined) return;
    this.#step = next;
    scheduler.awaitRealTurns(QUIET_TURNS);
    this.#schedule();
    // Below it is Node, which may have any clock.
    unguarded(() => next.run());
  };

  #add(step: Step): void {
    if (this.#isOver) return;
    this.#steps.push(step);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#process.scheduler.soon(this);
  }

  /** TLS does something: it is to be told when that is over. */
  #stirs(): void {
    if (this.#isOver) return;
    this.#process.scheduler.awaitRealTurns(QUIET_TURNS);
    this.#schedule();
  }

  #begin(options: StartTlsOptions): void {
    const owner = this.#process;
    this.#shaking = shakeHands(this.#wire, options, owner, tlsHomeOf(owner)).addCallbacks(
      (shaken) => this.#shaken(shaken),
      (error: Error) => {
        this.#seen.failure = error;
        this.#stirs();
      },
    );
    // To Node it is a socket that has no descriptor, so one that is being connected.
    this.#wire.emit("connect");
  }

  #shaken({ socket, facts }: Shaken): void {
    this.#socket = socket;
    this.#wire.allowHalfOpen = true;
    this.#seen.facts = facts;
    socket.on("data", (data: Uint8Array) => {
      this.#seen.data.push(data);
      this.#stirs();
    });
    socket.on("end", () => {
      this.#seen.isEnd = true;
      this.#stirs();
    });
    socket.on("error", (error) => {
      this.#seen.error ??= error;
      this.#stirs();
    });
    this.#stirs();
  }

  /** What came of a step; of none, if TLS had waited for the name of a server. */
  #tell(step: Step | undefined): void {
    const seen = this.#seen;
    const user = this.#user;
    this.#seen = nothingSeen();
    const left = this.#output.rest();
    if (left.length > 0) seen.records.push(left);
    for (const record of seen.records) {
      const counts = step?.written === undefined ? Math.min(record.length, PROTOCOL_RECORD_COUNTS) : record.length;
      user.encrypted(record, counts);
    }
    this.unencryptedBytes -= step?.written ?? 0;
    // Any of them may make an end of it.
    if (seen.facts !== undefined) user.secured(seen.facts);
    if (seen.failure !== undefined) user.handshakeFailed(seen.failure);
    for (const data of seen.data) if (!this.#isOver) user.decrypted(data);
    if (seen.isEnd && !this.#hasEnded && !this.#isOver) {
      this.#hasEnded = true;
      user.inputEnded(step?.isEnd !== true);
    }
    if (step?.isFarewell === true && !this.#isOver) user.farewellMade();
    if (seen.error !== undefined && !this.#isOver) user.broke(seen.error);
    if (!this.#isOver) user.quiet(step?.written !== undefined);
  }
}

/** One thing that TLS is given. */
interface Step {
  /** Bytes of cleartext. */
  readonly written?: number;
  readonly isEnd?: boolean;
  readonly isFarewell?: boolean;
  run(): void;
}

/** What TLS did, until somebody is told. */
interface Seen {
  readonly records: Uint8Array[];
  readonly data: Uint8Array[];
  facts: TlsFacts | undefined;
  failure: Error | undefined;
  error: Error | undefined;
  isEnd: boolean;
}

function nothingSeen(): Seen {
  return { records: [], data: [], facts: undefined, failure: undefined, error: undefined, isEnd: false };
}

/** From one thing that Node does for a stream in memory to the next there is one turn. */
const QUIET_TURNS = 3;
/** Not longer than any record whose length differs from run to run. */
const PROTOCOL_RECORD_COUNTS = 64;
