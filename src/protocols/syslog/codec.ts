import { TEXT } from "../../wire/text.ts";
import { RemoteSyslogError } from "./errors.ts";
import type { SyslogElement, SyslogMessage, SyslogParam, SyslogTime } from "./events.ts";
import { parseFullTime, parseLocalTime } from "./time-codec.ts";

/** What a message may be. */
export interface SyslogLimits {
  /** Bytes in one message; default 8 192, which RFC 5425 §4.3.1 recommends. */
  readonly maxMessageBytes?: number | undefined;
  /** Values in the structured data of one message; default 256. */
  readonly maxParams?: number | undefined;
}

/**
 * One message out of its bytes, without any framing. Both formats are read: RFC 5424 if a version follows the priority,
 * and otherwise RFC 3164, in which only the priority is required and the rest is taken for what it looks like.
 *
 * @throws RemoteSyslogError that says what is wrong and where.
 * @example
 * ```ts
 * import { readSyslogMessage } from "ropewalk/syslog";
 *
 * const bytes = new TextEncoder().encode("<165>1 2003-10-11T22:14:15.003Z host app - ID47 [x@32473 a=\"b\"] hello");
 * const { hostname, structuredData, text } = readSyslogMessage(bytes);
 * console.log(hostname, structuredData[0]?.params[0]?.value, text); // host b hello
 * ```
 */
export function readSyslogMessage(bytes: Uint8Array, limits: SyslogLimits = {}): SyslogMessage {
  const { maxMessageBytes = MAX_MESSAGE_BYTES, maxParams = MAX_PARAMS } = limits;
  if (bytes.length > maxMessageBytes) {
    throw new RemoteSyslogError(`it has ${bytes.length} bytes, ${maxMessageBytes} are allowed`, startOf(bytes));
  }
  const reader = new MessageReader(TEXT.decodeUtf8(bytes, 0, bytes.length), maxParams);
  try {
    return reader.message();
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    throw new RemoteSyslogError(`${problem.message} at character ${reader.at}`, startOf(bytes));
  }
}

/** The first bytes of what was refused. */
export function startOf(bytes: Uint8Array): string {
  return TEXT.decodeLatin1(bytes, 0, Math.min(bytes.length, SHOWN_BYTES));
}

/** Reads from left to right; `at` is where it stands, for whoever hears of a problem. */
class MessageReader {
  at = 0;
  readonly #text: string;
  #paramsLeft: number;

  constructor(text: string, maxParams: number) {
    this.#text = text;
    this.#paramsLeft = maxParams;
  }

  message(): SyslogMessage {
    const match = PRIORITY.exec(this.#text);
    const priority = Number(match?.[1]);
    if (match === null || priority > 191) throw new Problem("expected a priority of <0> to <191>");
    this.at = match[0].length;
    const [facility, severity] = [priority >> 3, priority & 7];
    return VERSION.test(this.#text.slice(this.at, this.at + 4))
      ? this.#modern(facility, severity)
      : this.#older(facility, severity);
  }

  /** RFC 5424 §6. */
  #modern(facility: number, severity: number): SyslogMessage {
    const version = this.#field("version", 3);
    if (version !== "1") throw new Problem(`version ${version} is unknown`);
    const stamp = this.#field("timestamp", 32);
    const time = stamp === undefined ? undefined : parseFullTime(stamp);
    if (stamp !== undefined && time === undefined) throw new Problem(`"${stamp}" is no timestamp`);
    const hostname = this.#field("host name", 255);
    const appName = this.#field("app name", 48);
    const procId = this.#field("process id", 128);
    const msgId = this.#field("message id", 32);
    const structuredData = this.#structuredData();
    let text = "";
    if (this.at < this.#text.length) {
      if (this.#text[this.at] !== " ") throw new Problem("expected a blank after the structured data");
      const from = this.#text[this.at + 1] === BOM ? this.at + 2 : this.at + 1;
      text = this.#text.slice(from);
    }
    return { format: "rfc5424", facility, severity, time, hostname, appName, procId, msgId, structuredData, text };
  }

  /** Up to the next blank, which it passes; undefined for `-`. */
  #field(name: string, maxLength: number): string | undefined {
    const end = this.#text.indexOf(" ", this.at);
    if (end < 0) throw new Problem(`expected a blank after the ${name}`);
    const value = this.#text.slice(this.at, end);
    if (value.length > maxLength) throw new Problem(`the ${name} has more than ${maxLength} characters`);
    if (!PRINTABLE.test(value)) throw new Problem(`the ${name} is not of printable ASCII characters`);
    this.at = end + 1;
    return value === "-" ? undefined : value;
  }

  #structuredData(): readonly SyslogElement[] {
    if (this.#text[this.at] === "-") {
      this.at += 1;
      return NONE;
    }
    const elements: SyslogElement[] = [];
    const ids = new Set<string>();
    do {
      const element = this.#element();
      if (ids.has(element.id)) throw new Problem(`the structured data has "${element.id}" twice`);
      ids.add(element.id);
      elements.push(element);
    } while (this.#text[this.at] === "[");
    return elements;
  }

  #element(): SyslogElement {
    if (this.#text[this.at] !== "[") throw new Problem('expected "-" or "[" where the structured data begins');
    this.at += 1;
    const id = this.#name("]");
    const params: SyslogParam[] = [];
    while (this.#text[this.at] === " ") {
      this.at += 1;
      // An element without values costs its sender three bytes: it counts as well.
      this.#count();
      const name = this.#name("=");
      if (this.#text.slice(this.at, this.at + 2) !== '="') throw new Problem(`expected =" after "${name}"`);
      this.at += 2;
      params.push({ name, value: this.#value() });
    }
    if (this.#text[this.at] !== "]") throw new Problem('expected a blank or "]" in the structured data');
    this.at += 1;
    this.#count();
    return { id, params };
  }

  #count(): void {
    this.#paramsLeft -= 1;
    if (this.#paramsLeft < 0) throw new Problem("the structured data has too many values");
  }

  #name(end: "]" | "="): string {
    NAME.lastIndex = this.at;
    const name = NAME.exec(this.#text)?.[0];
    if (name === undefined) throw new Problem(`expected a name of 1 to 32 characters before "${end}"`);
    this.at += name.length;
    return name;
  }

  /** Up to the next quote, which it passes. `\` has a meaning before `"`, `\` and `]` only: RFC 5424 §6.3.3. */
  #value(): string {
    VALUE.lastIndex = this.at;
    const raw = VALUE.exec(this.#text)?.[0] ?? "";
    this.at += raw.length;
    if (this.#text[this.at] !== '"') throw new Problem('expected the end of a value, in which "]" stands as "\\]"');
    this.at += 1;
    return raw.includes("\\") ? raw.replace(ESCAPE, "$1") : raw;
  }

  /** RFC 3164 §4 and §5.4, and what its senders make of them: no year, ISO times, no host name, no time at all. */
  #older(facility: number, severity: number): SyslogMessage {
    const time = this.#olderTime();
    const hostname = time === undefined ? undefined : this.#olderHost();
    TAG.lastIndex = this.at;
    const tag = TAG.exec(this.#text);
    if (tag !== null) this.at += tag[0].length;
    const text = this.#text.slice(this.at);
    const appName = tag?.[1];
    const procId = tag?.[2];
    const structuredData = NONE;
    const msgId = undefined;
    return { format: "rfc3164", facility, severity, time, hostname, appName, procId, msgId, structuredData, text };
  }

  #olderTime(): SyslogTime | undefined {
    const local = parseLocalTime(this.#text.slice(this.at, this.at + 15));
    const end = local === undefined ? this.#text.indexOf(" ", this.at) : this.at + 15;
    const time = local ?? parseFullTime(this.#text.slice(this.at, Math.max(this.at, Math.min(end, this.at + 33))));
    if (time === undefined || this.#text[end] !== " ") return undefined;
    this.at = end + 1;
    return time;
  }

  /** On one's own machine no host is named: then the word after the time is the tag. */
  #olderHost(): string | undefined {
    HOST.lastIndex = this.at;
    const host = HOST.exec(this.#text)?.[1];
    if (host !== undefined) this.at += host.length + 1;
    return host;
  }
}

/** What is wrong, until the place is known. Not an Error: no stack is wanted of what peers do. */
class Problem {
  readonly message: string;

  constructor(message: string) {
    this.message = message;
  }
}

const PRIORITY = /^<(0|[1-9]\d{0,2})>/;
const VERSION = /^[1-9]\d{0,2} /;
const PRINTABLE = /^[!-~]+$/;
/** Printable ASCII but for `=`, `]` and `"`. */
const NAME = /[!#-<>-\\^-~]{1,32}(?=[=\] ])/y;
const VALUE = /(?:[^"\\\]]|\\[^"\\\]]|\\["\\\]])*/y;
const ESCAPE = /\\(["\\\]])/g;
/** No word that ends as a tag does; IPv6 addresses may end with "::". */
const HOST = /(?![^ ]*(?:\[[^\] ]*\]:?|(?<!:):) )([!-~]{1,255}) /y;
/** The colon may be missing behind a process id. */
const TAG = /([!-9;-Z\\^-~]{1,48})(?:\[([!-\\^-~]{1,128})\]:?|:) ?/y;
const BOM = "\ufeff";
const NONE: readonly SyslogElement[] = [];
const MAX_MESSAGE_BYTES = 8_192;
const MAX_PARAMS = 256;
/** Enough to see what the peer speaks. */
const SHOWN_BYTES = 64;
