import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { feedThreeWays, MemoryTransport } from "../../testing/index.ts";
import type { LineEncoding } from "./codec.ts";
import { LocalLineError, type RemoteLineLengthError } from "./errors.ts";
import { LineProtocol } from "./protocol.ts";

describe("LineProtocol", () => {
  test("delivers each line without its delimiter, whatever the cuts", () => {
    const lines = feedThreeWays(
      () => new Recorder(),
      "one\r\ntwo\nstill two\r\n\r\nunfinished",
      ({ events }) => events,
    );
    assert.deepEqual(lines, ["one", "two\nstill two", ""]);
  });

  test("takes the settings that a subclass overrides", () => {
    class Short extends Recorder {
      override delimiter = "|";
      override maxLength = 3;
      override encoding: LineEncoding = "latin1";
    }
    const { protocol, remote } = connect(new Short());
    remote.write(new Uint8Array([0xe9, 0x7c, 0x61, 0x62, 0x63, 0x7c, 0x61, 0x62, 0x63, 0x64]));
    assert.deepEqual(protocol.events, ["é", "abc", "too long: abc", "lost: ConnectionDone"]);
  });

  test("with acceptBareNewline, takes lines as nc and as telnet send them", () => {
    const { protocol, remote } = connect(new Recorder());
    protocol.acceptBareNewline = true;
    remote.write("nc\ntelnet\r\n");
    assert.deepEqual(protocol.events, ["nc", "telnet"]);
  });

  test("declaring lineBytesReceived turns lines into bytes", () => {
    class Bytes extends LineProtocol {
      readonly events: unknown[] = [];
      override maxLength = 3;
      override lineReceived(): void {
        this.events.push("never");
      }
      override lineBytesReceived(line: Uint8Array): void {
        this.events.push([...line]);
      }
      override lineLengthExceeded(error: RemoteLineLengthError): void {
        this.events.push(error.message);
      }
    }
    const { protocol, remote } = connect(new Bytes());
    remote.write(new Uint8Array([0xff, 13, 10, 13, 10, 1, 2, 3, 4, 13, 10]));
    assert.deepEqual(protocol.events, [[0xff], [], "Peer sent a line of more than 3 bytes"]);
  });
});

describe("raw mode", () => {
  test("set inside lineReceived, what is left comes at once", () => {
    const { protocol, remote } = connect(new Recorder({ raw: (p) => p.setRawMode() }));
    remote.write("raw\r\nab\r\ncd");
    assert.deepEqual(protocol.events, ["raw", "<ab\r\ncd>"]);
  });

  test("set between chunks, the start of an unfinished line comes with the next bytes", () => {
    const { protocol, remote } = connect(new Recorder());
    remote.write("un");
    protocol.setRawMode();
    assert.deepEqual(protocol.events, []);
    remote.write("finished\r\n");
    assert.deepEqual(protocol.events, ["<unfinished\r\n>"]);
  });

  test("setLineMode gives back what is not raw, without recursion", () => {
    class Bodies extends Recorder {
      depth = 0;
      deepest = 0;
      override lineReceived(line: string): void {
        super.lineReceived(line);
        this.setRawMode();
      }
      override rawDataReceived(data: Uint8Array): void {
        this.depth += 1;
        this.deepest = Math.max(this.deepest, this.depth);
        super.rawDataReceived(data.subarray(0, 1));
        this.setLineMode(data.subarray(1));
        this.depth -= 1;
      }
    }
    const { protocol, remote } = connect(new Bodies());
    remote.write("a\r\n1".repeat(10_000));
    assert.equal(protocol.events.length, 20_000);
    assert.deepEqual(protocol.events.slice(0, 4), ["a", "<1>", "a", "<1>"]);
    assert.equal(protocol.deepest, 1);
  });

  test("setLineMode outside of a callback delivers the lines of `extra` before it returns", () => {
    const { protocol } = connect(new Recorder());
    protocol.setRawMode();
    protocol.setLineMode(bytes("a\r\nb\r\n"));
    assert.deepEqual(protocol.events, ["a", "b"]);
  });

  test("set for an overlong line, begins after what was reported", () => {
    class Lenient extends Recorder {
      override maxLength = 2;
      override lineLengthExceeded({ start }: RemoteLineLengthError): void {
        this.events.push(`too long: ${text(start)}`);
        this.setRawMode();
      }
    }
    const joined = (protocol: Lenient) => protocol.events.join("").replaceAll("><", "");
    assert.equal(
      feedThreeWays(() => new Lenient(), "ok\r\nabcdef\r\ng", joined),
      "oktoo long: ab<cdef\r\ng>",
    );
  });
});

describe("clearLineBuffer", () => {
  test("inside lineReceived, takes the rest of the chunk", () => {
    const { protocol, remote } = connect(new Recorder({ clear: (p) => p.note(text(p.clearLineBuffer())) }));
    remote.write("clear\r\nb\r\nc");
    remote.write("d\r\n");
    assert.deepEqual(protocol.events, ["clear", "b\r\nc", "d"]);
  });

  test("takes an unfinished line of several chunks", () => {
    const { protocol, remote } = connect(new Recorder());
    remote.write("un");
    remote.write("finished");
    assert.equal(text(protocol.clearLineBuffer()), "unfinished");
    assert.equal(text(protocol.clearLineBuffer()), "");
  });
});

describe("startTls", () => {
  for (const chunks of [["STARTTLS\r\nMAIL injected\r\nMAIL inj"], ["START", "TLS\r\nMAIL injected\r\nMAIL inj"]]) {
    test(`drops what came in clear behind the command: ${JSON.stringify(chunks)}`, () => {
      class Upgrading extends Recorder {
        override lineReceived(line: string): void {
          super.lineReceived(line);
          if (line === "STARTTLS") this.startTls({ side: "server", tls: {} }).addErrback(() => {});
        }
      }
      const { protocol, remote } = connect(new Upgrading());
      for (const chunk of chunks) remote.write(chunk);
      assert.deepEqual(protocol.events, ["STARTTLS"]);
      protocol.dataReceived(bytes("EHLO under TLS\r\n"));
      assert.deepEqual(protocol.events, ["STARTTLS", "EHLO under TLS"]);
    });
  }

  test("drops lines that a pause held back", () => {
    const { protocol } = connect(new Recorder());
    protocol.pauseReading();
    protocol.dataReceived(bytes("injected\r\n"));
    protocol.startTls({ side: "server", tls: {} }).addErrback(() => {});
    protocol.resumeReading();
    assert.deepEqual(protocol.events, []);
  });
});

describe("an overlong line", () => {
  test("closes the connection by default, and nothing after it is delivered", () => {
    const { protocol, remote } = connect(new Recorder());
    protocol.maxLength = 5;
    remote.write("12345\r\n123456\r\nnever\r\n");
    assert.deepEqual(protocol.events, ["12345", "too long: 12345", "lost: ConnectionDone"]);
  });

  test("has 16 384 bytes by default", () => {
    const { protocol, remote } = connect(new Recorder());
    remote.write(`${"x".repeat(16_384)}\r\n${"x".repeat(16_385)}\r\n`);
    assert.deepEqual(
      protocol.events.map((event) => event.length),
      [16_384, "too long: ".length + 16_384, "lost: ConnectionDone".length],
    );
  });

  test("of one who may stay is dropped, and the next line comes, whatever the cuts", () => {
    class Patient extends Recorder {
      override maxLength = 3;
      override lineLengthExceeded({ start }: RemoteLineLengthError): void {
        this.note(`too long: ${text(start)}`);
      }
    }
    const events = feedThreeWays(
      () => new Patient(),
      "abc\r\nabcdefghijk\r\nab\r\nabcd\r\n\r\n",
      (protocol) => protocol.events,
    );
    assert.deepEqual(events, ["abc", "too long: abc", "ab", "too long: abc", ""]);
  });
});

describe("pausing", () => {
  test("pauseReading inside lineReceived holds back the lines that came with it", () => {
    const { protocol, remote, transport } = connect(new Recorder({ pause: (p) => p.pauseReading() }));
    remote.write("pause\r\nb\r\npause\r\nc\r\n");
    assert.deepEqual(protocol.events, ["pause"]);
    remote.write("d\r\n");
    assert.deepEqual(protocol.events, ["pause"]);
    assert.equal(transport.unreadBytes, 3);
    protocol.resumeReading();
    assert.deepEqual(protocol.events, ["pause", "b", "pause"]);
    protocol.resumeReading();
    transport.settle();
    assert.deepEqual(protocol.events, ["pause", "b", "pause", "c", "d"]);
  });

  test("resumeReading delivers what is buffered before it returns", () => {
    const { protocol, remote } = connect(new Recorder({ pause: (p) => p.pauseReading() }));
    remote.write("pause\r\nb\r\n");
    protocol.resumeReading();
    assert.deepEqual(protocol.events, ["pause", "b"]);
  });

  test("resumeReading inside lineReceived goes on without recursion", () => {
    const { protocol, remote } = connect(
      new Recorder({
        both: (p) => {
          p.pauseReading();
          p.resumeReading();
          p.note("after");
        },
      }),
    );
    remote.write("both\r\nb\r\n");
    assert.deepEqual(protocol.events, ["both", "after", "b"]);
  });

  test("in raw mode, holds back bytes", () => {
    const { protocol, remote } = connect(
      new Recorder({
        go: (p) => {
          p.setRawMode();
          p.pauseReading();
        },
      }),
    );
    remote.write("go\r\nbytes");
    assert.deepEqual(protocol.events, ["go"]);
    protocol.resumeReading();
    assert.deepEqual(protocol.events, ["go", "<bytes>"]);
  });
});

describe("after the end", () => {
  for (const verb of ["loseConnection", "abortConnection"] as const) {
    test(`nothing is delivered after ${verb} in lineReceived`, () => {
      const { protocol, remote, transport } = connect(new Recorder({ stop: (p) => p.transport[verb]() }));
      remote.write("stop\r\nnever\r\n");
      protocol.dataReceived(bytes("never\r\n"));
      protocol.resumeReading();
      protocol.setRawMode();
      protocol.dataReceived(bytes("never"));
      transport.settle();
      const reason = verb === "loseConnection" ? "ConnectionDone" : "ConnectionAborted";
      assert.deepEqual(protocol.events, ["stop", `lost: ${reason}`]);
    });

    test(`nothing is delivered after ${verb} in rawDataReceived, even if it goes back to lines`, () => {
      class Raw extends Recorder {
        override rawDataReceived(data: Uint8Array): void {
          super.rawDataReceived(data);
          this.transport[verb]();
          this.setLineMode(bytes("never\r\n"));
        }
      }
      const { protocol, remote } = connect(new Raw());
      protocol.setRawMode();
      remote.write("x");
      assert.equal(protocol.events[0], "<x>");
      assert.equal(protocol.events.length, 2);
    });
  }

  test("an exception in lineReceived closes this connection, and the rest of the chunk is not delivered", () => {
    const fault = new Error("fault");
    const { protocol, remote } = connect(
      new Recorder({
        fail: () => {
          throw fault;
        },
      }),
    );
    remote.write("fail\r\nnever\r\n");
    assert.deepEqual(protocol.events, ["fail", "lost: Error"]);
  });
});

describe("re-entrance", () => {
  test("bytes that come while a line is delivered are appended at the end", () => {
    const { protocol, remote } = connect(
      new Recorder({
        a: (p) => {
          p.dataReceived(bytes("d\r"));
          p.dataReceived(bytes("\ne\r\n"));
          p.note("a ends");
        },
      }),
    );
    remote.write("a\r\nb\r\nc");
    assert.deepEqual(protocol.events, ["a", "a ends", "b", "cd", "e"]);
  });

  test("setRawMode takes them too, in one piece", () => {
    const { protocol, remote } = connect(
      new Recorder({
        a: (p) => {
          p.dataReceived(bytes("2"));
          p.dataReceived(bytes("3"));
          p.setRawMode();
        },
      }),
    );
    remote.write("a\r\n1");
    assert.deepEqual(protocol.events, ["a", "<123>"]);
  });
});

describe("sendLine", () => {
  test("sends the line and the delimiter", () => {
    const { protocol, transport } = connect(new Recorder());
    protocol.sendLine("é");
    protocol.delimiter = "\n";
    protocol.sendLine("");
    assert.equal(transport.text(), "é\r\n\n");
  });

  test("sends one byte a character in latin1", () => {
    const { protocol, transport } = connect(new Recorder());
    protocol.encoding = "latin1";
    protocol.sendLine("é");
    assert.deepEqual([...transport.bytes()], [0xe9, 13, 10]);
  });

  test("refuses a line that holds a line's end, and sends nothing of it", () => {
    const { protocol, transport } = connect(new Recorder());
    assert.throws(() => protocol.sendLine("QUIT\r\nDELE 1"), LocalLineError);
    assert.throws(() => protocol.sendLine("QUIT\nDELE 1"), LocalLineError);
    assert.equal(transport.text(), "");
  });
});

type Action = (protocol: Recorder) => void;

/** Notes what comes, and does what the script says for a line. */
class Recorder extends LineProtocol {
  readonly events: string[] = [];
  readonly #script: Readonly<Record<string, Action>>;
  constructor(script: Readonly<Record<string, Action>> = {}) {
    super();
    this.#script = script;
  }
  note(event: string): void {
    this.events.push(event);
  }
  override lineReceived(line: string): void {
    this.note(line);
    this.#script[line]?.(this);
  }
  override rawDataReceived(data: Uint8Array): void {
    this.note(`<${text(data)}>`);
  }
  override lineLengthExceeded(error: RemoteLineLengthError): void {
    this.note(`too long: ${text(error.start)}`);
    super.lineLengthExceeded(error);
  }
  override connectionLost(reason: Error): void {
    this.note(`lost: ${reason.name}`);
  }
}

function connect<P extends LineProtocol>(protocol: P) {
  const transport = new MemoryTransport();
  transport.attach(protocol);
  return { protocol, transport, remote: transport.remote };
}

function bytes(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

function text(value: Uint8Array): string {
  return new TextDecoder().decode(value);
}
