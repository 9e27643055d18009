import { Deferred } from "../../core/deferred/deferred.ts";
import type { TlsFacts } from "../../core/tls.ts";
import type { StartTlsOptions } from "../../core/transport.ts";
import { TlsEngine, type TlsUser } from "../node/tls-engine.ts";
import type { SimProcess } from "../sim-process.ts";
import { ReceiveQueue } from "./receive-queue.ts";
import type { TcpConnection } from "./tcp-connection.ts";
import { TlsRecords } from "./tls-records.ts";

/** What a transport hears of its TLS. */
export interface SecuredUser {
  secured(facts: TlsFacts): void;
  handshakeFailed(error: Error): void;
  /** The connection is of no use any more. */
  broke(error: Error): void;
  /** There may be something to read, or the way is free for what has to be sent. */
  tlsMoved(hasWritten: boolean): void;
}

/** TLS between a transport and its connection, from the first byte of the handshake on. */
export class TlsLayer implements TlsUser {
  /** Clear bytes leave first; then the handshake, which succeeds or fails. */
  phase: "clearing" | "shaking" | "secured" | "over" = "clearing";
  /** The handshake's result, for whoever asked for it. */
  readonly done: Deferred<TlsFacts>;
  /** Decrypted, and not read yet. */
  readonly clear: ReceiveQueue = new ReceiveQueue();
  /** How the peer has ended its direction; it is to be told after what is in `clear`. */
  end: "no" | "whole" | "cut short" = "no";
  /** loseConnection came while bytes waited for the handshake. */
  closesWhenSecured = false;
  farewell: "no" | "asked" | "made" = "no";
  readonly #process: SimProcess;
  readonly #connection: TcpConnection;
  readonly #user: SecuredUser;
  readonly #options: StartTlsOptions;
  readonly #input = new TlsRecords();
  #engine: TlsEngine | undefined = undefined;
  #isInputEnded = false;
  #isBroken = false;

  constructor(
    owner: SimProcess,
    connection: TcpConnection,
    user: SecuredUser,
    options: StartTlsOptions,
    cancelled: () => void,
  ) {
    this.#process = owner;
    this.#connection = connection;
    this.#user = user;
    this.#options = options;
    this.done = new Deferred(cancelled);
  }

  /** What is written waits. */
  get isUnderWay(): boolean {
    return this.phase === "clearing" || this.phase === "shaking";
  }

  /** Something was received that has not been read. */
  get isBusy(): boolean {
    return this.clear.weight > 0 || this.#engine?.isBusy === true;
  }

  get hasBegun(): boolean {
    return this.#engine !== undefined;
  }

  get unencryptedBytes(): number {
    return this.#engine?.unencryptedBytes ?? 0;
  }

  begin(): void {
    this.phase = "shaking";
    this.#engine = new TlsEngine(this.#process, this, this.#options);
    const { received } = this.#options;
    if (received !== undefined) this.#take(received);
  }

  write(data: Uint8Array): void {
    this.#engine?.write(data);
  }

  sayGoodbye(): void {
    this.farewell = "asked";
    this.#engine?.farewell();
  }

  /** Whether a look at the connection could bring something. */
  get isThirsty(): boolean {
    return this.phase !== "clearing" && this.phase !== "over" && !this.#isInputEnded && this.#engine?.isBusy === false;
  }

  /** Takes up to `limit` of what the connection has received, or its end. Returns whether there was something. */
  drink(limit: number): boolean {
    const connection = this.#connection;
    if (connection.unreadBytes > 0) {
      this.#take(connection.read(limit));
      return true;
    }
    if (!connection.hasEnded) return false;
    this.#isInputEnded = true;
    this.#engine?.takeEnd(this.#input.rest());
    return true;
  }

  #take(data: Uint8Array): void {
    const records = this.#input.push(data);
    if (records.length > 0) this.#engine?.take(records);
  }

  /** The connection broke in the handshake. */
  takeBreak(error: Error): void {
    if (this.#isBroken) return;
    this.#isBroken = true;
    this.#engine?.takeBreak(error);
  }

  destroy(): void {
    this.phase = "over";
    this.#engine?.destroy();
  }

  // From the engine.

  encrypted(record: Uint8Array, weight: number): void {
    this.#connection.put(record, weight, true);
  }

  secured(facts: TlsFacts): void {
    this.#connection.push();
    this.phase = "secured";
    this.#user.secured(facts);
  }

  handshakeFailed(error: Error): void {
    this.#connection.push();
    this.#user.handshakeFailed(error);
  }

  decrypted(data: Uint8Array): void {
    this.clear.put(data, data.length, false);
  }

  inputEnded(isWhole: boolean): void {
    this.end = isWhole ? "whole" : "cut short";
  }

  farewellMade(): void {
    this.farewell = "made";
  }

  broke(error: Error): void {
    this.#connection.push();
    this.#user.broke(error);
  }

  quiet(hasWritten: boolean): void {
    this.#connection.push();
    this.#user.tlsMoved(hasWritten);
  }
}
