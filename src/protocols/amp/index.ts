// biome-ignore-all assist/source/organizeImports: in the order in which a reader needs them

// Declaring commands.
export {
  type AnyCommand,
  type ArgumentsOf,
  Command,
  type CommandKind,
  type CommandOptions,
  command,
  type DeclaredError,
  type ErrorTable,
  oneWayCommand,
  type ResponseOf,
  switchCommand,
} from "./command.ts";
export {
  AmpList,
  BigInteger,
  BooleanArgument as Boolean,
  DateTime,
  Decimal,
  Float,
  Integer,
  ListOf,
  optional,
  Path,
  StringArgument as String,
  Unicode,
} from "./arguments.ts";
export { type DateTimeValue, dateTimeFromMs, dateTimeToMs } from "./date-time.ts";
export type { ArgumentType, Fields, NoFields, OptionalArgument, ValuesOf } from "./fields.ts";

// Calling and answering.
export type { AmpLimits, SomeAmpLimits } from "./limits.ts";
export { type AmpOptions, AmpProtocol, type CallValues } from "./protocol.ts";
export { type Answer, type Responder, type ResponderEntry, Responders } from "./server.ts";
export { type AmpProblem, LocalAmpError, RemoteAmpError, RemoteCallError, UnhandledCommandError } from "./errors.ts";

// The bytes alone.
export { BoxDecoder, type BoxLimits, encodeBox } from "./codec.ts";
export type { Box } from "./events.ts";
