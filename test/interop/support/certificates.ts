/** Certificates made with openssl, for one test file at a time. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { TlsIdentity } from "ropewalk";

/** Where a certificate and its key are, for programs, and what they hold, for us. */
export interface CertificateFiles extends TlsIdentity {
  readonly cert: string;
  readonly key: string;
  readonly certFile: string;
  readonly keyFile: string;
}

export interface LeafOptions {
  /** A subjectAltName as openssl writes it; default `DNS:<name>`. */
  readonly names?: string;
  /** Validity from now; negative for one that has expired. Default 30. */
  readonly days?: number;
}

/** A certification authority of the test's own. */
export class Authority {
  readonly files: CertificateFiles;
  readonly #folder: string;

  /** `name` is its common name, and the stem of its files in `folder`. */
  constructor(folder: string, name: string) {
    this.#folder = folder;
    this.files = this.#read(name, () =>
      openssl(["req", "-x509", ...NEW_KEY, ...this.#paths(name), ...CA, "-days", "30", "-subj", `/CN=${name}`]),
    );
  }

  /** A leaf certificate by this authority. */
  issue(name: string, options: LeafOptions = {}): CertificateFiles {
    const { names = `DNS:${name}`, days = 30 } = options;
    const request = join(this.#folder, `${name}.csr`);
    const [, key, , cert] = this.#paths(name) as [string, string, string, string];
    const { certFile, keyFile } = this.files;
    return this.#read(name, () => {
      const subject = ["-subj", `/CN=${name}`, "-addext", `subjectAltName=${names}`];
      openssl(["req", ...NEW_KEY, "-keyout", key, "-out", request, ...subject]);
      const signing = ["-CA", certFile, "-CAkey", keyFile, "-CAcreateserial", "-copy_extensions", "copy"];
      openssl(["x509", "-req", "-in", request, ...signing, "-days", String(days), "-out", cert]);
    });
  }

  #paths(name: string): readonly string[] {
    return ["-keyout", join(this.#folder, `${name}.key`), "-out", join(this.#folder, `${name}.crt`)];
  }

  #read(name: string, make: () => void): CertificateFiles {
    make();
    const [, keyFile, , certFile] = this.#paths(name) as [string, string, string, string];
    return { cert: readFileSync(certFile, "utf8"), key: readFileSync(keyFile, "utf8"), certFile, keyFile };
  }
}

function openssl(args: readonly string[]): void {
  execFileSync("openssl", args, { stdio: ["ignore", "ignore", "pipe"] });
}

const NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
const CA = ["-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign"];
