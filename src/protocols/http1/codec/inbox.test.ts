import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { Inbox } from "./inbox.ts";

describe("Inbox", () => {
  test("gives what was pushed, whatever the cuts, and never writes to what it gave or was given", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.uint8Array({ maxLength: 700 }), fc.nat(900))), (steps) => {
        const inbox = new Inbox();
        const due: number[] = [];
        const taken: { readonly bytes: Uint8Array; readonly copy: readonly number[] }[] = [];
        for (const [data, count] of steps) {
          taken.push({ bytes: data, copy: [...data] });
          if (data.length > 0) inbox.push(data);
          due.push(...data);
          const bytes = inbox.take(count);
          const copy = due.splice(0, count);
          assert.deepEqual([...bytes], copy);
          taken.push({ bytes, copy });
          inbox.release();
          assert.equal(inbox.length, due.length);
        }
        for (const { bytes, copy } of taken) assert.deepEqual([...bytes], copy);
      }),
    );
  });

  test("gives text of what comes next, whatever the cuts, and whatever else it made a text of before", () => {
    const steps = fc.array(fc.tuple(fc.uint8Array({ maxLength: 3_000 }), fc.nat(900), fc.nat(900)));
    fc.assert(
      fc.property(steps, (pushed) => {
        const inbox = new Inbox();
        let due = "";
        for (const [data, read, taken] of pushed) {
          if (data.length > 0) inbox.push(data);
          due += Buffer.from(data).toString("latin1");
          const count = Math.min(read, inbox.length);
          assert.equal(inbox.textTo(inbox.at + count), due.slice(0, count));
          inbox.at += count;
          due = due.slice(count + inbox.take(taken).length);
          inbox.release();
        }
      }),
    );
  });

  test("a byte at a time is copied a bounded number of times", () => {
    const inbox = new Inbox();
    let rooms = 0;
    for (let count = 0; count < 100_000; count += 1) {
      const before = inbox.bytes;
      inbox.push(Uint8Array.of(count));
      if (inbox.bytes !== before) rooms += 1;
    }
    assert.ok(rooms < 20, `${rooms} rooms`);
  });

  test("lets go of a chunk that was read", () => {
    const inbox = new Inbox();
    inbox.push(new Uint8Array(1_000));
    inbox.take(1_000);
    inbox.release();
    assert.equal(inbox.bytes.length, 0);
  });
});
