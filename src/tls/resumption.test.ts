import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { TlsClientOptions } from "../core/tls.ts";
import { packSession, unpackSession } from "./resumption.ts";

const certificate = selfSigned();
const ticket = Buffer.from("a ticket as OpenSSL makes them");
const roots = { trustRoots: "roots of our own" };

describe("a session in its envelope", () => {
  test("comes out as it went in, with the certificate that it was made with", () => {
    const out = unpacked({ ...roots, session: packSession(ticket, certificate, roots, true) });
    assert.deepEqual(out?.ticket, ticket);
    assert.equal(out.certificate.fingerprint256, certificate.fingerprint256);
  });

  test("is offered under the same roots given in another form", () => {
    const session = packSession(ticket, certificate, { trustRoots: [Buffer.from("roots of our own")] }, true);
    assert.ok(unpacked({ ...roots, session }));
  });

  test("is not offered where its certificate would not pass now", () => {
    const session = packSession(ticket, certificate, roots, true);
    const asked: string[] = [];
    const refuse = (shown: X509Certificate) => {
      asked.push(shown.subject);
      return false;
    };
    assert.equal(unpackSession({ ...roots, session }, refuse), undefined);
    assert.deepEqual(asked, [certificate.subject]);
  });

  test("is not offered under other roots, nor under the platform's", () => {
    const session = packSession(ticket, certificate, roots, true);
    assert.equal(unpacked({ trustRoots: "others", session }), undefined);
    assert.equal(unpacked({ session }), undefined);
  });

  test("is not offered by a client that verifies, if it was made by one that did not", () => {
    const session = packSession(ticket, certificate, roots, false);
    assert.equal(unpacked({ ...roots, session }), undefined);
  });

  test("is offered by a client that does not verify, whoever made it", () => {
    const session = packSession(ticket, certificate, roots, true);
    const careless = { session, insecureSkipVerification: true };
    assert.deepEqual(unpackSession(careless, () => false)?.ticket, ticket);
  });

  test("is not offered where it is cut short or spoilt, wherever that is", () => {
    const session = packSession(ticket, certificate, roots, true);
    for (let length = 0; length <= session.length - ticket.length; length += 1) {
      assert.equal(unpacked({ ...roots, session: session.subarray(0, length) }), undefined, `${length} bytes`);
    }
    const spoilt = Uint8Array.from(session);
    spoilt.fill(0xff, 40, 60);
    assert.equal(unpacked({ ...roots, session: spoilt }), undefined);
  });
});

function unpacked(options: TlsClientOptions): ReturnType<typeof unpackSession> {
  return unpackSession(options, () => true);
}

function selfSigned(): X509Certificate {
  const folder = mkdtempSync(join(tmpdir(), "ropewalk-"));
  try {
    const files = ["-keyout", join(folder, "key"), "-out", "-"];
    const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
    const args = ["req", "-x509", ...key, ...files, "-subj", "/CN=test"];
    return new X509Certificate(execFileSync("openssl", args, { stdio: ["ignore", "pipe", "ignore"] }));
  } finally {
    rmSync(folder, { recursive: true });
  }
}
