/** Every promise of a transport holds through each policy, at both ends, and through all of them at once. */

import type { Deferred } from "../core/deferred/deferred.ts";
import type { Factory, Protocol, ProtocolFactory } from "../core/protocol.ts";
import type { Port, StreamOptions } from "../core/reactor.ts";
import type { Clock } from "../core/time/clock.ts";
import { transportConformance } from "../testing/index.ts";
import { MemoryWorld } from "../testing/memory-world.ts";
import { idleTimeout, limitConnections, ProtocolWrapper, throttle, trafficLog, wrapFactory } from "./index.ts";

type Policy = <P extends Protocol>(
  factory: ProtocolFactory<P>,
  clock: Clock,
  options: StreamOptions,
) => Factory<ProtocolWrapper<P>>;

const plain: Policy = (factory) => wrapFactory(factory, (inner) => new ProtocolWrapper(inner));
const idle: Policy = (factory, clock) => idleTimeout(factory, { clock, idleTimeoutMs: 1e7 });
const limited: Policy = (factory) => limitConnections(factory, { total: 1_000, perPeer: 1_000 });
const logged: Policy = (factory) => trafficLog(factory, { to: () => {} });
const unthrottled: Policy = (factory, clock, options) => throttle(factory, { clock, ...options });
const throttled: Policy = (factory, clock, options) => {
  const rates = { readBytesPerSecond: 1e9, writeBytesPerSecond: 1e9 };
  return throttle(factory, { clock, total: rates, perConnection: rates, ...options });
};

for (const [name, policies] of Object.entries({
  "a plain wrapper": [plain],
  idleTimeout: [idle],
  limitConnections: [limited],
  trafficLog: [logged],
  "throttle without rates": [unthrottled],
  throttle: [throttled],
  "all policies": [idle, throttled, logged, limited],
  "all policies, the other way round": [limited, logged, throttled, idle],
})) {
  transportConformance(`through ${name}`, () => new PolicyWorld(policies));
}

class PolicyWorld extends MemoryWorld {
  readonly #policies: readonly Policy[];

  constructor(policies: readonly Policy[]) {
    super("tcp");
    this.#policies = policies;
  }

  override listen(factory: ProtocolFactory, options: StreamOptions = {}, again?: Port): Deferred<Port> {
    return super.listen(this.#wrap(factory, options), options, again);
  }

  override connect<P extends Protocol>(
    port: Port,
    factory: ProtocolFactory<P>,
    options: StreamOptions = {},
  ): Deferred<P> {
    return super.connect(port, this.#wrap(factory, options), options).addCallback((wrapper) => innermost(wrapper) as P);
  }

  #wrap(factory: ProtocolFactory, options: StreamOptions): ProtocolFactory {
    return this.#policies.reduce((inner: ProtocolFactory, policy) => policy(inner, this.reactor, options), factory);
  }
}

function innermost(protocol: Protocol): Protocol {
  return protocol instanceof ProtocolWrapper ? innermost(protocol.inner) : protocol;
}
