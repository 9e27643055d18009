/** Services: what a program is made of, started and stopped in order, and run by `twistd`. */
export { ClientService, type ClientServiceOptions, type WhenConnectedOptions } from "../endpoints/client-service.ts";
export type { AnswerCount, DurationCounts, RequestTally } from "../protocols/web/server/request-tally.ts";
export { LogFile, type LogFileOptions } from "../reactor/log-file.ts";
export { PidFile, PidFileError } from "../reactor/pid-file.ts";
export { nodeVitals, type Vitals, type VitalsReading } from "../reactor/vitals.ts";
export { Application, type ApplicationOptions } from "./application.ts";
export { ServiceStartError, ServiceStateError, ServiceStopError, type StopFailure } from "./errors.ts";
export { type CheckHealthOptions, checkHealth, type HealthReport } from "./health.ts";
export { CONNECTION_ORDERS, type ConnectionOrder } from "./inspect/connections.ts";
export type {
  ConnectionFacts,
  Counts,
  ErrorFacts,
  ErrorsFacts,
  FactsPage,
  LogEntry,
  LogFacts,
  OriginFacts,
  OtherFacts,
  PortFacts,
  ProgramFacts,
  Sample,
  ServiceFacts,
  Snapshot,
  TimerFacts,
} from "./inspect/facts.ts";
export { type InspectOptions, inspect, type PageQuery } from "./inspect/inspect.ts";
export { type LiveView, type LiveViewOptions, openLiveView } from "./inspect/live-view.ts";
export type { LogTail, LogTailOptions } from "./inspect/log-tail.ts";
export type { Samples, Tallies } from "./inspect/samples.ts";
export { Watch, type WatchOptions } from "./inspect/watch.ts";
export { MonitoredProcess, type MonitorOptions, type ProcessDescription } from "./monitored-process.ts";
export { MultiService, type MultiServiceOptions } from "./multi-service.ts";
export {
  type Option,
  type OptionKind,
  type OptionKinds,
  type OptionSettings,
  type OptionValue,
  option,
} from "./option.ts";
export {
  definePlugin,
  type Operands,
  type OptionTable,
  type OptionValues,
  type Plugin,
  type PluginDefinition,
} from "./plugin.ts";
export { ProcessMonitor } from "./process-monitor.ts";
export { reloadTree } from "./reload.ts";
export {
  type ChildStatus,
  type Health,
  Service,
  type ServiceLike,
  type ServiceParent,
  type ServiceState,
} from "./service.ts";
export { runService, startTree } from "./start-tree.ts";
export { type StreamServerOptions, StreamServerService } from "./stream-server-service.ts";
export { TimerService } from "./timer-service.ts";
