/** What the event loop does first. */
import { deferLater, react } from "ropewalk";

await react(async (reactor) => {
  const later = deferLater(reactor, 20, () => console.log("4. a timer, when it is due"));

  reactor.callLater(0, () => console.log("3. the next turn of the loop"));

  void Promise.resolve().then(() => console.log("2. whoever awaited a Promise"));

  console.log("1. this function, to its end");
  await later;
});
