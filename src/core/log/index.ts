export { installWallClock } from "./clock.ts";
export type { LogEvent, LogFields, LogObserver } from "./event.ts";
export { escapeControls, formatEvent } from "./format.ts";
export { jsonObserver } from "./json.ts";
export { type LogLevel, LogLevels, type LogThreshold } from "./levels.ts";
export { Logger, logNamespaces } from "./logger.ts";
export { addObserver, type CapturedLogs, captureLogs } from "./observers.ts";
export { LogPublisher, logPublisher } from "./publisher.ts";
export { textObserver } from "./text.ts";
