/** Four hundred connections in one thread: all wait until the last one has come. */
import { connect, gatherResults, listen, Protocol, react } from "ropewalk";

const CROWD = 400;

class Door extends Protocol {
  static readonly waiting: Door[] = [];
  override connectionMade(): void {
    Door.waiting.push(this);
    if (Door.waiting.length < CROWD) return;
    console.log(`${CROWD} are at the door`);
    for (const door of Door.waiting) door.transport.loseConnection();
  }
}

await react(async (reactor) => {
  await listen(reactor, "unix:crowd.sock", () => new Door());
  const visits = Array.from({ length: CROWD }, async () => {
    const { transport } = await connect(reactor, "unix:crowd.sock", () => new Protocol());
    return transport.whenClosed();
  });
  const reasons = await gatherResults(visits);
  const done = reasons.filter(({ name }) => name === "ConnectionDone");
  console.log(`${done.length} have been let in`);
});
