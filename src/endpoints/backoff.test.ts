import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { backoff } from "./backoff.ts";

describe("backoff", () => {
  const least = () => 0;
  const most = () => 1 - Number.EPSILON;

  test("begins with 1.5 s and adds half as much again after each failure", () => {
    const policy = backoff();
    assert.deepEqual(
      [0, 1, 2, 3].map((retries) => policy(retries, least)),
      [1_500, 2_250, 3_375, 5_062.5],
    );
  });

  test("adds up to a fifth at random", () => {
    assert.ok(Math.abs(backoff()(0, most) - 1_800) < 0.001);
    assert.equal(
      backoff()(0, () => 0.5),
      1_650,
    );
  });

  test("never passes 60 s, jitter included, and keeps the jitter there", () => {
    for (const retries of [10, 100, 100_000]) {
      assert.equal(backoff()(retries, least), 50_000);
      assert.ok(backoff()(retries, most) <= 60_000);
    }
  });

  test("takes other figures", () => {
    const policy = backoff({ initialDelayMs: 10, factor: 3, maxDelayMs: 100, jitter: 0 });
    assert.deepEqual(
      [0, 1, 2, 3].map((retries) => policy(retries, most)),
      [10, 30, 90, 100],
    );
  });
});
