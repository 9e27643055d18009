/** An option that may be left out may be undefined too, for programs with `exactOptionalPropertyTypes`. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type {
  ConnectTcpOptions,
  ConnectUnixOptions,
  ListenTcpOptions,
  ListenUdpOptions,
  ListenUnixOptions,
  NodeReactorOptions,
  Protocol,
  RunOptions,
  SpawnOptions,
  TlsClientOptions,
  TlsServerOptions,
  WorkerOptions,
  WriteFileOptions,
} from "ropewalk";
import type { AmpOptions, CommandOptions, NoFields, SomeAmpLimits } from "ropewalk/amp";
import type {
  LoginThrottleOptions,
  OneTimeTokensOptions,
  PasswordHasherOptions,
  RememberedOptions,
} from "ropewalk/cred";
import type { BackoffOptions, ClientServiceOptions, ConnectOptions } from "ropewalk/endpoints";
import type { ConnectionLimits, IdleTimeoutOptions, ThrottleOptions, TrafficLogOptions } from "ropewalk/policies";
import {
  type ClockOptions,
  type FeedOptions,
  type MemoryReactorOptions,
  MemoryTransport,
  type MemoryTransportOptions,
  type PairOptions,
} from "ropewalk/testing";
import type {
  ClientLoginOptions,
  CookieOptions,
  DigestOptions,
  MemorySessionStoreOptions,
  RequireLoginOptions,
  SessionsOptions,
} from "ropewalk/web";

/** The options that may be left out, but not be undefined. */
type Strict<T> = {
  [K in keyof T]-?: Record<never, never> extends Pick<T, K> ? (undefined extends Required<T>[K] ? never : K) : never;
}[keyof T];

/** Compiles if all its types are `never`. */
function none<_Strict extends never>(): void {}

test("no option insists on being left out rather than undefined", () => {
  none<Strict<ConnectTcpOptions> | Strict<ConnectUnixOptions> | Strict<ConnectOptions>>();
  none<Strict<ListenTcpOptions> | Strict<ListenUdpOptions> | Strict<ListenUnixOptions>>();
  none<Strict<TlsClientOptions> | Strict<TlsServerOptions>>();
  none<Strict<SpawnOptions> | Strict<WorkerOptions> | Strict<WriteFileOptions>>();
  none<Strict<NodeReactorOptions> | Strict<RunOptions>>();
  none<Strict<BackoffOptions> | Strict<ClientServiceOptions<Protocol>>>();
  none<Strict<ConnectionLimits> | Strict<IdleTimeoutOptions> | Strict<ThrottleOptions> | Strict<TrafficLogOptions>>();
  none<Strict<AmpOptions> | Strict<SomeAmpLimits> | Strict<CommandOptions<NoFields, NoFields>>>();
  none<Strict<ClockOptions> | Strict<FeedOptions<object>> | Strict<MemoryReactorOptions> | Strict<PairOptions>>();
  none<
    | Strict<LoginThrottleOptions>
    | Strict<OneTimeTokensOptions>
    | Strict<PasswordHasherOptions>
    | Strict<RememberedOptions>
  >();
  none<Strict<MemoryTransportOptions>>();
  none<Strict<ClientLoginOptions> | Strict<DigestOptions> | Strict<RequireLoginOptions>>();
  none<Strict<CookieOptions> | Strict<MemorySessionStoreOptions> | Strict<SessionsOptions>>();
  // @ts-expect-error it is how this test would fail
  none<Strict<{ readonly strict?: number }>>();
  const { peer, local } = new MemoryTransport({ peer: undefined, local: undefined });
  assert.deepEqual([peer.kind, local.kind], ["tcp", "tcp"]);
});
