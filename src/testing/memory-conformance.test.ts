import { reactorConformance } from "./conformance/reactor.ts";
import { startTlsConformance, transportConformance } from "./conformance/transport.ts";
import { MemoryWorld } from "./memory-world.ts";

reactorConformance("memory", () => new MemoryWorld());
transportConformance("memory TCP", () => new MemoryWorld("tcp"));
transportConformance(
  "memory TCP in random cuts",
  () => new MemoryWorld("tcp", { splits: { seed: 3, maxBytes: 40_000 } }),
);
startTlsConformance("memory", () => new MemoryWorld());
transportConformance("memory UNIX", () => new MemoryWorld("unix"));
