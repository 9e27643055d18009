export type { Capture, CaptureOptions } from "./capture/capture.ts";
export type { ByteSink } from "./capture/pcapng-writer.ts";
export { type DiagramOptions, sequenceDiagram } from "./diagram/sequence-diagram.ts";
export { sequenceSvg } from "./diagram/sequence-svg.ts";
export type { DiskOptions } from "./disk/disk.ts";
export { SimDisk } from "./disk/sim-disk.ts";
export {
  checkDeterminism,
  type Determinism,
  type DeterminismOptions,
  type RunDifference,
} from "./explore/determinism.ts";
export {
  type Exploration,
  type ExploreOptions,
  type ExploreProgress,
  explore,
  type FoundFailure,
} from "./explore/explore.ts";
export { describeFailure, type ReplayCommand } from "./explore/report.ts";
export { type RunResult, type RunScenarioOptions, runScenario } from "./explore/run-scenario.ts";
export { type Scenario, ScenarioError, type SetupOptions, scenario } from "./explore/scenario.ts";
export { type ShrinkOptions, type Shrunk, shrink } from "./explore/shrink.ts";
export type { RunFailure } from "./explore/watch.ts";
export { describeFault } from "./faults/describe-fault.ts";
export { type DrawOptions, drawFaults } from "./faults/draw-faults.ts";
export type * from "./faults/fault.ts";
export type { FaultMenu, FaultMenuItem, FaultTemplate } from "./faults/menu.ts";
export type { NetworkInterface } from "./network/interface.ts";
export type { Distribution, LinkOptions, Selector } from "./network/link-options.ts";
export { exponential, longTail, normal, uniform } from "./network/link-options.ts";
export type { Packet } from "./network/packet.ts";
export type { Rule, Verdict } from "./network/rules.ts";
export { type ChildProgram, SimChild } from "./process/child.ts";
export { SimTerminal } from "./process/terminal.ts";
export { type HostOptions, type Program, SimHost } from "./sim-host.ts";
export { SimReactor } from "./sim-reactor.ts";
export { Simulation, type SimulationOptions, SimulationStuck, type UntilOptions } from "./simulation.ts";
export type { FaultChange, Note, Observer } from "./trace/observer.ts";
export {
  Trace,
  type TracedEnd,
  type TracedFault,
  type TracedNote,
  type TracedPacket,
  type TraceEvent,
  type TraceOptions,
  type TraceView,
} from "./trace/trace.ts";
export type { Zone } from "./zone.ts";
