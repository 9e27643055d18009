import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";

/** Runs `code` as a module in a process of its own, where nobody has touched AsyncLocalStorage; what it prints. */
function printed(code: string): string {
  const prelude = `
    import { AsyncLocalStorage } from "node:async_hooks";
    const load = (name) => import(${JSON.stringify(import.meta.dirname)} + "/" + name + ".js");
  `;
  return execFileSync(process.execPath, ["--input-type=module", "-e", prelude + code], { encoding: "utf8" }).trim();
}

const LINKS = `
  const { Deferred } = await load("deferred");
  const storage = new AsyncLocalStorage();
`;

test("a link runs in the context in which it was added, not in that of the firing", () => {
  const code = `${LINKS}
    const d = new Deferred();
    storage.run("adding", () => d.addCallback(() => console.log(storage.getStore())));
    d.addCallback(() => console.log(storage.getStore()));
    storage.run("firing", () => d.callback());
  `;
  assert.equal(printed(code), "adding\nundefined");
});

test("enterWith counts as well", () => {
  const code = `${LINKS}
    const d = new Deferred();
    storage.enterWith("adding");
    d.addErrback(() => console.log(storage.getStore()));
    storage.enterWith("firing");
    d.errback(new Error());
  `;
  assert.equal(printed(code), "adding");
});

test("a coroutine runs in the context in which it was started", () => {
  const code = `${LINKS}
    const { coroutine } = await load("coroutine");
    const d = new Deferred();
    storage.run("starting", () => coroutine(function* () {
      yield* d;
      console.log(storage.getStore());
    }));
    storage.run("firing", () => d.callback());
  `;
  assert.equal(printed(code), "starting");
});

test("a context that was entered before the module was loaded counts", () => {
  const code = `
    const storage = new AsyncLocalStorage();
    storage.enterWith("adding");
    const { Deferred } = await load("deferred");
    const d = new Deferred();
    d.addCallback(() => console.log(storage.getStore()));
    storage.enterWith("firing");
    d.callback();
  `;
  assert.equal(printed(code), "adding");
});

test("nothing is captured before the first use, and AsyncLocalStorage is left as it was after it", () => {
  const code = `
    const { run, enterWith } = AsyncLocalStorage.prototype;
    const context = await load("context");
    console.log(context.capturing, context.captureContext());
    console.log(new AsyncLocalStorage().run(1, (a, b) => a + b, 2, 3));
    console.log(context.capturing, AsyncLocalStorage.prototype.run === run, AsyncLocalStorage.prototype.enterWith === enterWith);
  `;
  assert.equal(printed(code), "false undefined\n5\ntrue true true");
});

test("a tripwire that somebody wrapped stays behind and does no harm", () => {
  const code = `
    await load("context");
    const { run } = AsyncLocalStorage.prototype;
    AsyncLocalStorage.prototype.run = function (...args) { return run.apply(this, args); };
    const wrapper = AsyncLocalStorage.prototype.run;
    console.log(new AsyncLocalStorage().run(1, () => 7), new AsyncLocalStorage().run(1, () => 8));
    console.log(AsyncLocalStorage.prototype.run === wrapper);
  `;
  assert.equal(printed(code), "7 8\ntrue");
});

test("where no tripwire can be laid, contexts are always captured", () => {
  const code = `
    Object.freeze(AsyncLocalStorage.prototype);
    const context = await load("context");
    console.log(context.capturing, context.captureContext() !== undefined);
  `;
  assert.equal(printed(code), "true true");
});
