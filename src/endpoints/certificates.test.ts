import assert from "node:assert/strict";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { makeCertificate, newReactor, temporaryFolder } from "./certificates.fixture.test.ts";
import { readIdentity, readIdentityDirectory } from "./certificates.ts";
import { EndpointError } from "./errors.ts";

const reactor = newReactor();
const folder = temporaryFolder();
const at = (...parts: string[]) => join(folder, ...parts);

before(() => {
  makeCertificate(at("one.pem"), at("one.key"), "one", ["one.example"]);
  makeCertificate(at("two.pem"), at("two.key"), "two", ["two.example"]);
});

const rejectsWith = (promise: PromiseLike<unknown>, message: RegExp) =>
  assert.rejects(Promise.resolve(promise), (error) => {
    assert.ok(error instanceof EndpointError);
    assert.match(error.message, message);
    return true;
  });

describe("readIdentity", () => {
  test("reads a certificate and its key", async () => {
    assert.deepEqual(await readIdentity(reactor, at("one.pem"), at("one.key")), {
      cert: readFileSync(at("one.pem"), "utf8"),
      key: readFileSync(at("one.key"), "utf8"),
    });
  });

  test("one file may hold both, and a chain is put after the certificate", async () => {
    writeFileSync(at("both.pem"), readFileSync(at("one.key"), "utf8") + readFileSync(at("one.pem"), "utf8"));
    const identity = await readIdentity(reactor, at("both.pem"), at("both.pem"), at("two.pem"));
    assert.equal(identity.cert, `${readFileSync(at("both.pem"), "utf8")}\n${readFileSync(at("two.pem"), "utf8")}`);
  });

  test("a file that cannot be read is an EndpointError that says what it is for", async () => {
    const missing = at("missing");
    await rejectsWith(
      readIdentity(reactor, missing, at("one.key")),
      /^Cannot read the certificate ".*missing": ENOENT/,
    );
    await rejectsWith(
      readIdentity(reactor, at("one.pem"), missing),
      /^Cannot read the private key ".*missing": ENOENT/,
    );
    await rejectsWith(
      readIdentity(reactor, at("one.pem"), at("one.key"), missing),
      /^Cannot read the certificate chain ".*missing": ENOENT/,
    );
  });

  test("a key that is another certificate's is an EndpointError", async () => {
    const reading = readIdentity(reactor, at("one.pem"), at("two.key"));
    await rejectsWith(
      reading,
      /^Cannot use certificate ".*one.pem" with key ".*two.key": they do not belong together$/,
    );
  });

  test("a file without a certificate, without a key, or with a broken one, is an EndpointError", async () => {
    const twoKeys = readIdentity(reactor, at("one.key"), at("one.key"));
    await rejectsWith(twoKeys, /^Cannot use .*: ".*one.key" holds no certificate in PEM form$/);
    const twoCertificates = readIdentity(reactor, at("one.pem"), at("one.pem"));
    await rejectsWith(twoCertificates, /^Cannot use .*: ".*one.pem" holds no private key in PEM form$/);
    writeFileSync(at("broken.key"), "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
    await rejectsWith(readIdentity(reactor, at("one.pem"), at("broken.key")), /^Cannot use .*broken.key": .+/);
  });
});

describe("readIdentityDirectory", () => {
  test("takes NAME.crt with NAME.key, and serves the DNS names in the certificate", async () => {
    mkdirSync(at("pairs"));
    const many = makeCertificate(at("pairs", "a.crt"), at("pairs", "a.key"), "a", ["a.example", "*.A.example"]);
    const other = makeCertificate(at("pairs", "b.crt"), at("pairs", "b.key"), "b", ["b.example"]);
    writeFileSync(at("pairs", "README"), "not a certificate");
    const identities = await readIdentityDirectory(reactor, at("pairs"));
    assert.deepEqual(
      Object.entries(identities).map(([name, { cert }]) => [name, cert]),
      [
        ["a.example", many],
        ["*.a.example", many],
        ["b.example", other],
      ],
    );
    assert.equal(identities["b.example"]?.key, readFileSync(at("pairs", "b.key"), "utf8"));
  });

  test("takes certbot's folders", async () => {
    mkdirSync(at("live", "c.example"), { recursive: true });
    mkdirSync(at("live", "empty"));
    const cert = makeCertificate(at("live/c.example/fullchain.pem"), at("live/c.example/privkey.pem"), "c", [
      "c.example",
      "www.c.example",
    ]);
    const identities = await readIdentityDirectory(reactor, at("live"));
    assert.deepEqual(Object.keys(identities), ["c.example", "www.c.example"]);
    assert.equal(identities["www.c.example"]?.cert, cert);
  });

  test("the file's name stands in for a certificate without DNS names", async () => {
    mkdirSync(at("nameless"));
    makeCertificate(at("nameless", "Bare.example.crt"), at("nameless", "Bare.example.key"), "whoever", []);
    makeCertificate(at("nameless", "numbers.example.crt"), at("nameless", "numbers.example.key"), "x", ["127.0.0.1"]);
    const names = Object.keys(await readIdentityDirectory(reactor, at("nameless")));
    assert.deepEqual(names, ["bare.example", "numbers.example"]);
  });

  test("where two certificates have a name, the last one serves it", async () => {
    mkdirSync(at("twice"));
    makeCertificate(at("twice", "x.crt"), at("twice", "x.key"), "x", ["x.example"]);
    const last = makeCertificate(at("twice", "x-0001.crt"), at("twice", "x-0001.key"), "x", ["x.example"]);
    const lastOfAll = makeCertificate(at("twice", "y.crt"), at("twice", "y.key"), "x", ["x.example"]);
    const identities = await readIdentityDirectory(reactor, at("twice"));
    assert.equal(identities["x.example"]?.cert, lastOfAll);
    assert.notEqual(last, lastOfAll);
  });

  test("a certificate without its key is an EndpointError", async () => {
    mkdirSync(at("keyless"));
    makeCertificate(at("keyless", "k.crt"), at("k.key"), "k", ["k.example"]);
    await rejectsWith(readIdentityDirectory(reactor, at("keyless")), /^Cannot read the private key ".*k\.key": ENOENT/);
  });

  test("a folder without a certificate, or that is not there, is an EndpointError", async () => {
    mkdirSync(at("nothing"));
    await rejectsWith(
      readIdentityDirectory(reactor, at("nothing")),
      /^Cannot find a certificate in ".*nothing": it needs/,
    );
    await rejectsWith(
      readIdentityDirectory(reactor, at("nowhere")),
      /^Cannot read the certificates in ".*nowhere": ENOENT/,
    );
    mkdirSync(at("dangling"));
    symlinkSync(at("nowhere"), at("dangling", "d.example"));
    await rejectsWith(
      readIdentityDirectory(reactor, at("dangling")),
      /^Cannot read the certificates in ".*dangling": ENOENT.*d\.example/,
    );
  });
});
