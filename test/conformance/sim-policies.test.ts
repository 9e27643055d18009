/** Every promise of a transport holds through each policy on simulated connections too, whose reads are cut at random. */
import type { Deferred, Port, Protocol, ProtocolFactory, Reactor, StreamOptions } from "ropewalk";
import { idleTimeout, limitConnections, ProtocolWrapper, throttle, trafficLog } from "ropewalk/policies";
import { transportConformance } from "ropewalk/testing";
import { SimWorld } from "./sim-world.ts";

type Policy = (factory: ProtocolFactory, reactor: Reactor, options: StreamOptions) => ProtocolFactory;

const idle: Policy = (factory, clock) => idleTimeout(factory, { clock, idleTimeoutMs: 1e7 });
const limited: Policy = (factory) => limitConnections(factory, { total: 1_000, perPeer: 1_000 });
const logged: Policy = (factory) => trafficLog(factory, { to: () => {} });
const throttled: Policy = (factory, clock, options) => {
  const rates = { readBytesPerSecond: 1e9, writeBytesPerSecond: 1e9 };
  return throttle(factory, { clock, total: rates, perConnection: rates, ...options });
};

for (const [name, policies] of Object.entries({
  idleTimeout: [idle],
  limitConnections: [limited],
  trafficLog: [logged],
  throttle: [throttled],
  "all policies": [idle, throttled, logged, limited],
})) {
  transportConformance(`simulated TCP through ${name}`, () => new PolicyWorld(policies));
}

class PolicyWorld extends SimWorld {
  readonly #policies: readonly Policy[];

  constructor(policies: readonly Policy[]) {
    super({ kind: "tcp" });
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
    const connecting = super.connect(port, this.#wrap(factory, options), options);
    return connecting.addCallback((outermost) => innermost(outermost) as P);
  }

  #wrap(factory: ProtocolFactory, options: StreamOptions): ProtocolFactory {
    return this.#policies.reduce((inner, policy) => policy(inner, this.reactor, options), factory);
  }
}

function innermost(protocol: Protocol): Protocol {
  return protocol instanceof ProtocolWrapper ? innermost(protocol.inner) : protocol;
}
