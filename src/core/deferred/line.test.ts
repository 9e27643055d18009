import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Line, type Place } from "./line.ts";

test("whatever joins, leaves and is shifted, the rest comes out in its order", () => {
  const step = fc.oneof(fc.constant("join" as const), fc.constant("shift" as const), fc.nat());
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const line = new Line<number>();
      const places: Place<number>[] = [];
      let expected: number[] = [];
      for (const each of steps) {
        if (each === "join") {
          expected.push(places.length);
          places.push(line.join(places.length));
        } else if (each === "shift") {
          assert.equal(line.shift(), expected.shift());
        } else if (places.length > 0) {
          const place = places[each % places.length] as Place<number>;
          line.leave(place);
          expected = expected.filter((item) => item !== place.item);
        }
        assert.equal(line.length, expected.length);
      }
      assert.deepEqual(
        expected.map(() => line.shift()),
        expected,
      );
      assert.equal(line.shift(), undefined);
    }),
  );
});
