/** Asks several, takes the first answer: `node first-answer.ts tcp:127.0.0.1:8000 tcp:127.0.0.1:8001`. */
import { connect, coroutine, Deferred, type Reactor, race, react } from "ropewalk";
import { LineProtocol } from "ropewalk/line";

class Asker extends LineProtocol {
  readonly answer: Deferred<string> = new Deferred();

  override connectionMade(): void {
    this.sendLine("hello");
  }
  override lineReceived(line: string): void {
    if (!this.answer.called) this.answer.callback(line);
  }
  override connectionLost(reason: Error): void {
    if (!this.answer.called) this.answer.errback(reason);
  }
}

/** Cancelled, it leaves no connection behind: neither one that is there, nor one that is being made. */
function ask(reactor: Reactor, endpoint: string): Deferred<string> {
  return coroutine(function* () {
    const asker = yield* connect(reactor, endpoint, () => new Asker());
    try {
      return yield* asker.answer;
    } finally {
      asker.transport.loseConnection();
    }
  });
}

await react(async (reactor) => {
  const mirrors = process.argv.slice(2);
  if (mirrors.length === 0) throw new Error("Give one endpoint, or several");
  const asking = race(mirrors.map((mirror) => ask(reactor, mirror)));
  const [index, answer] = await asking.addTimeout(5_000, reactor);
  console.log(`${mirrors[index]} says ${answer}`);
});
