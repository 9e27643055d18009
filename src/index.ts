export type {
  Address,
  DescriptorAddress,
  ProcessAddress,
  StdioAddress,
  TcpAddress,
  UdpAddress,
  UnixAddress,
} from "./core/address.ts";
export { formatAddress } from "./core/address.ts";
export { DatagramProtocol, type DatagramTransport } from "./core/datagram.ts";
export { type CoroutineBody, coroutine } from "./core/deferred/coroutine.ts";
export { Deferred, type DeferredState } from "./core/deferred/deferred.ts";
export {
  AlreadyCalledError,
  AlreadyCancelledError,
  CancelledError,
  FirstError,
  QueueOverflowError,
  QueueUnderflowError,
  TimeoutError,
} from "./core/deferred/errors.ts";
export { fromAsync } from "./core/deferred/from-async.ts";
export { deferredList, gatherResults, race } from "./core/deferred/gather.ts";
export { DeferredLock, DeferredSemaphore } from "./core/deferred/lock.ts";
export { DeferredQueue } from "./core/deferred/queue.ts";
export { fail, maybeDeferred, succeed } from "./core/deferred/succeed.ts";
export {
  type ConnectAttempt,
  ConnectError,
  ConnectionAborted,
  ConnectionDone,
  ConnectionLost,
  ListenError,
  LookupError,
  ProcessDone,
  ProcessTerminated,
  ReactorStateError,
  TlsError,
  UnsupportedError,
} from "./core/errors.ts";
export type {
  CreateFileOptions,
  FileStatus,
  Files,
  FileWriter,
  LinkOptions,
  OpenFile,
  WriteFileOptions,
} from "./core/files.ts";
export type { Holding, HoldingKind } from "./core/holdings.ts";
export { Logger } from "./core/log/logger.ts";
export { type Origin, type Origins, traceOrigins } from "./core/origins.ts";
export { ProcessProtocol, type ProcessTransport, type SpawnOptions } from "./core/process.ts";
export { type Factory, Protocol, type ProtocolFactory } from "./core/protocol.ts";
export type {
  ConnectTcpOptions,
  ConnectUnixOptions,
  DialOptions,
  HostAddress,
  Lifecycle,
  ListenTcpOptions,
  ListenUdpOptions,
  ListenUnixOptions,
  Port,
  ProcessEnvironment,
  Reactor,
  Resolver,
  StreamOptions,
  StreamServerOptions,
  WorkerOptions,
} from "./core/reactor.ts";
export type { Clock, DelayedCall } from "./core/time/clock.ts";
export type { CooperativeTask, Work } from "./core/time/cooperative-task.ts";
export { Cooperator } from "./core/time/cooperator.ts";
export {
  CooperatorStoppedError,
  TaskDoneError,
  TaskFailedError,
  TaskFinishedError,
  TaskNotPausedError,
  TaskStoppedError,
} from "./core/time/cooperator-errors.ts";
export { Deadline } from "./core/time/deadline.ts";
export { deferLater } from "./core/time/defer-later.ts";
export { LoopingCall, LoopingCallStateError } from "./core/time/looping-call.ts";
export type {
  PeerCertificate,
  TlsClientOptions,
  TlsCommonOptions,
  TlsFacts,
  TlsIdentity,
  TlsServerOptions,
} from "./core/tls.ts";
export type { Farewell, PullProducer, PushProducer, StartTlsOptions, Transport } from "./core/transport.ts";
export { connect, listen } from "./endpoints/connect.ts";
export { NodeReactor, type NodeReactorOptions } from "./reactor/node-reactor.ts";
export type { RetireOptions } from "./reactor/retire.ts";
export { react, run } from "./reactor/run.ts";
export type { MainResult, RunOptions } from "./reactor/run-main.ts";
