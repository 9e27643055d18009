export { Logger } from "./log.ts";
export { installWallClock } from "./log-clock.ts";
export type { LogEvent, LogFields, LogObserver } from "./log-event.ts";
export { escapeControls, formatEvent } from "./log-format.ts";
export { jsonObserver } from "./log-json.ts";
export { type LogLevel, LogLevels, type LogThreshold } from "./log-levels.ts";
export { addObserver, type CapturedLogs, captureLogs } from "./log-observers.ts";
export { LogPublisher, logPublisher } from "./log-publisher.ts";
export { textObserver } from "./log-text.ts";
