/** Numbers as Python writes and reads them. */

/** A double as Python's `repr` has it: the shortest digits that give it back, with a point or an exponent. */
export function formatFloat(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  if (value === 0) return Object.is(value, -0) ? "-0.0" : "0.0";
  const size = Math.abs(value);
  if (size < 1e-4 || size >= 1e16) return value.toExponential().replace(/e([+-])(\d)$/, "e$10$2");
  const digits = String(value);
  return digits.includes(".") ? digits : `${digits}.0`;
}

/** @throws TypeError */
export function parseFloatText(text: string): number {
  const bare = text.trim().toLowerCase();
  if (FLOAT.test(bare)) return Number(bare);
  const size = FLOAT_WORDS.get(bare.replace(/^[+-]/, ""));
  if (size === undefined) throw new TypeError(`expected a number, got "${excerpt(text)}"`);
  return bare.startsWith("-") ? -size : size;
}

/** @throws TypeError for what is no integer, or none that a number holds exactly. */
export function parseInteger(text: string): number {
  const value = INTEGER.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(value)) return value + 0;
  throw new TypeError(`expected an integer up to 2^53 - 1, got "${excerpt(text)}"; BigInteger takes larger ones`);
}

/** @throws TypeError */
export function parseBigInteger(text: string): bigint {
  if (!INTEGER.test(text)) throw new TypeError(`expected an integer, got "${excerpt(text)}"`);
  const bare = text.trim();
  return bare.startsWith("-") ? -BigInt(bare.slice(1)) : BigInt(bare.replace("+", ""));
}

/** `text`, if Python's `Decimal` takes it. @throws TypeError */
export function checkDecimal(text: string): string {
  if (typeof text === "string" && DECIMAL.test(text)) return text;
  throw new TypeError(`expected a decimal number, got "${excerpt(String(text))}"`);
}

function excerpt(text: string): string {
  return text.length > EXCERPT ? `${text.slice(0, EXCERPT)}…` : text;
}

const INTEGER = /^\s*[+-]?\d+\s*$/;
const FLOAT = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/;
const FLOAT_WORDS = new Map([
  ["inf", Infinity],
  ["infinity", Infinity],
  ["nan", Number.NaN],
]);
const DECIMAL = /^[+-]?((\d+\.?\d*|\.\d+)(e[+-]?\d+)?|inf(inity)?|s?nan\d*)$/i;
const EXCERPT = 40;
