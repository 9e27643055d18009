import type { StdioAddress } from "../../core/address.ts";
import type { Deferred } from "../../core/deferred/deferred.ts";
import { fail } from "../../core/deferred/succeed.ts";
import { ConnectError, UnsupportedError } from "../../core/errors.ts";
import { buildProtocol, type Protocol, type ProtocolFactory } from "../../core/protocol.ts";
import { StreamTransport } from "../../core/stream-transport.ts";
import type { TlsFacts } from "../../core/tls.ts";
import type { Piece, TextEncoding } from "../../core/write-buffer.ts";
import { PORTABLE_TEXT } from "../../wire/text-portable.ts";
import { below } from "../random-source.ts";
import type { SimProcess } from "../sim-process.ts";
import type { Inbox } from "./descriptors.ts";

/** `random` says where what is read is cut. @throws ConnectError, and what the protocol's connectionMade threw. */
export function openStdio<P extends Protocol>(owner: SimProcess, random: () => number, factory: ProtocolFactory<P>): P {
  const transport = new StdioTransport(owner, random);
  const protocol = buildProtocol(factory, transport.peer);
  if (protocol === undefined) throw new ConnectError("Factory built no protocol for standard input and output");
  const thrown = transport.open(protocol);
  if (thrown !== undefined) throw thrown;
  return protocol;
}

/** Standard input and output of a process as one connection. Whoever is at the other end takes all at once. */
class StdioTransport extends StreamTransport {
  readonly peer: StdioAddress = { kind: "stdio" };
  readonly local: StdioAddress = { kind: "stdio" };
  readonly tls: TlsFacts | undefined = undefined;
  protected readonly unsentBytes: number = 0;
  readonly #owner: SimProcess;
  readonly #random: () => number;
  readonly #input: Inbox | undefined;
  #isReading = true;
  #willRead = false;
  #heardEnd = false;
  #isGone = false;

  constructor(owner: SimProcess, random: () => number) {
    super(owner, {});
    this.#owner = owner;
    this.#random = random;
    this.#input = owner.descriptors.inputs.get(0);
  }

  /** Gives the connection to its protocol. Returns what that threw. */
  open(protocol: Protocol): Error | undefined {
    this.#owner.open.add(this);
    const thrown = this.opened(protocol);
    if (this.#input !== undefined) this.#input.onReadable = () => this.#readSoon();
    this.#readSoon();
    return thrown;
  }

  /** The process is dead. */
  killed(): void {
    this.#isGone = true;
  }

  sendOne(data: Uint8Array | string, encoding: TextEncoding): void {
    this.#owner.descriptors.write(STDOUT, encode(data, encoding));
  }

  sendAll(pieces: readonly Piece[]): void {
    for (const { data, encoding } of pieces) this.sendOne(data, encoding);
  }

  protected startReading(): void {
    this.#isReading = true;
    this.#readSoon();
  }

  protected stopReading(): void {
    this.#isReading = false;
  }

  protected endWriting(): void {
    this.#owner.descriptors.close(STDOUT);
    this.#owner.soon(() => this.writeEnded());
  }

  protected close(): void {
    this.#owner.descriptors.close(STDOUT);
    this.#owner.soon(() => this.#over());
  }

  protected reset(): void {
    this.close();
  }

  startTls(): Deferred<TlsFacts> {
    return fail(new UnsupportedError("Cannot start TLS on standard input and output"));
  }

  setNoDelay(): void {}

  setKeepAlive(): void {}

  #readSoon(): void {
    const input = this.#input;
    if (this.#willRead || !this.#isReading || this.#isGone || input === undefined) return;
    if (input.nextBytes === 0 && (!input.hasEnded || this.#heardEnd)) return;
    this.#willRead = true;
    this.#owner.soon(() => this.#read(input));
  }

  #read(input: Inbox): void {
    this.#willRead = false;
    if (this.#isGone || !this.#isReading) return;
    const { nextBytes } = input;
    const most = nextBytes > 1 && this.#random() < CUT_SHARE ? 1 + below(this.#random, nextBytes - 1) : nextBytes;
    const data = input.read(most);
    if (data !== undefined) {
      this.received(data);
    } else {
      this.#heardEnd = true;
      this.ended();
    }
    this.#readSoon();
  }

  #over(): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#owner.open.delete(this);
    this.closed();
  }
}

/** A copy: the program may use its array again. */
function encode(data: Uint8Array | string, encoding: TextEncoding): Uint8Array {
  if (typeof data !== "string") return new Uint8Array(data);
  return encoding === "latin1" ? PORTABLE_TEXT.encodeLatin1(data) : PORTABLE_TEXT.encodeUtf8(data);
}

const STDOUT = 1;

/** As often as a TCP stream is cut. */
const CUT_SHARE = 0.25;
