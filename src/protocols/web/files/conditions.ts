/** Requests with conditions: what there is already, and what must not have changed (RFC 9110 §13). */
import { parseHttpDate } from "../message/http-date.ts";

/** What a representation is known by. */
export interface Validators {
  /** With its quotes, and `W/` before them if it is a weak one. */
  readonly entityTag: string;
  /** Milliseconds since 1970. */
  readonly modifiedMs: number;
}

/** Where fields are looked up. */
export interface Fields {
  get(name: string): string | null;
}

/**
 * What is to be done with a GET or HEAD, by the precedence of §13.2.2: answer it ("perform"), answer 304 ("not-modified"), or
 * 412 ("failed").
 */
export function judgeConditions(fields: Fields, it: Validators, nowMs: number): "perform" | "not-modified" | "failed" {
  const mustMatch = fields.get("if-match");
  if (mustMatch !== null) {
    if (!hasTag(mustMatch, it.entityTag, isSameStrongly)) return "failed";
  } else if (isAfter(it, fields.get("if-unmodified-since"), nowMs) === true) {
    return "failed";
  }
  const mustNotMatch = fields.get("if-none-match");
  if (mustNotMatch !== null) return hasTag(mustNotMatch, it.entityTag, isSameWeakly) ? "not-modified" : "perform";
  return isAfter(it, fields.get("if-modified-since"), nowMs) === false ? "not-modified" : "perform";
}

/**
 * Whether a `Range` counts: not if the client has parts of something else (If-Range, §13.1.5). A date counts only as good as
 * the tag: as long as the tag is weak, one second may hold two states of a file.
 */
export function doesRangeApply(fields: Fields, it: Validators, nowMs: number): boolean {
  const condition = fields.get("if-range");
  if (condition === null) return true;
  if (condition.endsWith('"')) return isSameStrongly(condition, it.entityTag);
  const dateMs = parseHttpDate(condition, nowMs);
  return dateMs === wholeSeconds(it.modifiedMs) && !it.entityTag.startsWith("W/");
}

/** Whether `it` changed after the date; undefined if there is none, or it is none. */
function isAfter(it: Validators, date: string | null, nowMs: number): boolean | undefined {
  const dateMs = date === null ? undefined : parseHttpDate(date, nowMs);
  return dateMs === undefined ? undefined : wholeSeconds(it.modifiedMs) > dateMs;
}

/** HTTP's dates have no more. */
function wholeSeconds(ms: number): number {
  return Math.floor(ms / 1_000) * 1_000;
}

/** Whether a list of tags has this one; `*` has any. A list that is malformed has those before the fault. */
function hasTag(list: string, tag: string, isSame: (one: string, other: string) => boolean): boolean {
  if (list === "*") return true;
  TAG.lastIndex = 0;
  for (let match = TAG.exec(list); match !== null && match[0] !== ""; match = TAG.exec(list)) {
    if (match[1] !== undefined && isSame(match[1], tag)) return true;
  }
  return false;
}

/** §8.8.3.2. */
function isSameStrongly(one: string, other: string): boolean {
  return one === other && !one.startsWith("W/");
}

function isSameWeakly(one: string, other: string): boolean {
  return (one.startsWith("W/") ? one.slice(2) : one) === (other.startsWith("W/") ? other.slice(2) : other);
}

/** An element of a list with what separates it from the next; empty elements are passed over (§5.6.1.2). */
const TAG = /[\t ]*(?:((?:W\/)?"[!#-~\x80-\xff]*")[\t ]*(?:,|$)|,)/y;
