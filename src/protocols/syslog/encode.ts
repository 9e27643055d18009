import { TEXT } from "../../wire/text.ts";
import { LocalSyslogError } from "./errors.ts";
import type { SyslogElement, SyslogFormat, SyslogMessage } from "./events.ts";
import { formatFullTime, formatLocalTime } from "./time-codec.ts";

/** What a sender has to say; the rest is `"rfc5424"`, facility 1 (user), severity 6 (info), and not said. */
export type SyslogMessageInit = Partial<SyslogMessage> & { readonly text: string };

/**
 * The bytes of a message, without any framing. A text beyond ASCII gets a byte order mark in RFC 5424 (§6.4). Control
 * characters in the text are sent as they are: `escapeControls` of `ropewalk/log` makes them harmless.
 *
 * @throws LocalSyslogError for what the format cannot say: characters or lengths of its fields, numbers out of range,
 * structured data in RFC 3164.
 * @example
 * ```ts
 * import { encodeSyslogMessage } from "ropewalk/syslog";
 *
 * const bytes = encodeSyslogMessage({ appName: "su", severity: 2, text: "'su root' failed" });
 * console.log(new TextDecoder().decode(bytes)); // <10>1 - - su - - - 'su root' failed
 * ```
 */
export function encodeSyslogMessage(message: SyslogMessageInit): Uint8Array {
  return TEXT.encodeUtf8(message.format === "rfc3164" ? older(message) : modern(message));
}

function modern(message: SyslogMessageInit): string {
  const { time, text } = message;
  const fields = [
    time === undefined ? "-" : formatFullTime(time),
    field("hostname", message.hostname, 255),
    field("appName", message.appName, 48),
    field("procId", message.procId, 128),
    field("msgId", message.msgId, 32),
    encodeStructuredData(message.structuredData ?? []),
  ];
  const head = `${priority(message)}1 ${fields.join(" ")}`;
  if (text === "") return head;
  return `${head} ${NOT_ASCII.test(text) ? "\ufeff" : ""}${text}`;
}

function older(message: SyslogMessageInit): string {
  const { time, hostname, appName, procId, msgId, structuredData = [], text } = message;
  if (msgId !== undefined || structuredData.length > 0) throw cannotSay("msgId and structuredData", "rfc3164");
  if (time === undefined && hostname !== undefined) throw cannotSay("hostname without a time", "rfc3164");
  if (appName === undefined && procId !== undefined) throw cannotSay("procId without appName", "rfc3164");
  for (const name of [appName, procId]) {
    if (name !== undefined && /[[\]:]/.test(name)) throw cannotSay(`${JSON.stringify(name)} as a tag`, "rfc3164");
  }
  if (hostname !== undefined && /[[\]]|(?<!:):$/.test(hostname)) throw cannotSay("this hostname", "rfc3164");
  const stamp = time === undefined ? "" : `${formatLocalTime(time)} `;
  const host = hostname === undefined ? "" : `${field("hostname", hostname, 255)} `;
  const pid = procId === undefined ? "" : `[${field("procId", procId, 128)}]`;
  const tag = appName === undefined ? "" : `${field("appName", appName, 48)}${pid}: `;
  return `${priority(message)}${stamp}${host}${tag}${text}`;
}

/** `-`, or the elements with their values escaped. @throws LocalSyslogError */
function encodeStructuredData(elements: readonly SyslogElement[]): string {
  if (elements.length === 0) return "-";
  if (new Set(elements.map(({ id }) => id)).size < elements.length) {
    throw new LocalSyslogError("the structured data has one id twice");
  }
  return elements
    .map(({ id, params }) => {
      const values = params.map(({ name, value }) => ` ${sdName(name)}="${value.replace(/["\\\]]/g, "\\$&")}"`);
      return `[${sdName(id)}${values.join("")}]`;
    })
    .join("");
}

function priority({ facility = USER, severity = INFO }: SyslogMessageInit): string {
  if (!(Number.isInteger(facility) && facility >= 0 && facility <= 23)) {
    throw new LocalSyslogError(`facility must be 0 to 23, was ${facility}`);
  }
  if (!(Number.isInteger(severity) && severity >= 0 && severity <= 7)) {
    throw new LocalSyslogError(`severity must be 0 to 7, was ${severity}`);
  }
  return `<${facility * 8 + severity}>`;
}

function field(name: string, value: string | undefined, maxLength: number): string {
  if (value === undefined) return "-";
  if (/^[!-~]+$/.test(value) && value.length <= maxLength && value !== "-") return value;
  const wanted = `1 to ${maxLength} printable ASCII characters, and not "-"`;
  throw new LocalSyslogError(`${name} must be ${wanted}, was ${JSON.stringify(value.slice(0, SHOWN_LENGTH))}`);
}

function sdName(name: string): string {
  if (/^[!#-<>-\\^-~]{1,32}$/.test(name)) return name;
  const wanted = "1 to 32 printable ASCII characters without =, ] and quotes";
  throw new LocalSyslogError(`a name in structured data must be ${wanted}, was ${JSON.stringify(name)}`);
}

function cannotSay(what: string, format: SyslogFormat): LocalSyslogError {
  return new LocalSyslogError(`${format} has no place for ${what}`);
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: ASCII is what is asked for
const NOT_ASCII = /[^\x00-\x7f]/;
const USER = 1;
const INFO = 6;
const SHOWN_LENGTH = 60;
