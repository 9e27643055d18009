/** Runs a case with LineProtocol, and tells what happened. */
import type { Transport } from "ropewalk";
import { LineProtocol, type RemoteLineLengthError } from "ropewalk/line";
import type { Action, LineCase } from "./line-case.ts";

export type TraceEntry = readonly string[];

export function runCase(lineCase: LineCase): TraceEntry[] {
  const trace: TraceEntry[] = [];
  const protocol = lineCase.asBytes ? new ByteScripted(lineCase, trace) : new Scripted(lineCase, trace);
  const transport = tape(trace);
  protocol.makeConnection(transport);
  for (const step of lineCase.steps) {
    // A transport delivers nothing after loseConnection; that it may is a promise that costs nothing to test.
    if (transport.connected || step[0] === "data") protocol.act(step);
  }
  return trace;
}

class Scripted extends LineProtocol {
  override encoding = "latin1" as const;
  readonly #callbacks: LineCase["callbacks"];
  readonly #trace: TraceEntry[];
  #called = 0;

  constructor(lineCase: LineCase, trace: TraceEntry[]) {
    super();
    this.delimiter = lineCase.delimiter;
    this.maxLength = lineCase.maxLength;
    this.#callbacks = lineCase.callbacks;
    this.#trace = trace;
  }

  override lineReceived(line: string): void {
    this.#trace.push(["line", line]);
    this.#play();
  }

  override rawDataReceived(data: Uint8Array): void {
    this.#trace.push(["raw", latin1(data)]);
    this.#play({ raw: data });
  }

  override lineLengthExceeded({ start }: RemoteLineLengthError): void {
    // Twisted hands over all that is buffered, and drops it. Here, that is one call more.
    this.#trace.push(["long", latin1(start) + latin1(this.clearLineBuffer())]);
    this.#play({ isTooLong: true });
  }

  act(action: Action, data: Uint8Array = new Uint8Array(0)): void {
    switch (action[0]) {
      case "data":
        this.dataReceived(bytes(action[1]));
        break;
      case "raw":
        this.setRawMode();
        break;
      case "line":
        this.setLineMode(bytes(action[1]));
        break;
      case "rest":
        this.setLineMode(data.subarray(action[1]));
        break;
      case "clear":
        if (this.transport.connected) this.#trace.push(["cleared", latin1(this.clearLineBuffer())]);
        break;
      case "pause":
        this.pauseReading();
        break;
      case "resume":
        this.resumeReading();
        break;
      case "lose":
        this.transport.loseConnection();
        break;
      case "max":
        this.maxLength = action[1];
        break;
      case "delimiter":
        this.delimiter = action[1];
        break;
      case "send":
        this.#send(action[1]);
        break;
    }
  }

  #play({ raw, isTooLong = false }: { raw?: Uint8Array; isTooLong?: boolean } = {}): void {
    const actions = this.#callbacks[this.#called] ?? [];
    this.#called += 1;
    for (const action of actions) {
      if (action[0] === "rest" && raw === undefined) continue;
      // Twisted leaves bytes that come while it reports an overlong line undelivered until more come.
      if (isTooLong && (action[0] === "data" || action[0] === "line")) continue;
      this.act(action, raw);
    }
  }

  #send(line: string): void {
    try {
      this.sendLine(line);
    } catch (error) {
      this.#trace.push(["refused", (error as Error).name]);
    }
  }
}

class ByteScripted extends Scripted {
  override lineBytesReceived(line: Uint8Array): void {
    this.lineReceived(latin1(line));
  }
}

/** As much of a transport as a protocol of lines sees. */
function tape(trace: TraceEntry[]): Transport {
  const transport = {
    connected: true,
    write: (text: string) => trace.push(["sent", text]),
    writeLatin1: (text: string) => trace.push(["sent", text]),
    pauseReading: () => trace.push(["pause"]),
    resumeReading: () => trace.push(["resume"]),
    loseConnection: () => {
      transport.connected = false;
      trace.push(["lose"]);
    },
  };
  return transport as unknown as Transport;
}

function bytes(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

function latin1(data: Uint8Array): string {
  return Array.from(data, (byte) => String.fromCharCode(byte)).join("");
}
