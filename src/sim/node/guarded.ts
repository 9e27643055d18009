import childProcess from "node:child_process";
import crypto from "node:crypto";
import dgram from "node:dgram";
import dns from "node:dns";
import fs from "node:fs";
import net from "node:net";
import timers from "node:timers";
import timersPromises from "node:timers/promises";

/** One thing that reaches out of a simulation. */
export interface Guarded {
  readonly object: object;
  readonly key: string;
  /** What people call it. */
  readonly name: string;
  /** What it is, and what to take. */
  readonly instead: string;
  /** As a constructor: these arguments ask for nothing from outside. */
  readonly isFine?: (args: readonly unknown[]) => boolean;
  /** Node's modules call it for whoever called them. */
  readonly isDeep?: boolean;
}

function each(object: object, prefix: string, keys: string, instead: string): Guarded[] {
  return keys.split(" ").map((key) => ({ object, key, name: `${prefix}${key}`, instead }));
}

function deep(object: object, prefix: string, keys: string, instead: string): Guarded[] {
  return each(object, prefix, keys, instead).map((one) => ({ ...one, isDeep: true }));
}

const CLOCK = "take reactor.now() for durations and reactor.wallTimeMs() for the time of day";
const RANDOM = "take reactor.random() or reactor.randomBytes()";
const TIMER = "take reactor.callLater(ms, f)";
const TIMEOUT = "take reactor.callLater(ms, f), or deferLater(reactor, ms)";
const NETWORK = "take the reactor's listenTcp, connectTcp, listenUdp and their like, or endpoints";
const LOOKUP = "take reactor.lookup(name)";
const PROCESS = "take reactor.spawnProcess()";
const DISK = "take reactor.files, the disk of the simulated host";

const isWithTime = (args: readonly unknown[]): boolean => args.length > 0;

const ofDate: readonly Guarded[] = [
  { object: globalThis, key: "Date", name: "new Date()", instead: CLOCK, isFine: isWithTime },
  // So that `date.constructor === Date` stays true.
  { object: Date.prototype, key: "constructor", name: "new Date()", instead: CLOCK, isFine: isWithTime },
  ...each(Date, "Date.", "now", CLOCK),
];

const ofFiles: readonly Guarded[] = [
  ...each(fs, "fs.", "readFile readFileSync writeFile writeFileSync appendFile appendFileSync", DISK),
  ...each(fs, "fs.", "open openSync createReadStream createWriteStream readdir readdirSync stat statSync", DISK),
  ...each(fs, "fs.", "mkdir mkdirSync rename renameSync rm rmSync unlink unlinkSync", DISK),
  ...each(fs.promises, "fs.promises.", "readFile writeFile appendFile open readdir stat mkdir rename rm unlink", DISK),
];

const ofNetwork: readonly Guarded[] = [
  ...each(globalThis, "", "fetch WebSocket", NETWORK),
  ...deep(net.Socket.prototype, "net.Socket.", "connect", NETWORK),
  ...deep(net.Server.prototype, "net.Server.", "listen", NETWORK),
  ...deep(dgram.Socket.prototype, "dgram.Socket.", "bind connect send", NETWORK),
  ...each(dns, "dns.", "lookup resolve resolve4 resolve6", LOOKUP),
  ...each(dns.promises, "dns.promises.", "lookup resolve resolve4 resolve6", LOOKUP),
];

/** All that is watched. What was taken from there before, at the top of a module, cannot be. */
export const GUARDED: readonly Guarded[] = [
  ...ofDate,
  ...each(Object.getPrototypeOf(performance), "performance.", "now", CLOCK),
  ...each(performance, "performance.", "now", CLOCK),
  ...each(process, "process.", "hrtime", CLOCK),
  ...each(process.hrtime, "process.hrtime.", "bigint", CLOCK),
  ...each(Math, "Math.", "random", RANDOM),
  ...each(crypto, "crypto.", "randomBytes randomFill randomFillSync randomInt randomUUID getRandomValues", RANDOM),
  ...each(Object.getPrototypeOf(crypto.webcrypto), "crypto.", "getRandomValues randomUUID", RANDOM),
  ...each(globalThis, "", "setTimeout setInterval setImmediate", TIMER),
  ...each(timers, "", "setTimeout setInterval setImmediate", TIMER),
  ...each(timersPromises, "timers/promises ", "setTimeout setInterval setImmediate", TIMEOUT),
  ...each(AbortSignal, "AbortSignal.", "timeout", TIMEOUT),
  ...ofNetwork,
  ...deep(childProcess.ChildProcess.prototype, "child_process.", "spawn", PROCESS),
  ...each(childProcess, "child_process.", "spawnSync execSync execFileSync", PROCESS),
  ...ofFiles,
];
