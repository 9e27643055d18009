/** The text commands of a server (protocol.txt of memcached 1.6). */

import { joinBytes } from "../../../wire/join-bytes.ts";
import { writeBlock } from "../block.ts";
import type { Frame } from "../events.ts";
import { isWireKey } from "../keys.ts";
import type { StoredItem } from "../store/entry.ts";
import {
  BAD_FORMAT,
  counted,
  expiresAt,
  NOT_A_NUMBER,
  numberBytes,
  type ReplySink,
  type Service,
  TOO_LARGE,
  uint32,
  uint64,
} from "./service.ts";

/** Does what a request asks, and replies; false if it is no text command. */
export function serveClassic(frame: Frame, service: Service, sink: ReplySink): boolean {
  const { words } = frame;
  const [verb = ""] = words;
  switch (verb) {
    case "get":
    case "gets":
      retrieve(words.slice(1), verb === "gets", undefined, service, sink);
      return true;
    case "gat":
    case "gats":
      getAndTouch(words, service, sink);
      return true;
    case "set":
    case "add":
    case "replace":
    case "append":
    case "prepend":
    case "cas":
      reply(words, verb === "cas" ? 6 : 5, stored(verb, frame, service), sink);
      return true;
    case "quit":
      sink.close();
      return true;
    default:
      return serveLine(verb, words, service, sink);
  }
}

function serveLine(verb: string, words: readonly string[], service: Service, sink: ReplySink): boolean {
  switch (verb) {
    case "incr":
    case "decr":
      reply(words, 3, count(verb === "incr", words, service), sink);
      return true;
    case "delete":
      // Old clients send a time, which can only be 0.
      reply(words, words[2] === "0" ? 3 : 2, isWireKey(words[1]) ? deleted(words[1], service) : BAD_FORMAT, sink);
      return true;
    case "touch":
      reply(words, 3, touched(words, service), sink);
      return true;
    case "flush_all":
      reply(words, words[1] === undefined || words[1] === "noreply" ? 1 : 2, flushed(words[1], service), sink);
      return true;
    case "verbosity":
      reply(words, 2, "OK\r\n", sink);
      return true;
    case "version":
      sink.writeLatin1(`VERSION ${service.version}\r\n`);
      return true;
    case "stats":
      sink.writeLatin1(statistics(words[1], service));
      return true;
    default:
      return false;
  }
}

/** `at` is where a `noreply` would stand, which hides errors too. */
function reply(words: readonly string[], at: number, text: string, sink: ReplySink): void {
  const isQuiet = words[at] === "noreply" && words.length === at + 1;
  if (words.length > at && !isQuiet) sink.writeLatin1(BAD_FORMAT);
  else if (!isQuiet) sink.writeLatin1(text);
}

function retrieve(
  keys: readonly string[],
  isWithCas: boolean,
  newExpiry: number | undefined,
  service: Service,
  sink: ReplySink,
): void {
  if (keys.length === 0) {
    sink.writeLatin1("ERROR\r\n");
    return;
  }
  // All or nothing: an error after a value would be read as a part of the list.
  if (!keys.every(isWireKey)) {
    sink.writeLatin1(BAD_FORMAT);
    return;
  }
  const nowMs = service.now();
  for (const key of keys) {
    const item = service.store.get(key, nowMs);
    if (item === undefined) continue;
    item.wasFetched = true;
    item.usedAtMs = nowMs;
    if (newExpiry !== undefined) item.expiresAtMs = newExpiry;
    const cas = isWithCas ? ` ${item.cas}` : "";
    writeBlock(sink, `VALUE ${key} ${item.flags} ${item.value.length}${cas}\r\n`, item.value);
  }
  sink.writeLatin1("END\r\n");
}

function getAndTouch([verb, expiry, ...keys]: readonly string[], service: Service, sink: ReplySink): void {
  const expiresAtMs = expiresAt(expiry, service, service.now());
  if (expiresAtMs === undefined) sink.writeLatin1(BAD_EXPIRY);
  else retrieve(keys, verb === "gats", expiresAtMs, service, sink);
}

function stored(verb: string, { words, data, isDropped }: Frame, service: Service): string {
  const [, key, flagsWord, expiryWord, , casWord] = words;
  const nowMs = service.now();
  const flags = uint32(flagsWord);
  const expiresAtMs = expiresAt(expiryWord, service, nowMs);
  const cas = verb === "cas" ? uint64(casWord) : 0n;
  if (!isWireKey(key) || flags === undefined || expiresAtMs === undefined || cas === undefined) return BAD_FORMAT;
  service.sets += 1;
  const { store } = service;
  if (data === undefined || isDropped) {
    // What is there is older than what could not be stored.
    store.delete(key);
    return TOO_LARGE;
  }
  const old = store.peek(key, nowMs);
  if (verb === "cas") {
    if (old === undefined) return "NOT_FOUND\r\n";
    if (old.cas !== cas) return "EXISTS\r\n";
  } else if (verb !== "set" && (verb === "add") === (old !== undefined)) {
    return "NOT_STORED\r\n";
  }
  const isJoined = verb === "append" || verb === "prepend";
  const what =
    isJoined && old !== undefined ? joined(old, data, verb === "append") : { value: data, flags, expiresAtMs };
  return store.put(key, what, nowMs) === undefined ? TOO_LARGE : "STORED\r\n";
}

/** An item with more behind or before its value; flags and expiry stay. */
export function joined(
  { value, flags, expiresAtMs }: StoredItem,
  more: Uint8Array,
  isBehind: boolean,
): { value: Uint8Array; flags: number; expiresAtMs: number } {
  return { value: joinBytes(isBehind ? [value, more] : [more, value]), flags, expiresAtMs };
}

function count(isUp: boolean, [, key, deltaWord]: readonly string[], service: Service): string {
  if (!isWireKey(key)) return BAD_FORMAT;
  const delta = uint64(deltaWord);
  if (delta === undefined) return "CLIENT_ERROR invalid numeric delta argument\r\n";
  const nowMs = service.now();
  const item = service.store.peek(key, nowMs);
  if (item === undefined) return "NOT_FOUND\r\n";
  const number = counted(item.value, delta, isUp);
  if (number === undefined) return NOT_A_NUMBER;
  const { flags, expiresAtMs } = item;
  const isStored = service.store.put(key, { value: numberBytes(number, item.value.length), flags, expiresAtMs }, nowMs);
  return isStored === undefined ? TOO_LARGE : `${number}\r\n`;
}

function deleted(key: string, { store, now }: Service): string {
  return store.peek(key, now()) !== undefined && store.delete(key) ? "DELETED\r\n" : "NOT_FOUND\r\n";
}

function touched([, key, expiry]: readonly string[], service: Service): string {
  const expiresAtMs = expiresAt(expiry, service, service.now());
  if (!isWireKey(key)) return BAD_FORMAT;
  if (expiresAtMs === undefined) return BAD_EXPIRY;
  const item = service.store.get(key, service.now());
  if (item === undefined) return "NOT_FOUND\r\n";
  item.expiresAtMs = expiresAtMs;
  item.wasFetched = true;
  return "TOUCHED\r\n";
}

function flushed(delay: string | undefined, service: Service): string {
  const isNow = delay === undefined || delay === "noreply" || delay === "0";
  const atMs = isNow ? undefined : expiresAt(delay, service, service.now());
  if (!isNow && atMs === undefined) return BAD_FORMAT;
  service.store.flush(atMs);
  return "OK\r\n";
}

function statistics(section: string | undefined, service: Service): string {
  if (section === "reset") return "RESET\r\n";
  const lines = section === undefined ? service.stats().map(([name, value]) => `STAT ${name} ${value}\r\n`) : [];
  return `${lines.join("")}END\r\n`;
}

const BAD_EXPIRY = "CLIENT_ERROR invalid exptime argument\r\n";
