/** Syslog: cuts may not matter, only the family's own error may come, and what was read is what encoding it gives. */
import assert from "node:assert/strict";
import {
  encodeSyslogMessage,
  LocalSyslogError,
  RemoteSyslogError,
  readSyslogMessage,
  SyslogFrameDecoder,
  type SyslogMessage,
} from "ropewalk/syslog";
import { assertSameWhateverTheCuts, type Fed, type FuzzTarget } from "./target.ts";

export const syslog: FuzzTarget = {
  seeds: [
    "<34>1 2003-10-11T22:14:15.003Z host su - ID47 - \xef\xbb\xbfroot\n",
    '40 <165>1 - h app 1 ID [x@32473 a="b\\]" c=""] hi<13>app[2]: x\n',
    "<13>Oct 11 22:14:15 host app[42]: hello\r\n\n5 <13>a",
    '<13>1 2003-08-24T05:14:15.000003-07:00 - - - - [a][b c="\\"\\\\"]\n',
    "<13>2003-10-11T22:14:15.003+01:00 host app: x\n200 <1>",
  ],
  run(data) {
    const messages = assertSameWhateverTheCuts(() => new Reader(), data);
    for (const message of messages) if (typeof message !== "string") assertSameAgain(message as SyslogMessage);
  },
};

class Reader implements Fed {
  readonly events: unknown[] = [];
  readonly #decoder: SyslogFrameDecoder = new SyslogFrameDecoder({ maxMessageBytes: MAX_BYTES });

  receive(data: Uint8Array): void {
    this.#decoder.push(data);
    for (let event = this.#decoder.next(); event !== undefined; event = this.#decoder.next()) {
      this.events.push(event instanceof Uint8Array ? read(event) : event.problem);
    }
  }

  end(): void {
    this.events.push(this.#decoder.end()?.problem ?? "");
  }
}

function read(frame: Uint8Array): SyslogMessage | string {
  assert.ok(frame.length <= MAX_BYTES);
  try {
    return readSyslogMessage(frame, { maxParams: 8 });
  } catch (error) {
    assert.ok(error instanceof RemoteSyslogError, String(error));
    return error.problem;
  }
}

/** The older format is read leniently: some of what comes could not be said so that it is read the same. */
function assertSameAgain(message: SyslogMessage): void {
  try {
    const again = readSyslogMessage(encodeSyslogMessage(message));
    if (message.format === "rfc5424") assert.deepEqual(again, message);
  } catch (error) {
    assert.ok(message.format === "rfc3164" && error instanceof LocalSyslogError, String(error));
  }
}

const MAX_BYTES = 100;
