import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Deferred } from "../core/deferred/deferred.ts";
import { captureLogs } from "../core/log/observers.ts";
import { MemoryReactor } from "../testing/memory-reactor.ts";
import { MultiService } from "./multi-service.ts";
import { reloadTree } from "./reload.ts";
import type { ServiceLike } from "./service.ts";
import { startTree } from "./start-tree.ts";

describe("reloadTree", () => {
  test("reloads parents before children, each when the one before it has finished", async () => {
    const seen: string[] = [];
    const gate = new Deferred<void>();
    const first = service("first", () => {
      seen.push("first");
      return gate;
    });
    const second = service("second", () => void seen.push("second"));
    const tree = Object.assign(new MultiService({ services: [first, service("none"), second] }), {
      reloadService: () => void seen.push("parent"),
    });
    await startTree(new MemoryReactor(), tree);
    const reloaded = reloadTree(tree);
    assert.deepEqual(seen, ["parent", "first"]);
    gate.callback();
    await reloaded;
    assert.deepEqual(seen, ["parent", "first", "second"]);
  });

  test("logs what fails, by name, and goes on", async () => {
    const seen: string[] = [];
    const tree = new MultiService({
      services: [
        service("thrower", () => {
          throw new Error("no file");
        }),
        service("rejecter", async () => {
          throw new Error("no network");
        }),
        service("last", () => void seen.push("last")),
      ],
    });
    await startTree(new MemoryReactor(), tree);
    using logs = captureLogs();
    await reloadTree(tree);
    assert.deepEqual(seen, ["last"]);
    assert.deepEqual(logs.messages, [
      "Cannot reload service thrower: it goes on as before",
      "Cannot reload service rejecter: it goes on as before",
    ]);
  });

  test("leaves alone what does not run", async () => {
    const seen: string[] = [];
    await reloadTree(new MultiService({ services: [service("idle", () => void seen.push("idle"))] }));
    assert.deepEqual(seen, []);
  });
});

function service(name: string, reloadService?: () => unknown): ServiceLike {
  return {
    name,
    startService: () => undefined,
    stopService: () => undefined,
    ...(reloadService === undefined ? {} : { reloadService }),
  };
}
