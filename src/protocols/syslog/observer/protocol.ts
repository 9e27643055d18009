/** What an event of the log becomes as a message. */
import { describeError } from "../../../core/log/error.ts";
import type { LogEvent } from "../../../core/log/event.ts";
import { escapeControls, formatEvent } from "../../../core/log/format.ts";
import type { LogLevel } from "../../../core/log/levels.ts";
import { readPart, showValue } from "../../../core/log/value.ts";
import { TEXT } from "../../../wire/text.ts";
import { encodeSyslogMessage } from "../encode.ts";
import type { SyslogElement, SyslogMessage, SyslogParam } from "../events.ts";

/** Who speaks, and how much of it fits. */
export interface EventEncoding {
  readonly facility: number;
  readonly hostname: string | undefined;
  readonly appName: string;
  readonly procId: string;
  readonly sdId: string;
  readonly maxMessageBytes: number;
}

/**
 * The message of one event, in RFC 5424: its namespace as the message id, its fields as structured data, `sequence` as
 * RFC 5424 §7.3.1 has it. Never throws and never longer than `maxMessageBytes`: what does not fit is cut, the fields first.
 */
export function encodeEvent(event: LogEvent, sequence: number, encoding: EventEncoding): Uint8Array {
  const { maxMessageBytes, sdId, ...who } = encoding;
  const text = escapeControls(formatEvent(event));
  const named = [{ name: "namespace", value: shortened(escapeControls(event.namespace)) }];
  // Its namespace is the message id as well, though perhaps not all of it.
  const message = (params: readonly SyslogParam[], said: string): Uint8Array =>
    encodeSyslogMessage({
      ...who,
      severity: SEVERITIES[event.level],
      time:
        event.timeMs > 0 && event.timeMs < YEAR_10000_MS
          ? { kind: "full", timeMs: event.timeMs, offsetMinutes: 0 }
          : undefined,
      msgId: syslogName(event.namespace, 32),
      structuredData: elementsOf(sequence, sdId, params),
      text: said,
    } satisfies Partial<SyslogMessage> & { text: string });
  const whole = message([...named, ...paramsOf(event)], text);
  if (whole.length <= maxMessageBytes) return whole;
  const bare = message([], text);
  if (bare.length <= maxMessageBytes) return bare;
  const kept = TEXT.utf8Length(text) - (bare.length - maxMessageBytes) - TEXT.utf8Length(ELLIPSIS) - BOM_BYTES;
  return message([], `${startWithin(text, kept)}${ELLIPSIS}`);
}

/** What is left of a text where only printable ASCII is allowed. */
export function syslogName(text: string, maxLength: number): string | undefined {
  const name = text.replace(/[^!-~]/gu, "?").slice(0, maxLength);
  return name === "" || name === "-" ? undefined : name;
}

function elementsOf(sequence: number, sdId: string, params: readonly SyslogParam[]): SyslogElement[] {
  return [
    { id: "meta", params: [{ name: "sequenceId", value: String(sequence) }] },
    { id: sdId, params },
  ];
}

function paramsOf(event: LogEvent): SyslogParam[] {
  const params: SyslogParam[] = [];
  for (const name of Object.keys(event)) {
    if (OWN.has(name)) continue;
    if (params.length === MAX_FIELDS) break;
    const value = readPart(event, name);
    const shown = name === "error" ? describeError(value).join("\n") : showValue(value);
    params.push({ name: sdName(name), value: shortened(escapeControls(shown)) });
  }
  return params;
}

function sdName(name: string): string {
  return name.replace(/[^!#-<>-\\^-~]/gu, "_").slice(0, 32) || "_";
}

function shortened(text: string): string {
  return text.length > MAX_VALUE_LENGTH ? `${startWithin(text, MAX_VALUE_LENGTH)}${ELLIPSIS}` : text;
}

/** The longest start of at most so many bytes in UTF-8, with no half character at its end. */
function startWithin(text: string, maxBytes: number): string {
  const bytes = TEXT.encodeUtf8(text);
  let end = Math.max(0, Math.min(bytes.length, maxBytes));
  while (end > 0 && end < bytes.length && ((bytes[end] as number) & 0xc0) === 0x80) end -= 1;
  return TEXT.decodeUtf8(bytes, 0, end);
}

const SEVERITIES: Readonly<Record<LogLevel, number>> = { debug: 7, info: 6, warn: 4, error: 3, critical: 2 };
const OWN = new Set(["level", "namespace", "timeMs", "format"]);
const YEAR_10000_MS = 253_402_300_800_000;
const MAX_FIELDS = 32;
/** A stack's first frames; the text itself may be longer. */
const MAX_VALUE_LENGTH = 1_024;
const ELLIPSIS = "…";
/** The ellipsis makes a text of ASCII one that needs a byte order mark. */
const BOM_BYTES = 3;
