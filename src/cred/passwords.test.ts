import assert from "node:assert/strict";
import { scryptSync } from "node:crypto";
import { describe, test } from "node:test";
import type { Deferred } from "../core/deferred/deferred.ts";
import { CancelledError } from "../core/deferred/errors.ts";
import { installWorkHook } from "../core/outside-work.ts";
import { MemoryReactor } from "../testing/memory-reactor.ts";
import { LoginThrottled, PasswordFileError } from "./errors.ts";
import { InsecureSecrets } from "./insecure-secrets.ts";
import { MemoryPasswords } from "./memory-passwords.ts";
import { PasswordFile } from "./password-file.ts";
import { PasswordHasher, type PasswordHasherOptions } from "./password-hasher.ts";
import { formatScrypt, parseScrypt } from "./scrypt-hash.ts";

const CHEAP = { ln: 4, r: 8, p: 1 };

describe("a password hasher", () => {
  test("makes what scrypt makes of the reactor's salt, in the PHC format", async () => {
    const stored = await cheap().hash("pässword");
    const salt = new MemoryReactor().randomBytes(16);
    const hash = scryptSync("pässword", salt, 32, { N: 16, r: 8, p: 1 });
    assert.equal(stored, `$scrypt$ln=4,r=8,p=1$${bare(salt)}$${bare(hash)}`);
  });

  test("costs 16 MiB and five rounds if nothing else is said", async () => {
    assert.match(await new PasswordHasher(new MemoryReactor()).hash("x"), /^\$scrypt\$ln=14,r=8,p=5\$/);
  });

  test("verifies a test vector of RFC 7914", async () => {
    const hash = Buffer.from(
      "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b3731622eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640",
      "hex",
    );
    // The RFC's salt is of 4 bytes ("NaCl"), which is too short for a password; its third vector has 14.
    const stored = formatScrypt({ ln: 14, r: 8, p: 1, salt: Buffer.from("SodiumChloride"), hash: vector });
    assert.equal(await cheap().verify("pleaseletmein", stored), true);
    assert.throws(
      () => parseScrypt(formatScrypt({ ln: 10, r: 8, p: 16, salt: Buffer.from("NaCl"), hash })),
      /salt is of 4 bytes/,
    );
  });

  test("knows the right password from wrong ones", async () => {
    const hasher = cheap();
    const stored = await hasher.hash("right");
    assert.equal(await hasher.verify("right", stored), true);
    for (const wrong of ["wrong", "right ", "Right", ""]) assert.equal(await hasher.verify(wrong, stored), false);
  });

  test("takes a password in either of Unicode's forms", async () => {
    const hasher = cheap();
    assert.equal(await hasher.verify("cafe\u0301", await hasher.hash("caf\u00e9")), true);
  });

  test("salts: the same password twice gives two hashes", async () => {
    const hasher = cheap();
    assert.notEqual(await hasher.hash("same"), await hasher.hash("same"));
  });

  test("does not hash nothing, nor a book", async () => {
    for (const password of ["", "x".repeat(1_025), "é".repeat(513)]) {
      await assert.rejects(async () => await cheap().hash(password), { name: "RangeError", message: /1024 bytes/ });
    }
    assert.match(await cheap().hash("é".repeat(512)), /^\$scrypt/);
  });

  test("does the same work for no hash, for a password that cannot be one, and for a wrong one", async () => {
    const works = async (password: string, known: boolean, like?: string): Promise<number> => {
      const hasher = cheap();
      const stored = await hasher.hash("right");
      let works = 0;
      const uninstall = installWorkHook(() => {
        works += 1;
        return undefined;
      });
      assert.equal(await hasher.verify(password, known ? stored : undefined, like), false);
      uninstall();
      return works;
    };
    assert.equal(await works("wrong", true), 1);
    assert.equal(await works("right", false), 1);
    assert.equal(await works("right", false, await cheap().hash("right")), 1);
    assert.equal(await works("", true), 1);
    assert.equal(await works("x".repeat(5_000), true), 1);
  });

  test("takes nothing, and a book, for nobody's password, even if a hash of nothing is stored", async () => {
    const salt = Buffer.alloc(16, 1);
    const stored = formatScrypt({ ...CHEAP, salt, hash: scryptSync("", salt, 32, { N: 16, r: 8, p: 1 }) });
    for (const password of ["", "x".repeat(1_025)]) assert.equal(await cheap().verify(password, stored), false);
  });

  test("says when a hash is of another cost than new ones", async () => {
    const stored = await cheap().hash("x");
    assert.equal(cheap().isOutdated(stored), false);
    for (const cost of [
      { ...CHEAP, ln: 5 },
      { ...CHEAP, r: 9 },
      { ...CHEAP, p: 2 },
    ]) {
      assert.equal(cheap({ cost }).isOutdated(stored), true);
    }
  });

  test("works on so many at a time, lets so many wait, and sends the rest away", async () => {
    const ends: (() => void)[] = [];
    const uninstall = installWorkHook(<T>(work: () => Promise<T>) => {
      return slowed(work, ends) as unknown as Deferred<T>;
    });
    const hasher = cheap({ concurrency: 2, maxWaiting: 1 });
    const [first, second, third, fourth] = ["1", "2", "3", "4"].map((password) => hasher.hash(password));
    uninstall();
    assert.equal(ends.length, 2);
    await assert.rejects(
      async () => await fourth,
      (error) => error instanceof LoginThrottled && error.retryAfterMs === 2_000,
    );
    for (const end of ends) end();
    assert.equal(new Set(await Promise.all([first, second, third])).size, 3);
  });

  test("does not begin what was cancelled in line, and drops what was cancelled at work", async () => {
    const ends: (() => void)[] = [];
    let begun = 0;
    const uninstall = installWorkHook(<T>(work: () => Promise<T>) => {
      begun += 1;
      return slowed(work, ends) as unknown as Deferred<T>;
    });
    const hasher = cheap({ concurrency: 1 });
    const [working, waiting, last] = ["1", "2", "3"].map((password) => hasher.hash(password));
    working?.cancel();
    waiting?.cancel();
    for (const each of [working, waiting]) await assert.rejects(async () => await each, CancelledError);
    assert.equal(begun, 1);
    ends[0]?.();
    while (ends.length < 2) await new Promise((resolve) => setImmediate(resolve));
    ends[1]?.();
    assert.match((await last) ?? "", /^\$scrypt/);
    assert.equal(begun, 2);
    uninstall();
  });

  test("passes on what scrypt fails with", async () => {
    const uninstall = installWorkHook((_work) => {
      throw new RangeError("out of memory");
    });
    const hashing = cheap().hash("x");
    uninstall();
    await assert.rejects(async () => await hashing, RangeError);
  });
});

describe("a stored hash", () => {
  const good = formatScrypt({ ...CHEAP, salt: new Uint8Array(16), hash: new Uint8Array(32) });

  test("comes back from its text as it was", () => {
    const parts = { ln: 15, r: 8, p: 3, salt: Buffer.from("0123456789"), hash: Buffer.alloc(32, 7) };
    assert.deepEqual(parseScrypt(formatScrypt(parts)), parts);
  });

  const malformed: Readonly<Record<string, readonly [string, RegExp]>> = {
    "that is a password": ["hunter2", /malformed; it should read/],
    "of another scheme": ["$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$aGFzaA", /of scheme "argon2id"/],
    "of too little text": ["$scrypt$ln=4,r=8,p=1$AAAAAAAAAAAAAAAA", /malformed/],
    "with padding": [`${good}=`, /malformed/],
    "with a line after it": [`${good}\n`, /malformed/],
    "with a short salt": ["$scrypt$ln=4,r=8,p=1$AAAA$AAAAAAAAAAAAAAAAAAAAAA", /salt is of 3 bytes/],
    "with a short hash": ["$scrypt$ln=4,r=8,p=1$AAAAAAAAAAAAAAAA$AAAA", /hash of 3/],
    "that takes no memory": [good.replace("ln=4", "ln=0"), /ln=0,r=8,p=1: give integers of at least 1/],
    "that takes too much memory": [good.replace("ln=4", "ln=19"), /costs more than 257 MiB/],
    "that takes too long": [good.replace("p=1", "p=9999").replace("ln=4", "ln=5"), /costs more/],
  };
  for (const [name, [text, message]] of Object.entries(malformed)) {
    test(`${name} is refused`, async () => {
      assert.throws(() => parseScrypt(text), { name: "PasswordHashError", message });
      await assert.rejects(async () => await cheap().verify("x", text), { name: "PasswordHashError" });
      assert.throws(() => new MemoryPasswords(cheap()).setHash("ann", text), { name: "PasswordHashError" });
    });
  }

  test("is not quoted where it is refused: it may be a password", () => {
    assert.throws(
      () => parseScrypt("hunter2"),
      (error: Error) => !error.message.includes("hunter2"),
    );
  });

  test("may cost as much as OWASP's cheat sheet says, but a hasher not more than is taken back", () => {
    assert.equal(parseScrypt(good.replace("ln=4", "ln=17")).ln, 17);
    for (const cost of [
      { ln: 20, r: 8, p: 1 },
      { ln: 4.5, r: 8, p: 1 },
    ]) {
      assert.throws(() => cheap({ cost }), { name: "PasswordHashError" });
    }
  });
});

describe("passwords in memory", () => {
  test("let in who knows one, until it is changed or removed", async () => {
    const passwords = new MemoryPasswords(cheap());
    await passwords.set("ann", "old");
    assert.equal(await passwords.check(login("ann", "old")), "ann");
    await passwords.set("ann", "new");
    assert.equal(await passwords.check(login("ann", "old")), undefined);
    assert.equal(await passwords.check(login("ann", "new")), "ann");
    assert.deepEqual([passwords.remove("ann"), passwords.remove("ann")], [true, false]);
    assert.equal(await passwords.check(login("ann", "new")), undefined);
  });

  test("let nobody in who is not there, whatever the password", async () => {
    const passwords = new MemoryPasswords(cheap());
    assert.equal(await passwords.check(login("ann", "")), undefined);
    await passwords.set("ann", "right");
    for (const name of ["bob", "", "Ann", "__proto__", "constructor"]) {
      assert.equal(await passwords.check(login(name, "right")), undefined, name);
    }
  });

  test("give a user who is not there the cost of one who is, always the same one", async () => {
    const costs: (string | undefined)[] = [];
    class Watched extends PasswordHasher {
      override verify(password: string, stored: string | undefined, like?: string): Deferred<boolean> {
        costs.push(stored ?? like);
        return super.verify(password, stored, like);
      }
    }
    const hasher = new Watched(new MemoryReactor(), { cost: CHEAP });
    const passwords = new MemoryPasswords(hasher);
    const hashes = [await hasher.hash("a"), await cheap({ cost: { ...CHEAP, ln: 5 } }).hash("b")];
    for (const [index, hash] of hashes.entries()) passwords.setHash(`user ${index}`, hash);
    const names = Array.from({ length: 16 }, (_, index) => `nobody ${index}`);
    for (const name of [...names, ...names]) await passwords.check(login(name, "x"));
    assert.deepEqual(costs.slice(0, 16), costs.slice(16));
    assert.deepEqual(new Set(costs), new Set(hashes));
  });

  test("take a name in either of Unicode's forms", async () => {
    const passwords = new MemoryPasswords(cheap());
    await passwords.set("Rene\u0301", "x");
    assert.equal(await passwords.check(login("Ren\u00e9", "x")), "Ren\u00e9");
  });
});

describe("a password file", () => {
  test("lets in who is in it, past comments and empty lines, with any line ends", async () => {
    const { write, file, hash } = await makeFile();
    await write(`# staff\r\n\r\nann:${hash}\nbob:${hash}`);
    assert.equal(await file.check(login("ann", "right")), "ann");
    assert.equal(await file.check(login("bob", "right")), "bob");
    assert.equal(await file.check(login("bob", "wrong")), undefined);
    assert.equal(await file.check(login("# staff", "right")), undefined);
  });

  test("is read again when it has changed, and only then", async () => {
    const { write, file, hash, reads, reactor } = await makeFile();
    await write(`ann:${hash}\n`);
    assert.equal(await file.check(login("ann", "right")), "ann");
    assert.equal(await file.check(login("bob", "right")), undefined);
    assert.equal(reads(), 1);
    reactor.advance(10);
    await write(`bob:${hash}\n`); // as long as before
    assert.equal(await file.check(login("ann", "right")), undefined);
    assert.equal(await file.check(login("bob", "right")), "bob");
    assert.equal(reads(), 2);
  });

  test("is read once for many who come at a time", async () => {
    const { write, file, hash, reads } = await makeFile();
    await write(`ann:${hash}\n`);
    await Promise.all([1, 2, 3].map(() => file.check(login("ann", "right"))));
    assert.equal(reads(), 1);
  });

  test("that is missing lets nobody in and says so, until it is there", async () => {
    const { write, file, hash, reactor } = await makeFile();
    await assert.rejects(
      async () => await file.check(login("ann", "right")),
      (error) => {
        assert.ok(error instanceof PasswordFileError);
        assert.match(error.message, /^Cannot read password file "\/users": ENOENT/);
        assert.deepEqual(
          [error.path, error.line, (error.cause as { code: string }).code],
          ["/users", undefined, "ENOENT"],
        );
        return true;
      },
    );
    await write(`ann:${hash}\n`);
    assert.equal(await file.check(login("ann", "right")), "ann");
    await reactor.files.remove("/users");
    await assert.rejects(async () => await file.check(login("ann", "right")), PasswordFileError);
  });

  const malformed: Readonly<Record<string, readonly [(hash: string) => string, RegExp]>> = {
    "a line without a colon": [() => "ann", /line 2: it should read "name:\$scrypt\$…"/],
    "a line without a name": [(hash) => `:${hash}`, /line 2: it should read/],
    "a password in the clear": [
      () => "ann:hunter2",
      /line 2: user "ann": Cannot use a stored password hash: it is malformed/,
    ],
    "a hash of Apache's": [() => "ann:$apr1$salt$hash", /line 2: user "ann": .* scheme "apr1"/],
    "somebody twice": [(hash) => `x:${hash}\nx:${hash}`, /line 3: user "x" is there already/],
  };
  for (const [name, [lines, message]] of Object.entries(malformed)) {
    test(`with ${name} lets nobody in, and the error names the line`, async () => {
      const { write, file, hash } = await makeFile();
      await write(`bob:${hash}\n${lines(hash)}\n`);
      for (let times = 0; times < 2; times += 1) {
        await assert.rejects(async () => await file.check(login("bob", "right")), {
          name: "PasswordFileError",
          message,
        });
      }
    });
  }
});

describe("secrets as they are", () => {
  const secrets = new InsecureSecrets({ ann: "right" });
  const proof = (username: string, wanted: string) => {
    const tried: string[] = [];
    const verify = (secret: string): boolean => {
      tried.push(secret);
      return secret === wanted;
    };
    return { credentials: { kind: "proof", username, verify } as const, tried };
  };

  test("check passwords", () => {
    assert.equal(secrets.check(login("ann", "right")), "ann");
    for (const [name, password] of [
      ["ann", "wrong"],
      ["bob", "right"],
      ["bob", "nobody's"],
    ] as const) {
      assert.equal(secrets.check(login(name, password)), undefined);
    }
  });

  test("check proofs, and let one be made for nobody in vain", () => {
    assert.equal(secrets.check(proof("ann", "right").credentials), "ann");
    assert.equal(secrets.check(proof("ann", "wrong").credentials), undefined);
    const { credentials, tried } = proof("bob", "nobody's");
    assert.equal(secrets.check(credentials), undefined);
    assert.equal(tried.length, 1);
  });

  test("find the user behind a hidden name, asking about each", () => {
    const many = new InsecureSecrets({ ann: "a", bob: "b" });
    many.set("cid", "c");
    const asked: string[] = [];
    const isUser = (name: string): boolean => asked.push(name) > 0 && name === "bob";
    assert.equal(many.check({ ...proof("", "b").credentials, isUser }), "bob");
    assert.deepEqual(asked, ["ann", "bob", "cid"]);
    assert.equal(many.check({ ...proof("", "b").credentials, isUser: () => false }), undefined);
    assert.deepEqual([many.remove("bob"), many.remove("bob")], [true, false]);
    assert.equal(many.check({ ...proof("", "b").credentials, isUser }), undefined);
  });
});

/** The third vector of RFC 7914 §12: "pleaseletmein", "SodiumChloride", N = 16384, r = 8, p = 1. */
const vector = Buffer.from(
  "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887",
  "hex",
);

function cheap(options: PasswordHasherOptions = {}): PasswordHasher {
  return new PasswordHasher(new MemoryReactor(), { cost: CHEAP, ...options });
}

function login(username: string, password: string): { kind: "password"; username: string; password: string } {
  return { kind: "password", username, password };
}

function bare(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64").replaceAll("=", "");
}

/** Work that ends when the test says so. */
async function slowed(work: () => Promise<unknown>, ends: (() => void)[]): Promise<unknown> {
  await new Promise<void>((resolve) => ends.push(resolve));
  return work();
}

async function makeFile() {
  const reactor = new MemoryReactor();
  const hasher = cheap();
  let reads = 0;
  const { files } = reactor;
  const watched = {
    files: {
      stat: (path: string) => files.stat(path),
      readText: (path: string) => {
        reads += 1;
        return files.readText(path);
      },
    } as unknown as MemoryReactor["files"],
  };
  return {
    reactor,
    hash: await hasher.hash("right"),
    file: new PasswordFile(watched, "/users", hasher),
    write: (text: string) => files.write("/users", text),
    reads: () => reads,
  };
}
