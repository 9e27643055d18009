import { reactorConformance, transportConformance } from "ropewalk/testing";
import { SimWorld } from "./sim-world.ts";

reactorConformance("simulation", () => new SimWorld({ kind: "tcp" }));
transportConformance("simulated TCP in one host", () => new SimWorld({ kind: "tcp" }));
transportConformance("simulated TCP between hosts", () => new SimWorld({ kind: "hosts" }));
transportConformance(
  "simulated TCP on a bad line",
  () => new SimWorld({ kind: "hosts", link: { latencyMs: 1, jitterMs: 2 }, dataLoss: 0.02 }),
);
transportConformance("simulated UNIX", () => new SimWorld({ kind: "unix" }));
