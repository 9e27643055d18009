import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { helloRecord, parseHello, parseSize, RecordSplitter, readyRecord, sizeRecord } from "./control-records.ts";

describe("records between a manhole and its client", () => {
  test("are understood as they were said", () => {
    const hello = { kind: "terminal", columns: 132, rows: 50, colors: true } as const;
    const { records } = split([helloRecord(hello), helloRecord({ kind: "script" }), sizeRecord(hello), readyRecord()]);
    assert.deepEqual(parseHello(records[0] ?? ""), hello);
    assert.deepEqual(parseHello(records[1] ?? ""), { kind: "script" });
    assert.deepEqual(parseSize(records[2] ?? ""), { columns: 132, rows: 50 });
    assert.equal(records[3], "ready");
  });

  test("of a window that nobody knows the size of give the usual one", () => {
    assert.deepEqual(parseSize("size 0 0"), { columns: 80, rows: 24 });
  });

  test("that are none of ours are told from ours", () => {
    for (const text of ["", "terminal", "terminal 1 2 3", "terminal 80 24 1 more", "terminal 99999 1 1", "scripts"]) {
      assert.equal(parseHello(text), undefined, text);
    }
    assert.equal(parseSize("size -1 24"), undefined);
  });

  test("of any length keep their beginning and take nothing from what follows", () => {
    const { records, text } = split([Uint8Array.of(0xff), Buffer.from("x".repeat(100_000)), Buffer.from("\nafter")]);
    assert.deepEqual(records, ["x".repeat(64)]);
    assert.equal(text, "after");
  });

  test("are found wherever the stream is cut", () => {
    const part = fc.oneof(
      fc.string().map((said) => ({ bytes: Buffer.from(said), text: said, record: undefined })),
      fc.string({ unit: "grapheme-ascii", maxLength: 60 }).map((said) => {
        return { bytes: Buffer.concat([Uint8Array.of(0xff), Buffer.from(`${said}\n`)]), text: "", record: said };
      }),
    );
    fc.assert(
      fc.property(fc.array(part), fc.array(fc.nat(50)), (parts, cuts) => {
        const whole = Buffer.concat(parts.map(({ bytes }) => bytes));
        const pieces: Uint8Array[] = [];
        let at = 0;
        for (const size of cuts) {
          pieces.push(whole.subarray(at, at + size));
          at += size;
        }
        const { records, text } = split([...pieces, whole.subarray(at)]);
        assert.equal(text, parts.map((one) => one.text).join(""));
        assert.deepEqual(
          records,
          parts.flatMap(({ record }) => (record === undefined ? [] : [record])),
        );
      }),
    );
  });
});

function split(pieces: readonly Uint8Array[]): { records: string[]; text: string } {
  const bytes: Uint8Array[] = [];
  const records: string[] = [];
  const splitter = new RecordSplitter(
    (some) => bytes.push(some),
    (record) => records.push(record),
  );
  for (const piece of pieces) splitter.receive(piece);
  return { records, text: Buffer.concat(bytes).toString() };
}
