/** The kinds of values that Twisted's AMP knows, byte for byte as it writes them. */
import { joinBytes } from "../../wire/join-bytes.ts";
import { TEXT } from "../../wire/text.ts";
import { checkValue, decodeBoxes } from "./codec.ts";
import { type DateTimeValue, formatDateTime, parseDateTime } from "./date-time.ts";
import { type ArgumentType, BoxPlan, type Fields, type OptionalArgument, type ValuesOf, within } from "./fields.ts";
import { checkDecimal, formatFloat, parseBigInteger, parseFloatText, parseInteger } from "./numbers.ts";
import { shortText, toBytes } from "./short-text.ts";

/** An integer that a number holds exactly: up to 2^53 - 1 either way. */
export const Integer: ArgumentType<number> = {
  encode(value) {
    if (!Number.isSafeInteger(value)) throw new TypeError(`expected an integer up to 2^53 - 1, got ${value}`);
    return String(value);
  },
  decode: readInteger,
};

/** An integer of any size; on the wire the same as Integer. */
export const BigInteger: ArgumentType<bigint> = {
  encode: (value) => BigInt(value).toString(),
  decode: (bytes) => parseBigInteger(shortText(bytes)),
};

/** Bytes, as Twisted's String. What was received may be part of a larger buffer: copy it to keep it for long. */
export const StringArgument: ArgumentType<Uint8Array> = {
  encode(value) {
    if (!(value instanceof Uint8Array)) throw new TypeError(`expected a Uint8Array, got a ${typeof value}`);
    return value;
  },
  decode: (bytes) => bytes,
};

/** Text, as UTF-8. */
export const Unicode: ArgumentType<string> = {
  encode(value) {
    if (typeof value !== "string") throw new TypeError(`expected a string, got a ${typeof value}`);
    return TEXT.utf8Length(value) === value.length ? value : TEXT.encodeUtf8(value);
  },
  decode(bytes) {
    const text = TEXT.decodeUtf8(bytes, 0, bytes.length);
    return text.includes("\ufffd") ? STRICT_UTF8.decode(bytes) : text;
  },
};

/** The path of a file, as text. Nothing is made absolute, and nothing is checked. */
export const Path: ArgumentType<string> = {
  encode: (value) => Unicode.encode(value),
  decode: (bytes) => Unicode.decode(bytes),
};

/** `True` or `False`. */
export const BooleanArgument: ArgumentType<boolean> = {
  encode: (value) => (value ? "True" : "False"),
  decode(bytes) {
    const text = shortText(bytes);
    if (text !== "True" && text !== "False") throw new TypeError(`expected True or False, got "${text.slice(0, 40)}"`);
    return text === "True";
  },
};

/** A double, infinities and NaN included, in the digits of Python's `repr`. */
export const Float: ArgumentType<number> = {
  encode(value) {
    if (typeof value !== "number") throw new TypeError(`expected a number, got a ${typeof value}`);
    return formatFloat(value);
  },
  decode: (bytes) => parseFloatText(shortText(bytes)),
};

/** A decimal number as its text, for JavaScript has none: `"1.50"`, `"1E+2"`, `"NaN"`. */
export const Decimal: ArgumentType<string> = {
  encode: checkDecimal,
  decode: (bytes) => checkDecimal(shortText(bytes)),
};

/** A moment, to the microsecond. See `dateTimeFromMs` and `dateTimeToMs`. */
export const DateTime: ArgumentType<DateTimeValue> = {
  encode: formatDateTime,
  decode: (bytes) => parseDateTime(shortText(bytes)),
};

/**
 * `type`, which may be left out, or be `undefined`.
 *
 * @example
 * ```ts
 * import * as amp from "ropewalk/amp";
 *
 * const Greet = amp.command("Greet", { arguments: { name: amp.optional(amp.Unicode) } });
 * const who: amp.ArgumentsOf<typeof Greet> = {};
 * console.log(who.name ?? "stranger"); // stranger
 * ```
 */
export function optional<T>(type: ArgumentType<T>): OptionalArgument<T> {
  return { isOptional: true, encode: (value) => type.encode(value), decode: (bytes) => type.decode(bytes) };
}

/**
 * Any number of values of one type; all together they have to fit in 65 535 bytes, two more for each.
 *
 * @example
 * ```ts
 * import * as amp from "ropewalk/amp";
 *
 * console.log(amp.ListOf(amp.Integer).encode([7, 42]).toString()); // 0,1,55,0,2,52,50
 * ```
 */
export function ListOf<T>(type: ArgumentType<T>): ArgumentType<readonly T[]> {
  return {
    encode(values) {
      const pieces: Uint8Array[] = [];
      for (const [index, value] of values.entries()) {
        const bytes = inItem(index, () => toBytes(checkValue(type.encode(value))));
        pieces.push(Uint8Array.of(bytes.length >> 8, bytes.length), bytes);
      }
      return joinBytes(pieces);
    },
    decode(bytes) {
      const values: T[] = [];
      for (let at = 0; at < bytes.length; ) {
        const start = at + 2;
        at = start + ((bytes[start - 2] as number) << 8) + (bytes[start - 1] ?? 0);
        if (start > bytes.length || at > bytes.length) throw new TypeError(`item ${values.length}: cut off`);
        values.push(inItem(values.length, () => type.decode(bytes.subarray(start, at))));
      }
      return values;
    },
  };
}

/**
 * A list of objects that all have these fields; all together they have to fit in 65 535 bytes.
 *
 * @throws LocalAmpError for a name that cannot be a key.
 *
 * @example
 * ```ts
 * import * as amp from "ropewalk/amp";
 *
 * const Draw = amp.command("Draw", { arguments: { points: amp.AmpList({ x: amp.Integer, y: amp.Integer }) } });
 * const line: amp.ArgumentsOf<typeof Draw> = { points: [{ x: 0, y: 0 }, { x: 3, y: 4 }] };
 * console.log(line.points.length); // 2
 * ```
 */
export function AmpList<F extends Fields>(fields: F): ArgumentType<readonly ValuesOf<F>[]> {
  const plan = new BoxPlan(fields);
  return {
    encode: (values) => joinBytes(values.map((value, index) => inItem(index, () => toBytes(plan.encode(value))))),
    decode: (bytes) => decodeBoxes(bytes).map((box, index) => inItem(index, () => plan.decode(box) as ValuesOf<F>)),
  };
}

function inItem<T>(index: number, act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw within(`item ${index}`, error);
  }
}

/** Digits are added up as they come; what is more than a few digits goes the way of a text. */
function readInteger(bytes: Uint8Array): number {
  const { length } = bytes;
  if (length === 0 || length > SAFE_DIGITS) return parseInteger(shortText(bytes));
  let value = 0;
  for (let at = 0; at < length; at++) {
    const digit = (bytes[at] as number) - ZERO;
    if (digit < 0 || digit > 9) return parseInteger(shortText(bytes));
    value = value * 10 + digit;
  }
  return value;
}

const ZERO = 0x30;
/** Any number of so many digits is safe. */
const SAFE_DIGITS = 15;
/** Says where U+FFFD was sent as such, and where it stands for bytes that are no UTF-8. */
const STRICT_UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
