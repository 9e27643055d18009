import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { joinBytes } from "../../wire/join-bytes.ts";
import { TlsRecords } from "./tls-records.ts";

describe("the records of a stream of TLS", () => {
  test("are found whole, wherever the stream is cut", () => {
    const contents = fc.array(fc.uint8Array({ maxLength: 400 }), { maxLength: 8 });
    fc.assert(
      fc.property(contents, fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1 }), (bodies, cuts) => {
        const sent = bodies.map(record);
        const stream = joinBytes(sent);
        const records = new TlsRecords();
        const found: Uint8Array[] = [];
        for (let at = 0, turn = 0; at < stream.length; turn += 1) {
          const end = at + (cuts[turn % cuts.length] as number);
          found.push(...records.push(stream.subarray(at, end)));
          at = end;
        }
        assert.deepEqual(found.map(plain), sent.map(plain));
        assert.equal(records.rest().length, 0);
      }),
    );
  });

  test("leave what is not whole in the rest", () => {
    const records = new TlsRecords();
    const whole = record(new Uint8Array(10));
    assert.equal(records.push(joinBytes([whole, whole.subarray(0, 12)])).length, 1);
    assert.deepEqual(plain(records.rest()), plain(whole.subarray(0, 12)));
  });

  test("are not looked for in what is no TLS: it comes out at once, then and later", () => {
    const records = new TlsRecords();
    const request = new TextEncoder().encode("GET / HTTP/1.1\r\n");
    assert.deepEqual(records.push(request).map(plain), [plain(request)]);
    assert.deepEqual(records.push(Uint8Array.of(1)).map(plain), [[1]]);
  });
});

/** Application data of TLS. */
function record(body: Uint8Array): Uint8Array {
  return Uint8Array.from([23, 3, 3, body.length >> 8, body.length & 255, ...body]);
}

function plain(data: Uint8Array): number[] {
  return [...data];
}
