/** What a look into a running program shows, as plain JSON: the wire between a process and whoever looks at it. */
import type { LogLevel, LogThreshold } from "../../core/log/levels.ts";
import type { VitalsReading } from "../../reactor/vitals.ts";
import type { ServiceState } from "../service.ts";

/** A program at one instant. Lists are pages: each says how many there are in all. */
export interface Snapshot {
  readonly program: ProgramFacts;
  readonly counts: Counts;
  /** Undefined where nobody measures. */
  readonly vitals: VitalsReading | undefined;
  /** The root of the service tree; undefined if there is none. */
  readonly services: ServiceFacts | undefined;
  readonly ports: FactsPage<PortFacts>;
  readonly connections: FactsPage<ConnectionFacts>;
  readonly timers: FactsPage<TimerFacts>;
  /** Datagram ports, connections that are being made, processes, and work in workers. */
  readonly others: FactsPage<OtherFacts>;
  readonly errors: ErrorsFacts;
  readonly log: LogFacts;
}

/** Which program it is. */
export interface ProgramFacts {
  readonly name: string;
  readonly pid: number;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
  /** How long it has been looked at, on the reactor's clock. */
  readonly watchedMs: number;
}

/** How many of each there are. */
export interface Counts {
  readonly ports: number;
  readonly connections: number;
  /** Connections to the view itself, which are listed and counted nowhere else. */
  readonly viewers: number;
  readonly timers: number;
  readonly others: number;
}

/** A part of a list. */
export interface FactsPage<T> {
  /** In the whole list. */
  readonly total: number;
  /** How many of them come before this part. */
  readonly offset: number;
  readonly items: readonly T[];
}

/** A service and those below it. */
export interface ServiceFacts {
  readonly name: string;
  /** Its class. */
  readonly type: string;
  readonly state: ServiceState;
  /** What its last start or stop failed with. */
  readonly error: string | undefined;
  readonly children: readonly ServiceFacts[];
  /** Children that are not shown, because there are too many. */
  readonly hidden: number;
}

/** Where a thing was made. */
export interface OriginFacts {
  /** `file:line` of the program's own code; paths are relative to where the process was started. */
  readonly place: string;
  /** The frames above it, innermost first. */
  readonly stack: readonly string[];
}

/** A port that listens. */
export interface PortFacts {
  readonly address: string;
  readonly origin: OriginFacts | undefined;
}

/** An open connection. */
export interface ConnectionFacts {
  readonly peer: string;
  readonly local: string;
  /** Names of classes, from what the transport calls to what does the work: policies first, the protocol last. */
  readonly stack: readonly string[];
  /** What carries it: `tcp`, `unix`, `TLSv1.3 on tcp`. */
  readonly carrier: string;
  /** To the second; undefined if it was there before anybody looked. */
  readonly ageMs: number | undefined;
  /** What the socket has carried, TLS included; undefined where the engine does not count. */
  readonly bytesIn: number | undefined;
  readonly bytesOut: number | undefined;
  /** Written, and not yet taken by the system. */
  readonly bufferedBytes: number;
}

/** A delayed call that is pending. */
export interface TimerFacts {
  /** From now; negative if it is late. Undefined if it is never due. */
  readonly dueInMs: number | undefined;
  readonly origin: OriginFacts | undefined;
}

/** Something else that the reactor holds. */
export interface OtherFacts {
  readonly kind: string;
  readonly summary: string;
  readonly origin: OriginFacts | undefined;
}

/** What went wrong: events of the log at levels error and critical, those that say the same counted together. */
export interface ErrorsFacts {
  /** Since the program is looked at. */
  readonly total: number;
  /** The newest first. */
  readonly recent: readonly ErrorFacts[];
}

/** An error, or several that say the same. */
export interface ErrorFacts {
  readonly level: LogLevel;
  readonly namespace: string;
  readonly message: string;
  /** What was thrown, with its stack and causes. */
  readonly lines: readonly string[];
  readonly times: number;
  readonly firstMs: number;
  readonly lastMs: number;
}

/** What the log lets pass, and what passed. */
export interface LogFacts {
  /** By namespace; `""` is for all that nothing else decides. */
  readonly levels: Readonly<Record<string, LogThreshold>>;
  /** Of all loggers that were made. */
  readonly namespaces: readonly string[];
  readonly counts: Readonly<Record<LogLevel, number>>;
}

/** One event of the log, in words. */
export interface LogEntry {
  /** Grows by one with each event that passed. */
  readonly id: number;
  readonly timeMs: number;
  readonly level: LogLevel;
  readonly namespace: string;
  readonly message: string;
  /** What was thrown, if the event says so. */
  readonly lines: readonly string[];
}

/** One second of a program. */
export interface Sample {
  /** Milliseconds since 1970. */
  readonly atMs: number;
  /** Processor time in this second, of all threads: 1 is one processor. */
  readonly cpu: number;
  readonly utilisation: number;
  readonly lagMeanMs: number;
  readonly lagMaxMs: number;
  readonly rssBytes: number;
  readonly heapUsedBytes: number;
  readonly connections: number;
  /** Events that passed the log. */
  readonly logged: number;
}
