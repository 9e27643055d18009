/** Three tasks that wait, then three that compute: in which order things happen. */
import { deferLater, gatherResults, react } from "ropewalk";

await react(async (reactor) => {
  const events: string[] = [];

  async function wait(name: string, ms: number): Promise<void> {
    events.push(`${name} starts`);
    await deferLater(reactor, ms);
    events.push(`${name} ends`);
  }
  function compute(name: string): void {
    events.push(`${name} starts`);
    for (let n = 0; n < 5_000_000; n += 1) Math.sqrt(n);
    events.push(`${name} ends`);
  }

  reactor.callLater(1, () => events.push("timer"));
  await gatherResults([wait("a", 30), wait("b", 20), wait("c", 10)]);
  console.log(`waiting:   ${events.splice(0).join(", ")}`);

  reactor.callLater(1, () => events.push("timer"));
  for (const name of ["a", "b", "c"]) compute(name);
  await deferLater(reactor, 2);
  console.log(`computing: ${events.join(", ")}`);
});
