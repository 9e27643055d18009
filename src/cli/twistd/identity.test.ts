import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, test } from "node:test";
import { findIdentity } from "./identity.ts";

const isRoot = process.geteuid?.() === 0;
const skip = !isRoot && "needs root";
if (!isRoot) console.error("!!! SKIPPED: giving up root needs root; CI has it");

describe("findIdentity", { skip }, () => {
  test("finds a user by name and by number, with its own group", () => {
    const nobody = findIdentity("nobody", undefined);
    assert.deepEqual([nobody.uid, nobody.user], [65_534, "nobody"]);
    assert.deepEqual(findIdentity("65534", undefined), nobody);
  });

  test("takes another group by name and by number", () => {
    assert.equal(findIdentity("nobody", "daemon").gid, findIdentity("nobody", "1").gid);
    assert.equal(findIdentity("nobody", "4242").gid, 4_242);
  });

  test("takes a number without an entry if its group is given", () => {
    assert.deepEqual(findIdentity("54321", "54322"), { uid: 54_321, gid: 54_322, user: undefined, home: undefined });
    assert.throws(() => findIdentity("54321", undefined), /"54321": it has no entry, so give its --gid/);
  });

  test("refuses root, who is not there, and numbers that mean something else", () => {
    for (const root of ["root", "0"]) assert.throws(() => findIdentity(root, undefined), /that is root/);
    for (const user of ["nobody-here", "-1", "", "4294967295", "99999999999", "1.5", "--help"]) {
      assert.throws(() => findIdentity(user, "1"), /this machine has no user of that name/, user);
    }
    for (const group of ["nobody-here", "-1", ""]) {
      assert.throws(() => findIdentity("nobody", group), /this machine has no group of that name/, group);
    }
  });
});

describe("become", { skip }, () => {
  test("leaves nothing of root in any thread, and no way back", () => {
    const { ids, groups, status, again, home } = inChild(`
      become(findIdentity("nobody", undefined));
      let again = [];
      for (const name of ["setuid", "seteuid", "setgid", "setegid"]) {
        try { process[name](0); again.push(name); } catch (error) { if (error.code !== "EPERM") throw error; }
      }
      const { readFileSync, readdirSync } = await import("node:fs");
      const threads = readdirSync("/proc/self/task").map((id) => readFileSync("/proc/self/task/" + id + "/status", "utf8"));
      say({ ids: [process.getuid(), process.getgid()], groups: process.getgroups(), again, home: process.env.USER,
        status: threads.map((text) => /Uid:.*/.exec(text)[0].split("\\t").slice(1).join()) });
    `);
    assert.deepEqual([ids, groups, again, home], [[65_534, 65_534], [65_534], [], "nobody"]);
    assert.ok(status.length > 3);
    for (const ids of status) assert.equal(ids, "65534,65534,65534,65534");
  });

  test("drops root's groups for a number that has no name", () => {
    const { groups } = inChild(`
      process.setgroups([0, 4]);
      become(findIdentity("54321", "54322"));
      say({ groups: process.getgroups() });
    `);
    assert.deepEqual(groups, [54_322]);
  });

  test("is noticed when it did not work", () => {
    const { left } = inChild(`
      const nobody = findIdentity("nobody", undefined);
      const left = [whatIsLeft(nobody)];
      process.setgid(nobody.gid);
      process.seteuid(nobody.uid);
      left.push(whatIsLeft(nobody));
      process.seteuid(0);
      process.setgroups([0, 65534]);
      process.setuid(nobody.uid);
      left.push(whatIsLeft(nobody));
      say({ left });
    `);
    assert.deepEqual(left, [
      "the system says users and groups 0, 0, 0, 0",
      "the system says users and groups 0, 65534, 65534, 65534",
      "group 0 is still among 0, 65534",
    ]);
  });
});

function inChild(script: string) {
  const module = JSON.stringify(new URL("./identity.js", import.meta.url).href);
  const source = `import { become, findIdentity, whatIsLeft } from ${module};
    const say = (value) => console.log(JSON.stringify(value));
    ${script}`;
  // Whoever gives up root cannot write where root collects coverage, and says so on standard error.
  const env = { ...process.env, NODE_V8_COVERAGE: "" };
  const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", source], {
    encoding: "utf8",
    env,
  });
  assert.equal(stderr, "");
  return JSON.parse(stdout);
}
