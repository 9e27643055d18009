import { type Address, formatAddress } from "../address.ts";

/**
 * A value in one piece of text, as a log message shows it: strings as they are, errors as `Name: message`, addresses as
 * `host:port`, bytes in hex, plain objects and arrays by their entries, other objects by their own `toString` or their
 * class. Long and deep values are cut. Never throws: what throws when it is read becomes `[unreadable]`.
 */
export function showValue(value: unknown): string {
  return typeof value === "string" ? value : show(value, []);
}

/** What was thrown in a few words: an error's message, and anything else as `showValue` has it. Never throws. */
export function messageOf(thrown: unknown): string {
  try {
    return showValue(thrown instanceof Error ? thrown.message : thrown);
  } catch {
    return UNREADABLE;
  }
}

/** A part of an object; `[unreadable]` if reading it throws. */
export function readPart(value: object, name: string): unknown {
  try {
    return (value as Readonly<Record<string, unknown>>)[name];
  } catch {
    return UNREADABLE;
  }
}

/** Bytes in hex, two digits each. */
export function hexOf(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += HEX[byte];
  return text;
}

/** An object made by `{…}`, or without a prototype. */
export function isPlainObject(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function show(value: unknown, around: readonly object[]): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value !== "object" && typeof value !== "function") return String(value);
  if (value === null) return "null";
  if (around.includes(value)) return "[circular]";
  try {
    return typeof value === "function"
      ? `[function ${value.name || "(unnamed)"}]`
      : showObject(value, [...around, value]);
  } catch {
    return UNREADABLE;
  }
}

function showObject(value: object, around: readonly object[]): string {
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  if (value instanceof Uint8Array) return showBytes(value);
  if (isAddress(value)) return formatAddress(value);
  if (around.length > DEPTH_LIMIT) return Array.isArray(value) ? "[…]" : "{…}";
  const inside = (part: unknown): string => show(part, around);
  if (Array.isArray(value)) return `[${listed(value, inside)}]`;
  if (value instanceof Set) return `Set {${listed([...value], inside)}}`;
  if (value instanceof Map) {
    return `Map {${listed([...value], ([key, part]: [unknown, unknown]) => `${inside(key)} => ${inside(part)}`)}}`;
  }
  if (isPlainObject(value)) {
    return `{${listed(Object.entries(value), ([key, part]: [string, unknown]) => `${key}: ${inside(part)}`)}}`;
  }
  // Of an instance only what its class chose to say: its fields may hold the whole program, or a secret.
  const json = (value as { toJSON?: unknown }).toJSON;
  if (typeof json === "function") {
    const said: unknown = json.call(value);
    return typeof said === "string" ? said : inside(said);
  }
  return value.toString === Object.prototype.toString ? `[${classOf(value)}]` : String(value);
}

function listed<T>(parts: readonly T[], one: (part: T) => string): string {
  const shown = parts.slice(0, ENTRY_LIMIT).map(one);
  if (parts.length > ENTRY_LIMIT) shown.push(`… ${parts.length - ENTRY_LIMIT} more`);
  return shown.join(", ");
}

function showBytes(bytes: Uint8Array): string {
  const more = bytes.length > BYTES_LIMIT ? "…" : "";
  return `${bytes.length} bytes ${hexOf(bytes.subarray(0, BYTES_LIMIT))}${more}`;
}

function classOf(value: object): string {
  const made: unknown = value.constructor;
  return typeof made === "function" && made.name !== "" ? made.name : "object";
}

function isAddress(value: object): value is Address {
  const { kind, host, port, path, pid } = value as Readonly<Record<string, unknown>>;
  switch (kind) {
    case "tcp":
    case "udp":
      return typeof host === "string" && typeof port === "number";
    case "unix":
      return typeof path === "string";
    case "process":
      return typeof pid === "number";
    default:
      return false;
  }
}

/** Stands for a value that threw when it was read. */
export const UNREADABLE = "[unreadable]";

const HEX: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));
const DEPTH_LIMIT = 4;
const ENTRY_LIMIT = 50;
const BYTES_LIMIT = 32;
