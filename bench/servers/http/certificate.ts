import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Paths of a P-256 key and of a certificate of its own for localhost. Throws when there is no openssl. */
export function certificatePaths(): [key: string, certificate: string] {
  const folder = mkdtempSync(join(tmpdir(), "ropewalk-bench-tls-"));
  const [key, certificate] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const words = ["req", "-x509", ...curve, "-subj", "/CN=localhost", "-keyout", key, "-out", certificate];
  execFileSync("openssl", words, { stdio: "ignore" });
  if (!existsSync(certificate)) throw new Error("Cannot make a certificate: openssl wrote none");
  process.on("exit", () => execFileSync("rm", ["-r", folder]));
  return [key, certificate];
}
