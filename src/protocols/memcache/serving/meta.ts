/** The meta commands of a server (protocol.txt of memcached 1.6, "Meta Commands"). */
import { TEXT } from "../../../wire/text.ts";
import { writeBlock } from "../block.ts";
import type { Frame } from "../events.ts";
import { isWireKey } from "../keys.ts";
import type { StoredItem } from "../store/entry.ts";
import { joined } from "./classic.ts";
import { MetaFlags } from "./meta-flags.ts";
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

/** Does what a request asks, and replies; false if it is no meta command. */
export function serveMeta(frame: Frame, service: Service, sink: ReplySink): boolean {
  const { words } = frame;
  const verb = words[0];
  if (verb === "mn") {
    sink.writeLatin1("MN\r\n");
    return true;
  }
  if (verb !== "mg" && verb !== "ms" && verb !== "md" && verb !== "ma") return false;
  const reply = replyTo(verb, frame, service);
  if (typeof reply === "string") sink.writeLatin1(reply);
  else writeBlock(sink, reply.line, reply.value);
  return true;
}

/** A line; one with the value after it; or nothing, where the flag `q` asks for that. */
type Reply = string | { readonly line: string; readonly value: Uint8Array };

function replyTo(verb: keyof typeof FLAGS, frame: Frame, service: Service): Reply {
  const { words } = frame;
  if (!isWireKey(words[1])) return BAD_FORMAT;
  const flags = MetaFlags.read(words[1], words.slice(verb === "ms" ? 3 : 2), FLAGS[verb]);
  if (flags === undefined) return "CLIENT_ERROR invalid or duplicate flag\r\n";
  if (!isWireKey(flags.key)) return BAD_FORMAT;
  switch (verb) {
    case "mg":
      return metaGet(flags, service);
    case "ms":
      return metaSet(flags, frame, service);
    case "md":
      return metaDelete(flags, service);
    case "ma":
      return metaArithmetic(flags, service);
  }
}

function metaGet(flags: MetaFlags, service: Service): Reply {
  const nowMs = service.now();
  const { store } = service;
  const newExpiry = flags.has("T") ? expiresAt(flags.token("T"), service, nowMs) : undefined;
  const vivifyExpiry = flags.has("N") ? expiresAt(flags.token("N"), service, nowMs) : undefined;
  const recacheSeconds = flags.has("R") ? uint32(flags.token("R")) : undefined;
  if (
    (flags.has("T") && newExpiry === undefined) ||
    (flags.has("N") && vivifyExpiry === undefined) ||
    (flags.has("R") && recacheSeconds === undefined)
  )
    return BAD_TOKEN;
  let item = store.get(flags.key, nowMs);
  let won = "";
  if (item === undefined && vivifyExpiry !== undefined) {
    item = store.put(flags.key, { value: NOTHING, flags: 0, expiresAtMs: vivifyExpiry }, nowMs, flags.newCas);
    if (item !== undefined) item.isBeingMade = true;
    won = " W";
  } else if (item !== undefined) {
    const isDue = recacheSeconds !== undefined && item.expiresAtMs < nowMs + recacheSeconds * 1_000;
    if (newExpiry !== undefined) item.expiresAtMs = newExpiry;
    if (item.isStale) won = " X";
    if (item.isBeingMade) won += " Z";
    else if (isDue || item.isStale) {
      item.isBeingMade = true;
      won += " W";
    }
  }
  if (item === undefined) return flags.has("q") ? "" : refused("EN", flags);
  const told = flags.told(item, nowMs) + won;
  item.wasFetched = true;
  item.usedAtMs = nowMs;
  return flags.has("v") ? { line: `VA ${item.value.length}${told}\r\n`, value: item.value } : `HD${told}\r\n`;
}

function metaSet(flags: MetaFlags, { data, isDropped }: Frame, service: Service): Reply {
  const nowMs = service.now();
  const { store } = service;
  const mode = SET_MODES.get(flags.token("M") ?? "S");
  const clientFlags = flags.has("F") ? uint32(flags.token("F")) : 0;
  const expiresAtMs = flags.has("T") ? expiresAt(flags.token("T"), service, nowMs) : Number.POSITIVE_INFINITY;
  const vivifyExpiry = flags.has("N") ? expiresAt(flags.token("N"), service, nowMs) : undefined;
  service.sets += 1;
  if (mode === undefined || clientFlags === undefined || expiresAtMs === undefined || flags.isCasWrong)
    return BAD_TOKEN;
  if (data === undefined || isDropped) {
    store.delete(flags.key);
    return TOO_LARGE;
  }
  const old = store.peek(flags.key, nowMs);
  const isJoining = mode === "append" || mode === "prepend";
  const isVivified = isJoining && old === undefined && vivifyExpiry !== undefined;
  const isMissing = old === undefined && !isVivified && (mode === "replace" || isJoining);
  const { wantedCas } = flags;
  if (wantedCas !== undefined && old === undefined && !isJoining && mode !== "add") return refused("NF", flags);
  if (isMissing || (mode === "add" && old !== undefined)) return refused("NS", flags);
  const isStale = wantedCas !== undefined && old !== undefined && old.cas !== wantedCas;
  if (isStale && (isJoining || !flags.has("I") || wantedCas > old.cas)) return refused("EX", flags);
  const what =
    isJoining && old !== undefined
      ? joined(old, data, mode === "append")
      : { value: data, flags: clientFlags, expiresAtMs: isVivified ? vivifyExpiry : expiresAtMs };
  const item = store.put(flags.key, what, nowMs, flags.newCas);
  if (item === undefined) return TOO_LARGE;
  item.isStale = isStale;
  return flags.has("q") ? "" : `HD${flags.told(item, nowMs)}\r\n`;
}

function metaDelete(flags: MetaFlags, service: Service): Reply {
  const nowMs = service.now();
  const { store } = service;
  const item = store.peek(flags.key, nowMs);
  const expiresAtMs = flags.has("T") ? expiresAt(flags.token("T"), service, nowMs) : undefined;
  if (flags.isCasWrong || (flags.has("T") && expiresAtMs === undefined)) return BAD_TOKEN;
  if (item === undefined) return refused("NF", flags);
  if (flags.wantedCas !== undefined && flags.wantedCas !== item.cas) return refused("EX", flags);
  if (flags.has("x")) {
    const emptied = store.put(
      flags.key,
      { value: NOTHING, flags: 0, expiresAtMs: item.expiresAtMs },
      nowMs,
      flags.newCas,
    );
    if (flags.has("I") && emptied !== undefined) invalidate(emptied, expiresAtMs);
  } else if (flags.has("I")) {
    item.cas = store.nextCas(flags.newCas);
    invalidate(item, expiresAtMs);
  } else {
    store.delete(flags.key);
  }
  return flags.has("q") ? "" : `HD${flags.told(undefined, nowMs)}\r\n`;
}

/** The next who asks is told to make a new value. */
function invalidate(item: StoredItem, expiresAtMs: number | undefined): void {
  item.isStale = true;
  item.isBeingMade = false;
  if (expiresAtMs !== undefined) item.expiresAtMs = expiresAtMs;
}

function metaArithmetic(flags: MetaFlags, service: Service): Reply {
  const nowMs = service.now();
  const { store } = service;
  const isUp = ARITHMETIC_MODES.get(flags.token("M") ?? "I");
  const delta = uint64(flags.token("D") ?? "1");
  const initial = uint64(flags.token("J") ?? "0");
  const newExpiry = flags.has("T") ? expiresAt(flags.token("T"), service, nowMs) : undefined;
  const vivifyExpiry = flags.has("N") ? expiresAt(flags.token("N"), service, nowMs) : undefined;
  const isWrong = (flags.has("T") && newExpiry === undefined) || (flags.has("N") && vivifyExpiry === undefined);
  if (isUp === undefined || delta === undefined || initial === undefined || isWrong || flags.isCasWrong)
    return BAD_TOKEN;
  const old = store.peek(flags.key, nowMs);
  if (old === undefined && vivifyExpiry === undefined) return refused("NF", flags);
  const isOther = old !== undefined && flags.wantedCas !== undefined && flags.wantedCas !== old.cas;
  if (isOther && old.value.length > 0) return refused("EX", flags);
  const number = old === undefined ? initial : counted(old.value, delta, isUp);
  if (number === undefined) return NOT_A_NUMBER;
  const expiresAtMs = newExpiry ?? old?.expiresAtMs ?? vivifyExpiry ?? Number.POSITIVE_INFINITY;
  const value = TEXT.encodeLatin1(String(number));
  const padded = numberBytes(number, old?.value.length ?? 0);
  const item = store.put(flags.key, { value: padded, flags: old?.flags ?? 0, expiresAtMs }, nowMs, flags.newCas);
  if (item === undefined) return TOO_LARGE;
  if (flags.has("q")) return "";
  const told = flags.told(item, nowMs);
  return flags.has("v") ? { line: `VA ${value.length}${told}\r\n`, value } : `HD${told}\r\n`;
}

function refused(code: string, flags: MetaFlags): string {
  return `${code}${flags.told(undefined, 0)}\r\n`;
}

/** Which flags each command knows. */
const FLAGS = { mg: "bcfhklqstvENORT", ms: "bcfkqsCEFIMNOT", md: "bkqxCEIOT", ma: "bcfkqstvCDEJMNOT" } as const;

const SET_MODES: ReadonlyMap<string, "set" | "add" | "append" | "prepend" | "replace"> = new Map([
  ["S", "set"],
  ["s", "set"],
  ["E", "add"],
  ["e", "add"],
  ["A", "append"],
  ["a", "append"],
  ["P", "prepend"],
  ["p", "prepend"],
  ["R", "replace"],
  ["r", "replace"],
] as const);
/** Whether it counts up. */
const ARITHMETIC_MODES: ReadonlyMap<string, boolean> = new Map([
  ["I", true],
  ["i", true],
  ["+", true],
  ["D", false],
  ["d", false],
  ["-", false],
]);
const BAD_TOKEN = "CLIENT_ERROR bad token in command line format\r\n";
const NOTHING = new Uint8Array(0);
