import { checkLink } from "../network/path.ts";
import type { Fault, FaultKind } from "./fault.ts";

/**
 * Says what is wrong with something that should be a fault: it may come from JSON.
 *
 * @throws TypeError or RangeError that name the field.
 */
export function checkFault(fault: Fault): void {
  const given = fault as unknown as Readonly<Record<string, unknown>>;
  const fields = FIELDS[fault?.kind as FaultKind] as Readonly<Record<string, FieldCheck>> | undefined;
  if (fields === undefined) {
    const kinds = Object.keys(FIELDS).join(", ");
    throw new TypeError(`Cannot inject a fault of kind ${quote(fault?.kind)}: kinds are ${kinds}`);
  }
  for (const [name, isGood] of Object.entries(fields)) {
    const value = given[name];
    if (isGood.optional === true && value === undefined) continue;
    if (!isGood(value)) throw wrong(fault, name, value, isGood.wants);
  }
  for (const name of Object.keys(given)) {
    if (name === "kind" || name in fields) continue;
    throw new TypeError(`Cannot inject "${fault.kind}": it has no "${name}"; it has ${Object.keys(fields).join(", ")}`);
  }
  if (fault.kind === "bad link") checkLink(fault.link);
}

function wrong(fault: Fault, name: string, value: unknown, wants: string): Error {
  const Wrong = typeof value === "number" ? RangeError : TypeError;
  return new Wrong(`Cannot inject "${fault.kind}" with ${name} ${quote(value)}: it is ${wants}`);
}

function quote(value: unknown): string {
  return value === undefined ? "undefined" : typeof value === "number" ? String(value) : JSON.stringify(value);
}

interface FieldCheck {
  (value: unknown): boolean;
  readonly wants: string;
  readonly optional?: boolean;
}

function field(wants: string, isGood: (value: unknown) => boolean): FieldCheck {
  return Object.assign((value: unknown) => isGood(value), { wants });
}

function optional(check: FieldCheck): FieldCheck {
  return Object.assign((value: unknown) => check(value), { wants: check.wants, optional: true });
}

function isSelector(value: unknown): boolean {
  return typeof value === "string" || (Array.isArray(value) && value.every((one) => typeof one === "string"));
}

function isNumber(value: unknown, least: number, most: number): boolean {
  return typeof value === "number" && value >= least && value <= most;
}

function isPort(value: unknown): boolean {
  return Number.isInteger(value) && isNumber(value, 1, 65_535);
}

function isLink(value: unknown): boolean {
  return typeof value === "object" && value !== null && Object.values(value).every((one) => typeof one !== "function");
}

const SELECTOR = field("a host, a group, or a list of these", isSelector);
const PAIR = field(
  "a list of two hosts or groups",
  (value) => Array.isArray(value) && value.length === 2 && value.every(isSelector),
);
const DURATION = field("0 ms or more", (value) => isNumber(value, 0, Number.POSITIVE_INFINITY));
const FINITE = field("a finite number of ms, 0 or more", (value) => isNumber(value, 0, Number.MAX_VALUE));
const PORT = field("a port from 1 to 65535", isPort);
const INSTANT = { atMs: optional(FINITE) };
const SPAN = { ...INSTANT, forMs: optional(DURATION) };

type Checks<F> = { readonly [K in Exclude<keyof F, "kind">]-?: FieldCheck };

const FIELDS: { readonly [K in FaultKind]: Checks<Extract<Fault, { readonly kind: K }>> } = {
  partition: { between: PAIR, ...SPAN },
  "one-way partition": { from: SELECTOR, to: SELECTOR, ...SPAN },
  reset: { between: PAIR, ...INSTANT },
  "half-open": { host: SELECTOR, peer: SELECTOR, ...INSTANT },
  "silent drop": { between: PAIR, ...SPAN },
  "slow reader": {
    host: SELECTOR,
    bytesPerSecond: field("1 byte or more", (value) => isNumber(value, 1, Number.POSITIVE_INFINITY)),
    ...SPAN,
  },
  "full accept queue": { host: SELECTOR, port: optional(PORT), ...SPAN },
  refuse: { host: SELECTOR, port: optional(PORT), ...SPAN },
  "dns failure": { name: field('a name, or "*"', (value) => typeof value === "string"), ...SPAN },
  "clock skew": {
    host: SELECTOR,
    offsetMs: field("a finite number of ms", Number.isFinite),
    rate: optional(field("from 0.01 to 100", (value) => isNumber(value, 0.01, 100))),
    ...SPAN,
  },
  pause: { host: SELECTOR, ...INSTANT, forMs: FINITE },
  crash: { host: SELECTOR, ...SPAN },
  kill: { host: SELECTOR, ...INSTANT },
  "disk full": { host: SELECTOR, ...SPAN },
  "port in use": { host: SELECTOR, port: PORT, ...SPAN },
  "bad link": { between: PAIR, link: field("what a link can be like, in numbers", isLink), ...SPAN },
};
