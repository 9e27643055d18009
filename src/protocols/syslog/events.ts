/** One message. What a format cannot say, or the sender did not, is undefined or empty. */
export interface SyslogMessage {
  /** `"rfc5424"` has versions, structured data and full times; `"rfc3164"` is BSD's older form. */
  readonly format: SyslogFormat;
  /** 0 to 23; `syslogFacilities` has their names. */
  readonly facility: number;
  /** 0 (emergency) to 7 (debug); `syslogSeverities` has their names. */
  readonly severity: number;
  readonly time: SyslogTime | undefined;
  /** At most 255 printable ASCII characters. */
  readonly hostname: string | undefined;
  /** Which program; in RFC 3164 the tag. At most 48 printable ASCII characters. */
  readonly appName: string | undefined;
  /** Usually its process number. At most 128 printable ASCII characters. */
  readonly procId: string | undefined;
  /** Which type of message; RFC 5424 only. At most 32 printable ASCII characters. */
  readonly msgId: string | undefined;
  /** RFC 5424 only; each id at most once. */
  readonly structuredData: readonly SyslogElement[];
  /** What it says. Bytes that are no UTF-8 came out as U+FFFD. It may hold control characters. */
  readonly text: string;
}

/** Both forms are received wherever a message is. */
export type SyslogFormat = "rfc5424" | "rfc3164";

/** Named values: `[exampleSDID@32473 iut="3" eventSource="Application"]`. */
export interface SyslogElement {
  /** A registered name, or `name@number` with one's private enterprise number (RFC 5424 §6.3.2). */
  readonly id: string;
  /** A name may come more than once. */
  readonly params: readonly SyslogParam[];
}

/** One value of structured data. */
export interface SyslogParam {
  readonly name: string;
  readonly value: string;
}

/** When it happened: a full time, or what RFC 3164 has of one. `syslogTimeMs` makes milliseconds of either. */
export type SyslogTime = SyslogFullTime | SyslogLocalTime;

/** A moment, to the microsecond, and the offset of the sender's clock from UTC. */
export interface SyslogFullTime {
  readonly kind: "full";
  /** Since 1970; microseconds are its fraction. */
  readonly timeMs: number;
  /** Minutes east of UTC; -1 439 to 1 439. */
  readonly offsetMinutes: number;
}

/** The reading of a wall clock, without year or zone. */
export interface SyslogLocalTime {
  readonly kind: "local";
  /** 1 to 12. */
  readonly month: number;
  /** 1 to 31. */
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
}

/** The names of the facilities, in the order of their numbers: `syslogFacilities.indexOf("daemon")` is 3. */
export const syslogFacilities: readonly string[] = [
  "kern",
  "user",
  "mail",
  "daemon",
  "auth",
  "syslog",
  "lpr",
  "news",
  "uucp",
  "cron",
  "authpriv",
  "ftp",
  "ntp",
  "audit",
  "alert",
  "clock",
  "local0",
  "local1",
  "local2",
  "local3",
  "local4",
  "local5",
  "local6",
  "local7",
];

/** The names of the severities, in the order of their numbers, worst first: `syslogSeverities[4]` is `"warning"`. */
export const syslogSeverities: readonly string[] = [
  "emerg",
  "alert",
  "crit",
  "err",
  "warning",
  "notice",
  "info",
  "debug",
];
