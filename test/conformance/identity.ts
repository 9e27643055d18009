import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TlsIdentity } from "ropewalk";

/** A certificate for `localhost` that vouches for itself, with an ECDSA key: its signatures differ in length. */
export function makeIdentity(name: string = "localhost"): TlsIdentity {
  const folder = mkdtempSync(join(tmpdir(), "ropewalk-"));
  try {
    const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
    const kind = `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=${name}`.split(
      " ",
    );
    const names = ["-addext", `subjectAltName=DNS:${name}`];
    execFileSync("openssl", [...kind, ...names, "-keyout", key, "-out", cert], { stdio: "pipe" });
    return { key: readFileSync(key), cert: readFileSync(cert) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
