/** Asks one question, prints the answer: `node line-client.ts tcp:localhost:8000 hello`. */
import { connect, Deferred, react } from "ropewalk";
import { LineProtocol } from "ropewalk/line";

/** Each answer belongs to the oldest question that has none. */
class Asker extends LineProtocol {
  readonly #waiting: Deferred<string>[] = [];

  ask(question: string): Deferred<string> {
    const answer = new Deferred<string>();
    this.#waiting.push(answer);
    this.sendLine(question);
    return answer;
  }

  override lineReceived(line: string): void {
    this.#waiting.shift()?.callback(line);
  }

  override connectionLost(reason: Error): void {
    for (const answer of this.#waiting.splice(0)) answer.errback(reason);
  }
}

const [endpoint = "tcp:localhost:8000", question = "hello"] = process.argv.slice(2);

await react(async (reactor, signal) => {
  const asker = await connect(reactor, endpoint, () => new Asker(), { signal });
  console.log(await asker.ask(question).addTimeout(5_000, reactor).abortable(signal));
  asker.transport.loseConnection();
});
