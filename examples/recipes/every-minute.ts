/** Does something every so often, never twice at once: `node every-minute.ts 60000`. */
import { deferLater, Logger, LoopingCall, type Reactor, run } from "ropewalk";

const log = new Logger("every-minute");
const [everyMs = "60000"] = process.argv.slice(2);

async function tidy(reactor: Reactor): Promise<void> {
  console.log("tidying up");
  await deferLater(reactor, 100); // stands for the work
  console.log("tidy");
}

await run((reactor) => {
  let running: Promise<void> | undefined;
  const loop = new LoopingCall(reactor, () => {
    running = tidy(reactor).catch((error: Error) => log.failure("Cannot tidy up: trying again next time", error));
    return running; // the next one waits for it
  });
  loop.start(Number(everyMs));
  reactor.addTrigger("before", "shutdown", () => {
    loop.stop();
    return running;
  });
});
