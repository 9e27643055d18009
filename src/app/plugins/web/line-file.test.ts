import assert from "node:assert/strict";
import { test } from "node:test";
import { Deferred } from "../../../core/deferred/deferred.ts";
import { captureLogs } from "../../../core/log/index.ts";
import { MemoryReactor } from "../../../testing/index.ts";
import { LineFile } from "./line-file.ts";

/** A disk whose answers the test gives. */
function slowDisk(): { file: LineFile; appended: string[]; answers: Deferred<void>[] } {
  const appended: string[] = [];
  const answers: Deferred<void>[] = [];
  const append = (_path: string, text: string): Deferred<void> => {
    const answer = new Deferred<void>();
    appended.push(text);
    answers.push(answer);
    return answer;
  };
  const files = { ...new MemoryReactor().files, append } as MemoryReactor["files"];
  return { file: new LineFile({ files }, "/log"), appended, answers };
}

test("lines go to the file in order, and those that come during a write are the next batch", () => {
  const { file, appended, answers } = slowDisk();
  for (const line of ["one", "two", "three"]) file.add(line);
  assert.deepEqual(appended, ["one\n"]);
  answers[0]?.callback();
  assert.deepEqual(appended, ["one\n", "two\nthree\n"]);
  answers[1]?.callback();
  file.add("four");
  assert.equal(appended[2], "four\n");
});

test("a disk that answers at once gets each line as it comes", async () => {
  const reactor = new MemoryReactor();
  await reactor.files.write("/log", "zero\n");
  const file = new LineFile(reactor, "/log");
  await file.startService();
  for (const line of ["one", "two"]) {
    file.add(line);
    await file.stopService();
  }
  assert.equal(await reactor.files.readText("/log"), "zero\none\ntwo\n");
});

test("the stop waits until all is written", () => {
  const { file, answers } = slowDisk();
  let isStopped = false;
  for (const line of ["one", "two"]) file.add(line);
  file.stopService().addCallback(() => (isStopped = true));
  answers[0]?.callback();
  assert.equal(isStopped, false);
  answers[1]?.callback();
  assert.equal(isStopped, true);
});

test("what a disk does not take is dropped beyond ten thousand lines, and counted", () => {
  using logs = captureLogs();
  const { file, appended, answers } = slowDisk();
  for (let i = 0; i < 10_005; i++) file.add("x");
  answers[0]?.callback();
  assert.equal(appended[1]?.length, 20_000);
  assert.deepEqual(logs.messages, ["4 lines were dropped from /log"]);
});

test("a disk that fails is told about once, and lines go on when it works again", () => {
  using logs = captureLogs();
  const { file, appended, answers } = slowDisk();
  for (let i = 0; i < 3; i++) {
    file.add(`line ${i}`);
    if (i < 2) answers[i]?.errback(new Error("ENOSPC"));
    else answers[i]?.callback();
  }
  assert.deepEqual(appended, ["line 0\n", "line 1\n", "line 2\n"]);
  assert.equal(logs.events.length, 1);
});

test("a file that cannot be written fails the start", async () => {
  const { file, answers } = slowDisk();
  const starting = file.startService();
  answers[0]?.errback(new Error("EACCES"));
  await assert.rejects(async () => starting, /^Error: Cannot write log "\/log": EACCES$/);
});
