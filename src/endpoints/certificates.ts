import { createPrivateKey, X509Certificate } from "node:crypto";
import { coroutine } from "../core/deferred/coroutine.ts";
import type { Deferred } from "../core/deferred/deferred.ts";
import { messageOf } from "../core/log/value.ts";
import type { Reactor } from "../core/reactor.ts";
import type { TlsIdentity } from "../core/tls.ts";
import { EndpointError } from "./errors.ts";

/**
 * Reads a certificate (its chain may follow it in the same file, or come from `chainPath`) and its key, and checks that
 * they belong together. Fails with EndpointError.
 */
export function readIdentity(
  reactor: Reactor,
  certPath: string,
  keyPath: string,
  chainPath?: string,
): Deferred<TlsIdentity> {
  return coroutine(function* () {
    const leaf = yield* readPem(reactor, certPath, "certificate");
    const key = yield* readPem(reactor, keyPath, "private key");
    const chain = chainPath === undefined ? "" : `\n${yield* readPem(reactor, chainPath, "certificate chain")}`;
    const identity = { cert: leaf + chain, key };
    checkPair(identity, certPath, keyPath);
    return identity;
  });
}

/** Reads a PEM file. Fails with an EndpointError that says what the file is for. */
export function readPem(reactor: Reactor, path: string, purpose: string): Deferred<string> {
  return reactor.files.readText(path).addErrback((error: Error): never => {
    throw new EndpointError(`Cannot read the ${purpose} "${path}": ${error.message}`, { cause: error });
  });
}

/**
 * The identities in a directory, by server name. A pair is `NAME.crt` and `NAME.key`, or a directory `NAME` with
 * `fullchain.pem` and `privkey.pem` (certbot's `live`). The server names are the DNS names in the certificate; the
 * name of the file counts only if there is none. Where two certificates have a name, the last in the order of the
 * directory serves it (certbot numbers the newer ones upwards).
 */
export function readIdentityDirectory(reactor: Reactor, directory: string): Deferred<Record<string, TlsIdentity>> {
  return coroutine(function* () {
    const byName = new Map<string, TlsIdentity>();
    for (const pair of yield* findPairs(reactor, directory)) {
      const identity = yield* readIdentity(reactor, pair.cert, pair.key);
      for (const name of dnsNames(identity) ?? [pair.name.toLowerCase()]) byName.set(name, identity);
    }
    if (byName.size === 0) {
      const layout = "NAME.crt with NAME.key, or NAME/fullchain.pem with NAME/privkey.pem";
      throw new EndpointError(`Cannot find a certificate in "${directory}": it needs ${layout}`);
    }
    return Object.fromEntries(byName);
  });
}

interface Pair {
  readonly name: string;
  readonly cert: string;
  readonly key: string;
}

function findPairs(reactor: Reactor, directory: string): Deferred<Pair[]> {
  const found = coroutine(function* () {
    const entries = yield* reactor.files.list(directory);
    const pairs: Pair[] = [];
    for (const entry of entries) {
      const path = `${directory}/${entry}`;
      if (entry.endsWith(".crt")) {
        const name = entry.slice(0, -".crt".length);
        pairs.push({ name, cert: path, key: `${directory}/${name}.key` });
      } else if ((yield* reactor.files.stat(path)).kind === "directory") {
        const inside = yield* reactor.files.list(path);
        if (inside.includes("fullchain.pem")) {
          pairs.push({ name: entry, cert: `${path}/fullchain.pem`, key: `${path}/privkey.pem` });
        }
      }
    }
    return pairs;
  });
  return found.addErrback((error: Error): never => {
    throw new EndpointError(`Cannot read the certificates in "${directory}": ${error.message}`, { cause: error });
  });
}

function checkPair({ cert, key }: TlsIdentity, certPath: string, keyPath: string): void {
  const problem = problemOf(String(cert), certPath, String(key), keyPath);
  if (problem === undefined) return;
  const message = `Cannot use certificate "${certPath}" with key "${keyPath}": ${problem.message}`;
  throw new EndpointError(message, { cause: problem.cause });
}

function problemOf(cert: string, certPath: string, key: string, keyPath: string): Error | undefined {
  if (!cert.includes("-----BEGIN CERTIFICATE-----")) return new Error(`"${certPath}" holds no certificate in PEM form`);
  if (!/-----BEGIN ([A-Z]+ )?PRIVATE KEY-----/.test(key)) {
    return new Error(`"${keyPath}" holds no private key in PEM form`);
  }
  try {
    const matches = new X509Certificate(cert).checkPrivateKey(createPrivateKey(key));
    return matches ? undefined : new Error("they do not belong together");
  } catch (cause) {
    return new Error(messageOf(cause), { cause });
  }
}

function dnsNames({ cert }: TlsIdentity): string[] | undefined {
  const entries = new X509Certificate(cert).subjectAltName?.split(", ") ?? [];
  // Node puts quotes around what is no plain name; those match no client.
  const names = entries.flatMap((entry) => /^DNS:([^"]+)$/.exec(entry)?.[1]?.toLowerCase() ?? []);
  return names.length === 0 ? undefined : names;
}
